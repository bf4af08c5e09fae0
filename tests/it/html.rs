//! The page where the capture attacks it.

use std::io::Cursor;
use std::path::Path;

use ehlotrace::report::{Format, ReportOptions, Show, reporter};
use ehlotrace::scan::CaptureSource;
use ehlotrace::scan::{ScanOptions, scan};

use crate::support::CaptureBuilder;

/// What would run, end a block or leave an attribute if it came through as it is.
const HOSTILE: &[&str] = &[
    "<script>document.title='owned'</script>",
    "</script><script>document.title='owned'</script>",
    "<!--<script>",
    "-->]]></style></title></noscript><img src=x onerror=document.title='owned'>",
    "\" onmouseover=\"document.title='owned'\" x=\"",
    "' autofocus onfocus='document.title=`owned`",
    "&lt;script&gt; &#60;script&#62;",
    "\u{2028}\u{2029}\\u003cscript>",
];

/// The page on a session for each of these, in greeting, hello, refusal and an unknown command, the path too.
pub(crate) fn hostile_page() -> String {
    let mut capture = CaptureBuilder::new();
    for (at, text) in HOSTILE.iter().enumerate() {
        let mut session = capture.session(&format!("192.0.2.{}:1145", at + 1), "192.0.2.25:25");
        session
            .handshake()
            .server(format!("220-{text}\r\n220 {text} ESMTP Exim 4.96 {text}\r\n").as_bytes())
            .client(format!("EHLO {text}\r\n").as_bytes())
            .server(format!("501 {text}\r\n").as_bytes())
            .client(format!("{text}\r\n").as_bytes())
            .server(format!("500 {text}\r\n").as_bytes())
            .client(b"QUIT\r\n")
            .client_fin()
            .server_fin();
    }
    page_on(capture.finish_pcap(), HOSTILE[1])
}

/// The page on one capture.
fn page_on(capture: Vec<u8>, path: &str) -> String {
    let mut out = Vec::new();
    let options = ReportOptions::new(Show::All);
    let mut reporter = reporter(Format::Html, &options, Box::new(&mut out));
    let source = CaptureSource::new(path, Some(path.to_owned()));
    reporter.capture_begin(0, &source).unwrap();
    let report = scan(Box::new(Cursor::new(capture)), &ScanOptions::new(), &mut |session, diagnosis| {
        reporter.session(0, &session, &diagnosis).unwrap();
    })
    .unwrap();
    reporter.capture_end(0, &report).unwrap();
    reporter.end().unwrap();
    drop(reporter);
    String::from_utf8(out).unwrap()
}

/// The markup of the page without the program's own script and style.
fn without_own_blocks(page: &str) -> String {
    let mut rest = page.to_owned();
    for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let from = rest.find(start).unwrap() + start.len();
        let to = from + rest[from..].find(end).unwrap();
        rest.replace_range(from..to, "");
    }
    rest
}

#[test]
fn text_of_the_capture_makes_no_markup() {
    let page = without_own_blocks(&hostile_page());
    let benign = without_own_blocks(&page_on(std::fs::read(Path::new("samples/week.pcap")).unwrap(), "a.pcap"));
    let tags = |page: &str| -> std::collections::BTreeSet<String> {
        let starts = page.match_indices('<');
        starts.map(|(at, _)| page[at..].split(['>', ' ', '\n']).next().unwrap().to_owned()).collect()
    };
    let known = tags(&benign);
    let added: Vec<String> = tags(&page).difference(&known).cloned().collect();
    assert_eq!(added, Vec::<String>::new());
    for block in ["<script", "</script", "<style", "<noscript", "</noscript", "<head><title"] {
        assert_eq!(page.matches(block).count(), benign.matches(block).count(), "{block}");
    }
    assert!(!page.contains("<img") && !page.contains("<!--") && !page.contains("=\"document.title"), "{page}");
    // It is there all the same.
    assert!(page.contains("&lt;script&gt;document.title='owned'&lt;/script&gt;"), "{page}");
    assert!(page.contains("\\u003cscript\\u003edocument.title='owned'\\u003c/script\\u003e"), "{page}");
}

#[test]
fn the_command_writes_the_page_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let output = assert_cmd::Command::cargo_bin("ehlotrace")
        .unwrap()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["scan", "--format", "html", "-o", path.to_str().unwrap(), "samples/kb240832-lost.pcap"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty());
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>\n") && page.ends_with("</html>\n"));
}
