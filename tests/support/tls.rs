//! TLS records as they look from outside: enough of a handshake for a dissector, opaque octets for the rest.

const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;
const CHANGE_CIPHER_SPEC: u8 = 20;
const APPLICATION_DATA: u8 = 23;

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut octets = vec![kind, 3, 3];
    octets.extend((body.len() as u16).to_be_bytes());
    octets.extend(body);
    octets
}

/// Octets without structure, the same for the same seed.
pub(crate) fn opaque(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    })
    .take(len)
    .collect()
}

/// A handshake message in a record of its own.
fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut octets = vec![kind, 0];
    octets.extend((body.len() as u16).to_be_bytes());
    octets.extend(body);
    record(HANDSHAKE, &octets)
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes(), &(body.len() as u16).to_be_bytes(), body].concat()
}

/// A ClientHello that offers TLS 1.3 and 1.2 to `server_name`.
pub(crate) fn client_hello(server_name: impl AsRef<[u8]>) -> Vec<u8> {
    let server_name = server_name.as_ref();
    let name_len = server_name.len() as u16;
    // The length of the list, then one entry: kind 0 (a host name), length, name.
    let mut name = (name_len + 3).to_be_bytes().to_vec();
    name.push(0);
    name.extend(name_len.to_be_bytes());
    name.extend(server_name);
    let extensions = [
        extension(0, &name),
        extension(10, &[0, 2, 0, 0x1d]),
        extension(13, &[0, 4, 4, 3, 8, 4]),
        extension(43, &[4, 3, 4, 3, 3]),
        extension(51, &[&[0, 36, 0, 0x1d, 0, 32][..], &opaque(51, 32)].concat()),
    ]
    .concat();
    let mut body = vec![3, 3];
    body.extend(opaque(1, 32));
    body.extend([0, 0, 4, 0x13, 0x01, 0xc0, 0x2f, 1, 0]);
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    handshake(1, &body)
}

/// ServerHello of TLS 1.3, ChangeCipherSpec, and the encrypted rest of the server's flight.
pub(crate) fn server_flight() -> Vec<u8> {
    let extensions =
        [extension(43, &[3, 4]), extension(51, &[&[0, 0x1d, 0, 32][..], &opaque(52, 32)].concat())].concat();
    let mut body = vec![3, 3];
    body.extend(opaque(2, 32));
    body.extend([0, 0x13, 0x01, 0]);
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    [handshake(2, &body), change_cipher_spec(), application_data(3, 980)].concat()
}

/// A ServerHello of TLS 1.2.
pub(crate) fn server_hello_1_2() -> Vec<u8> {
    handshake(2, &[&[3, 3][..], &opaque(2, 32), &[0, 0xc0, 0x2f, 0]].concat())
}

/// A DER value.
fn der(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let length = match (contents.len() as u16).to_be_bytes() {
        [0, low @ ..0x80] => vec![low],
        [0, low] => vec![0x81, low],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], &length[..], &contents].concat()
}

/// A Certificate message with one certificate for `names`, valid between two times such as `240301000000Z`.
pub(crate) fn certificate(names: &[&str], not_before: &str, not_after: &str) -> Vec<u8> {
    let oid = |octets: &[u8]| der(6, &[octets]);
    let name =
        |text: &str| der(0x30, &[&der(0x31, &[&der(0x30, &[&oid(&[0x55, 4, 3]), &der(12, &[text.as_bytes()])])])]);
    let names: Vec<u8> = names.iter().flat_map(|name| der(0x82, &[name.as_bytes()])).collect();
    let extension = der(0x30, &[&oid(&[0x55, 0x1d, 0x11]), &der(4, &[&der(0x30, &[&names])])]);
    let signed = der(
        0x30,
        &[
            &der(0xa0, &[&der(2, &[&[2]])]),
            &der(2, &[&[7]]),
            &der(0x30, &[]),
            &name("Example CA"),
            &der(0x30, &[&der(23, &[not_before.as_bytes()]), &der(23, &[not_after.as_bytes()])]),
            &name("the subject"),
            &der(0x30, &[]),
            &der(0xa3, &[&der(0x30, &[&extension])]),
        ],
    );
    let certificate = der(0x30, &[&signed, &der(0x30, &[]), &der(3, &[&[0; 9]])]);
    let length = |octets: usize| (octets as u32).to_be_bytes()[1..].to_vec();
    handshake(11, &[&length(certificate.len() + 3)[..], &length(certificate.len()), &certificate].concat())
}

/// A handshake message under encryption.
pub(crate) fn handshake_record(seed: u32, len: usize) -> Vec<u8> {
    record(HANDSHAKE, &opaque(seed, len))
}

pub(crate) fn change_cipher_spec() -> Vec<u8> {
    record(CHANGE_CIPHER_SPEC, &[1])
}

/// An encrypted record with a body of `len` octets.
pub(crate) fn application_data(seed: u32, len: usize) -> Vec<u8> {
    record(APPLICATION_DATA, &opaque(seed, len))
}

/// A fatal alert (RFC 8446 6.2), 40 is `handshake_failure`.
pub(crate) fn fatal_alert(description: u8) -> Vec<u8> {
    record(ALERT, &[2, description])
}
