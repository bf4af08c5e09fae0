//! The page in a real browser, where one is installed.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::html::hostile_page;

/// A page in a folder of its own.
struct Page {
    folder: TempDir,
}

/// What the browser made of it.
struct Shown {
    dom: String,
    messages: String,
}

impl Page {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("report.html"), text).unwrap();
        Self { folder }
    }

    fn of_samples(samples: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = assert_cmd::Command::cargo_bin("ehlotrace").unwrap();
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"));
        command.args(["scan", "--format", "html", "-o"]).arg(folder.path().join("report.html")).args(samples);
        let code = command.output().unwrap().status.code();
        assert!(matches!(code, Some(0 | 1)), "{code:?}");
        Self { folder }
    }

    /// Runs the browser on the page; none where there is no browser.
    fn run(&self, fragment: &str, arguments: &[&str]) -> Option<Output> {
        self.run_on(&format!("report.html#{fragment}"), arguments)
    }

    /// Runs the browser on a file in the page's folder.
    fn run_on(&self, file: &str, arguments: &[&str]) -> Option<Output> {
        let browser = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()));
        let Some(browser) = browser else {
            println!("skipped: no chromium installed");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let output = Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--enable-logging=stderr", "--v=0"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(arguments)
            .arg(format!("file://{}/{file}", self.folder.path().display()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(output)
    }

    fn show(&self, fragment: &str) -> Option<Shown> {
        let output = self.run(fragment, &["--dump-dom"])?;
        let messages = String::from_utf8_lossy(&output.stderr);
        let messages = messages.lines().filter(|line| line.contains("CONSOLE")).collect::<Vec<_>>().join("\n");
        Some(Shown { dom: String::from_utf8(output.stdout).unwrap(), messages })
    }
}

impl Shown {
    /// The sessions listed, in order.
    fn listed(&self) -> Vec<&str> {
        let rows = self.dom.split("id=\"session-").skip(1);
        // The element with the data has such an id, too.
        rows.map(|row| row.split('"').next().unwrap()).filter(|id| *id != "data").collect()
    }

    /// The columns it is sorted by.
    fn sorted_by(&self) -> Vec<&str> {
        let headers = self.dom.split("role=\"columnheader\" data-key=\"").skip(1);
        let sorted = headers.filter(|header| !header.split('>').next().unwrap().contains("aria-sort=\"none\""));
        sorted.map(|header| header.split('"').next().unwrap()).collect()
    }
}

/// The sessions that JSON Lines lists for the samples.
fn sessions_of_samples() -> usize {
    let mut command = assert_cmd::Command::cargo_bin("ehlotrace").unwrap();
    command.args(["scan", "--format", "jsonl", concat!(env!("CARGO_MANIFEST_DIR"), "/samples")]);
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let records = output.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    records.filter(|record| record["type"] == "session").count()
}

#[test]
fn the_list_is_shown_filtered_sorted_and_opened() {
    let page = Page::of_samples(&["relay-stopped.pcapng"]);
    let Some(plain) = page.show("") else { return };
    assert_eq!(plain.messages, "");
    assert_eq!(plain.listed(), ["1", "3", "4", "5", "7", "8", "2", "6"]);
    assert_eq!(plain.sorted_by(), ["outcome"]);
    assert!(!plain.dom.contains("class=\"ladder\""), "ladders are built when they are asked for");

    let delivered = page.show("outcome=delivered&sort=-session").unwrap();
    assert_eq!((delivered.listed(), delivered.messages.as_str()), (vec!["6", "2"], ""));
    assert!(delivered.dom.contains("aria-sort=\"descending\""));
    assert_eq!(delivered.sorted_by(), ["session"]);

    let by_cause = page.show("cause=ehlo-argument&sort=-opened").unwrap();
    assert_eq!(by_cause.listed(), ["8", "7", "5", "4", "3", "1"]);

    let found = page.show("q=SUB2.+invalid+06:15").unwrap();
    assert_eq!(found.listed(), ["3"]);
    assert!(found.dom.contains("1 of 8 sessions"), "{}", found.dom);

    let opened = page.show("open=3,nonsense,2").unwrap();
    assert_eq!(opened.messages, "");
    assert_eq!(opened.dom.matches("aria-label=\"Ladder diagram").count(), 2);
    assert!(opened.dom.contains("aria-label=\"Ladder diagram of session 3, client left, server right. client: SYN; "));
    assert_eq!(opened.dom.matches("aria-expanded=\"true\"").count(), 2);
}

#[test]
fn tickets_causes_and_relays_lead_to_their_sessions_and_names_of_captures_are_found() {
    let page = Page::of_samples(&["relay-stopped.pcapng", "kb240832-lost.pcap", "unanswered.pcap"]);
    let Some(ticket) = page.show("ticket=2") else { return };
    assert_eq!((ticket.listed(), ticket.messages.as_str()), (vec!["2.1"], ""));
    assert!(ticket.dom.contains("1 of 10 sessions of ticket 2"), "{}", ticket.dom);
    assert!(ticket.dom.contains("<a href=\"#relay=2:192.0.2.10-192.0.2.25\">"), "{}", ticket.dom);
    let relay = page.show("relay=1:192.0.2.10-192.0.2.25&sort=session").unwrap();
    assert_eq!(relay.listed(), ["1.1", "1.3", "1.4", "1.5", "1.7", "1.8"]);
    assert!(relay.dom.contains("6 of 10 sessions from 192.0.2.10 to 192.0.2.25"), "{}", relay.dom);
    let cause = page.show("cause=ehlo-argument&ticket=2").unwrap();
    assert_eq!(cause.listed(), ["2.1"]);
    let named = page.show("q=UNANSWERED").unwrap();
    assert_eq!(named.listed(), ["3.1"]);
    assert_eq!(page.show("ticket=9&relay=nonsense").unwrap().listed().len(), 10, "what is not there filters nothing");
}

#[test]
fn every_session_of_every_sample_opens_without_an_error() {
    let page = Page::of_samples(&["."]);
    let captures = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/samples")).unwrap().count();
    let ids: Vec<String> =
        (1..=captures).flat_map(|capture| (1..=30).map(move |session| format!("{capture}.{session}"))).collect();
    let Some(shown) = page.show(&format!("open={}", ids.join(","))) else { return };
    assert_eq!(shown.messages, "");
    let sessions = sessions_of_samples();
    assert!(sessions > captures - 2, "{sessions} sessions in {captures} files");
    assert_eq!(shown.listed().len(), sessions);
    assert_eq!(shown.dom.matches("class=\"ladder\"").count(), sessions);
}

#[test]
fn text_of_a_capture_runs_nothing() {
    let page = Page::new(&hostile_page());
    let Some(shown) = page.show("open=1,2,3,4,5,6,7,8&q=%3Cscript%3E") else { return };
    assert_eq!(shown.messages, "", "no error, no breach of the policy");
    assert!(shown.dom.contains("<title>8 of 8 SMTP sessions lost - ehlotrace</title>"), "{}", shown.dom);
    assert!(!shown.dom.contains("<img") && shown.dom.matches("<script").count() == 3, "{}", shown.dom);
}

#[test]
fn it_prints_with_the_sessions_opened() {
    let page = Page::of_samples(&["relay-stopped.pcapng"]);
    let pdf = page.folder.path().join("report.pdf");
    let Some(_) = page.run("", &["--no-pdf-header-footer", &format!("--print-to-pdf={}", pdf.display())]) else {
        return;
    };
    assert!(std::fs::read(&pdf).unwrap().starts_with(b"%PDF-"));
    let Some(text) = text_of(&pdf) else { return };
    assert!(text.contains("Relays that lost sessions") && text.contains("Seconds"), "{text}");
    assert!(!text.contains("Show all"), "controls are not printed");
    // A page ends in a form feed; what is in front of the list has pages of its own.
    let pages: Vec<&str> = text.trim_end_matches('\x0c').split('\x0c').collect();
    let first = pages.iter().position(|page| page.contains("Opened (UTC)")).unwrap();
    assert!((3..12).contains(&pages.len()), "{} pages for 8 sessions", pages.len());
    // What comes behind the list may have a page of its own, without a client or server.
    for page in pages[first..].iter().filter(|page| page.contains("192.0.2.")) {
        assert!(page.contains("Opened (UTC)"), "the heading repeats on every page of the list: {page}");
    }
}

/// Shows the page in a frame as narrow as a small phone, and tells how wide it is and how many sessions are open.
const PHONE: &str = r#"<iframe src="report.html#show=all" style="width:360px;height:800px;border:0"></iframe><p id="found"></p>
<script>onload = () => {
  const page = document.querySelector("iframe").contentDocument;
  page.querySelectorAll(".opener").forEach((opener) => opener.click());
  const width = page.documentElement.scrollWidth, open = page.querySelectorAll(".detail").length;
  document.getElementById("found").textContent = `${width} wide, ${open} open`;
};</script>"#;

#[test]
fn nothing_is_wider_than_a_small_phone() {
    let page = Page::of_samples(&["."]);
    std::fs::write(page.folder.path().join("phone.html"), PHONE).unwrap();
    let Some(output) = page.run_on("phone.html", &["--allow-file-access-from-files", "--dump-dom"]) else { return };
    let dom = String::from_utf8(output.stdout).unwrap();
    let found = dom.split("<p id=\"found\">").nth(1).unwrap().split('<').next().unwrap();
    let (width, open) = found.split_once(" wide, ").unwrap_or_else(|| panic!("{found}"));
    assert!(width.parse::<u32>().unwrap() <= 360 && open != "0 open", "{found}");
}

/// Opens a session in a frame and presses its buttons: first where a script may copy, then where it may not.
const COPIER: &str = r#"<iframe src="report.html#open=1"></iframe><p id="found"></p>
<script>onload = async () => {
  const frame = document.querySelector("iframe").contentWindow;
  const place = frame.document;
  const say = (text) => { document.getElementById("found").textContent += text + "\n"; };
  const press = async (clipboard) => {
    Object.defineProperty(frame.navigator, "clipboard", { value: clipboard, configurable: true });
    for (const part of place.querySelectorAll(".copyable")) {
      const button = part.querySelector("button");
      button.focus();
      say(place.activeElement === button ? button.getAttribute("aria-label") : "no focus");
      button.click();
      await new Promise((done) => setTimeout(done, 0));
      say(part.querySelector("[aria-live=polite]").textContent + " " + place.getSelection());
    }
  };
  await press({ writeText: (text) => { say(text); return Promise.resolve(); } });
  await press(undefined);
  await press({ writeText: () => Promise.reject(new Error("not allowed")) });
};</script>"#;

#[test]
fn paragraph_and_commands_are_copied_or_else_selected() {
    let page = Page::of_samples(&["kb240832-lost.pcap"]);
    std::fs::write(page.folder.path().join("copier.html"), COPIER).unwrap();
    let arguments = ["--allow-file-access-from-files", "--virtual-time-budget=2000", "--dump-dom"];
    let Some(output) = page.run_on("copier.html", &arguments) else { return };
    let dom = String::from_utf8(output.stdout).unwrap();
    let found = dom.split("<p id=\"found\">").nth(1).unwrap().split("</p>").next().unwrap();
    let lines: Vec<&str> = found.lines().map(str::trim_end).collect();
    let labels = ["Copy: Paragraph", "Copy: Command with swaks", "Copy: Command without swaks"];
    let starts =
        ["On 1999-08-28 at 13:32:00 UTC, the client 192.0.2.10 ", "swaks --server 192.0.2.25 ", "(sleep 8; printf"];
    for at in 0..3 {
        let [label, copied, said] = lines[3 * at..][..3] else { panic!("{found}") };
        assert_eq!((label, said), (labels[at], "Copied."), "{found}");
        assert!(copied.starts_with(starts[at]), "{found}");
    }
    let rest = &lines[9..];
    assert_eq!(rest.len(), 12, "{found}");
    for (at, pair) in rest.chunks(2).enumerate() {
        let selected = format!("Selected. Copy it with your keyboard or menu. {}", starts[at % 3]);
        assert!(pair[0] == labels[at % 3] && pair[1].starts_with(&selected), "{found}");
    }
}

fn text_of(pdf: &Path) -> Option<String> {
    let output = Command::new("pdftotext").arg(pdf).arg("-").output().ok();
    if output.is_none() {
        println!("skipped: the text of the print, for pdftotext is not installed");
    }
    Some(String::from_utf8_lossy(&output?.stdout).into_owned())
}
