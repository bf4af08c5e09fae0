use super::make;
#[test]
fn dump() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/work/archive/");
    std::fs::create_dir_all(dir).unwrap();
    let cap = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/connect-refused.pcap")).unwrap();
    let m: &[(&str, &[u8])] = &[("a.pcap", &cap), ("b/c.txt", b"hello"), ("d", b"")];
    let put = |name: &str, octets: &[u8]| std::fs::write(format!("{dir}{name}"), octets).unwrap();
    let z = make::zip(m);
    put("zip", &z);
    put("zips", &make::zip_streamed(m));
    put("tar", &make::tar(m));
    put("tgz", &make::gz(&make::tar(m)));
    put("7z", &make::sevenz(m, None, false));
    put("7zh", &make::sevenz(m, None, true));
    put("7zp", &make::sevenz(&m[..1], Some("infected"), false));
    put("7zs", &make::sevenz_solid(m, None));
    put("eml", &make::eml(&[("a.zip", &z), ("b.pcap", &cap)]));
    put("zipzip", &make::zip(&[("x.zip", &z), ("y.tar", &make::tar(m)), ("z.eml", &make::eml(m))]));
    let named = [("a.pcap", &cap[..]), ("b.zip", &z[..])];
    put("raw", &cap);
    put("msg", &make::msg(&named, Some(("inner", &named))));
    put("zipc", &make::zip_locked(m, make::Lock::ZipCrypto("infected"), ::zip::CompressionMethod::Deflated));
    put("zipa", &make::zip_locked(m, make::Lock::Aes("infected"), ::zip::CompressionMethod::Deflated));
    for (n, method) in [("zstd", ::zip::CompressionMethod::Zstd), ("bz", ::zip::CompressionMethod::Bzip2), ("st", ::zip::CompressionMethod::Stored)] {
        put(&format!("zip{n}"), &make::zip_locked(m, make::Lock::Open, method));
    }
}
