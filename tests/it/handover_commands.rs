//! The commands that say a hello once more, run as a user would: with programs in the place of swaks, nc and openssl that
//! record what they are given, and swaks itself against a server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::Value;

use crate::handover::{captures, made, sessions};
use crate::support::CaptureBuilder;

/// A folder with programs that write their name, arguments and standard input to files; nothing else is found.
struct Stubs {
    folder: tempfile::TempDir,
}

/// What a command line did.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    /// Each program with its arguments, `sleep` aside.
    programs: Vec<Vec<Vec<u8>>>,
    /// What the last program read.
    input: Vec<u8>,
}

impl Stubs {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["bin", "work"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        for name in ["swaks", "nc", "openssl", "sleep", "id", "touch"] {
            let reads = matches!(name, "nc" | "openssl");
            let read = if reads { format!("/bin/cat > {}", path("input").display()) } else { String::new() };
            let log = path("log");
            // One write each: programs of a pipe run at the same time.
            let stub = format!("#!/bin/sh\nprintf '%s\\0' {name} \"$@\" '' >> {}\n{read}\n", log.display());
            std::fs::write(path("bin").join(name), stub).unwrap();
            std::fs::set_permissions(path("bin").join(name), PermissionsExt::from_mode(0o755)).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a line in a shell and says what came of it. Nothing else may have happened.
    fn run(&self, (shell, program): &(&str, PathBuf), line: &str) -> Ran {
        for name in ["log", "input"] {
            std::fs::write(self.path(name), b"").unwrap();
        }
        let mut child = Command::new(program);
        // As one types it, where a shell calls old commands back.
        let arguments: &[&str] = match *shell {
            "bash" => &["--norc", "--noprofile", "-o", "history", "-o", "histexpand"],
            "zsh" => &["-f"],
            _ => &[],
        };
        let mut child = child
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .current_dir(self.path("work"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), said.as_str(), &output.stdout[..]),
            (Some(0), "", &b""[..]),
            "{shell}: {line}"
        );
        assert_eq!(std::fs::read_dir(self.path("work")).unwrap().count(), 0, "{shell} wrote a file: {line}");
        Ran { programs: self.programs(), input: std::fs::read(self.path("input")).unwrap() }
    }

    fn programs(&self) -> Vec<Vec<Vec<u8>>> {
        let log = std::fs::read(self.path("log")).unwrap();
        let mut programs = vec![Vec::new()];
        let words = log.split(|octet| *octet == 0);
        // An argument may be empty, but no command has one; so two zeros end a program.
        for word in words {
            if word.is_empty() {
                programs.push(Vec::new());
            } else {
                programs.last_mut().unwrap().push(word.to_vec());
            }
        }
        programs.retain(|program| !program.is_empty() && program[0] != b"sleep");
        programs
    }
}

/// The shells that are installed, each with its path: commands run where only the stubs are found.
fn shells() -> Vec<(&'static str, PathBuf)> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let find = |shell: &'static str| {
        let found = std::env::split_paths(&folders).map(|folder| folder.join(shell)).find(|path| path.is_file());
        if found.is_none() {
            println!("skipped: {shell} is not installed");
        }
        Some((shell, found?))
    };
    ["sh", "bash", "zsh"].into_iter().filter_map(find).collect()
}

fn sh() -> (&'static str, PathBuf) {
    shells().remove(0)
}

fn words(text: &[&str]) -> Vec<Vec<u8>> {
    text.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// What the client sent after the verb's blank, where `session` says hello once.
fn check(stubs: &Stubs, shell: &(&str, PathBuf), session: &Value, hello: &[u8]) {
    let handover = &session["handover"];
    let plain = handover["retry_command"].as_str().unwrap_or_else(|| panic!("{session:#}"));
    let ran = stubs.run(shell, plain);
    assert_eq!(ran.programs, [words(&["nc", "-v", "192.0.2.25", "25"])], "{plain}");
    let sent = [b"EHLO ", hello, b"\r\nQUIT\r\n"].concat();
    assert_eq!(ran.input, sent, "{}: {plain}: {}", shell.0, ran.input.escape_ascii());
    let Some(swaks) = handover["retry_swaks"].as_str() else {
        assert!(handover["retry_note"].is_string(), "{handover:#}");
        return;
    };
    let ran = stubs.run(shell, swaks);
    let [mut arguments]: [Vec<Vec<u8>>; 1] = ran.programs.try_into().unwrap();
    assert_eq!(arguments.remove(6), hello, "{}: {swaks}", shell.0);
    assert!(hello[0].is_ascii_alphanumeric() || b"[._".contains(&hello[0]), "{swaks}");
    let rest = ["swaks", "--server", "192.0.2.25", "--port", "25", "--ehlo", "--quit-after", "HELO"];
    assert_eq!(arguments, words(&rest), "{swaks}");
}

/// A capture with a refused session for each of these.
fn refused(hellos: &[Vec<u8>]) -> Vec<u8> {
    let mut capture = CaptureBuilder::new();
    for (at, hello) in hellos.iter().enumerate() {
        let mut session = capture.session(&format!("192.0.2.10:{}", 2000 + at), "192.0.2.25:25");
        session.wait_s(i64::try_from(at).unwrap()).handshake().server(b"220 x\r\n");
        session.client(&[b"EHLO ", &hello[..], b"\r\n"].concat()).server(b"501 no\r\n");
        session.client_fin().server_fin();
    }
    capture.finish_pcap()
}

/// What a name could try.
const HOSTILE: &[&[u8]] = &[
    b"sub2.",
    b"'; touch owned; '",
    b"'\\''; touch owned; '\\''",
    b"$(touch owned) `touch owned` ${IFS}",
    b"x\\",
    b"\\'; touch owned #",
    b"a!b !! !$ ^x^y",
    b"%s %n %d %% \\047 \\x27 \\n",
    b"--pipe=touch owned",
    b"+pipe=touch owned",
    b"-",
    b"a | touch owned > owned & touch owned && touch owned",
    b"*? [a-z] {a,b} ~ ~root =ls",
    b"\x1b[31m\x07\x00\x08\x7f\x1b]0;owned\x07",
    b"\"$(touch owned)\"",
    b"\xff\xfe\xc3(\xe2\x80 b\xc3\xbccher \xe2\x80\xae",
    b"a\x0bb\x0cc",
    b"\x03\x04\x1a\x1b[201~touch owned",
    b"# not a comment",
];

#[test]
fn a_hostile_name_runs_nothing_and_is_sent_as_it_was() {
    let stubs = Stubs::new();
    let hellos: Vec<Vec<u8>> = HOSTILE.iter().map(|hello| hello.to_vec()).collect();
    let sessions = sessions(refused(&hellos), "a.pcap");
    assert_eq!(sessions.len(), hellos.len());
    for shell in shells() {
        for (session, hello) in sessions.iter().zip(&hellos) {
            check(&stubs, &shell, session, hello);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any octets but the ends of lines.
    #[test]
    fn any_name_is_sent_as_it_was(
        hello in prop::collection::vec(any::<u8>().prop_filter("ends a line", |octet| !b"\r\n".contains(octet)), 1..60)
    ) {
        // What is nothing but blanks is no argument, and what begins with one is sent so, which `check` does not know.
        prop_assume!(!b" \t".contains(&hello[0]));
        let stubs = Stubs::new();
        let sessions = sessions(refused(std::slice::from_ref(&hello)), "a.pcap");
        for shell in shells() {
            check(&stubs, &shell, &sessions[0], &hello);
        }
    }

    /// Names of signs that mean something to a shell.
    #[test]
    fn any_printable_name_is_sent_as_it_was(hello in "[a-z.][ -~]{0,40}") {
        let stubs = Stubs::new();
        let sessions = sessions(refused(&[hello.clone().into_bytes()]), "a.pcap");
        for shell in shells() {
            check(&stubs, &shell, &sessions[0], hello.as_bytes());
        }
    }
}

#[test]
fn the_commands_of_all_samples_run_one_program_each() {
    let stubs = Stubs::new();
    for (path, capture) in captures() {
        for session in sessions(capture, &path) {
            let handover = &session["handover"];
            let server = &session["server"];
            let (ip, port) = (server["ip"].as_str().unwrap(), server["port"].to_string());
            for shell in shells() {
                if let Some(line) = handover["retry_swaks"].as_str() {
                    let ran = stubs.run(&shell, line);
                    let start = words(&["swaks", "--server", ip, "--port", &port]);
                    assert_eq!((ran.programs.len(), &ran.programs[0][..5]), (1, &start[..]), "{path}: {line}");
                }
                if let Some(line) = handover["retry_command"].as_str() {
                    let ran = stubs.run(&shell, line);
                    let end = if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") };
                    let tls = ["openssl", "s_client", "-quiet", "-connect", &end];
                    let expected = if line.contains("openssl") { words(&tls) } else { words(&["nc", "-v", ip, &port]) };
                    let mut program = ran.programs[0].clone();
                    if line.ends_with(" -starttls smtp") {
                        assert_eq!(program.split_off(5), words(&["-starttls", "smtp"]), "{line}");
                    }
                    assert_eq!((ran.programs.len(), program), (1, expected), "{path}: {line}");
                    assert!(ran.input.ends_with(b"QUIT\r\n"), "{path}: {line}");
                }
            }
        }
    }
}

#[test]
fn what_a_server_is_asked_follows_what_was_said() {
    let stubs = Stubs::new();
    let asked = |name: &str| {
        let (path, capture) = captures().into_iter().find(|(path, _)| path.ends_with(name)).unwrap();
        let sessions = sessions(capture, &path);
        let line = sessions[0]["handover"]["retry_command"].as_str().map(str::to_owned);
        line.map(|line| stubs.run(&sh(), &line).input.escape_ascii().to_string())
    };
    for (name, expected) in [
        ("kb240832-lost.pcap", "EHLO sub2.\\r\\nQUIT\\r\\n"),
        ("ehlo-policy.pcap", "HELO relay7\\r\\nQUIT\\r\\n"),
        ("made/line-feed", "EHLO sub2.\\nQUIT\\r\\n"),
        ("made/tab", "ehlo\\tsub2. \\r\\nQUIT\\r\\n"),
        ("made/empty", "EHLO\\r\\nQUIT\\r\\n"),
        ("made/lhlo", "LHLO sub2.\\r\\nQUIT\\r\\n"),
        ("ehlo-mangled-inside.pcap", "EHLO sub2.example.com\\r\\nQUIT\\r\\n"),
        ("made/mangled-mail", "QUIT\\r\\n"),
        ("connect-refused.pcap", "QUIT\\r\\n"),
        ("no-greeting.pcap", "QUIT\\r\\n"),
        ("greeting-refused.pcap", "QUIT\\r\\n"),
    ] {
        assert_eq!(asked(name).as_deref(), Some(expected), "{name}");
    }
    for name in ["proxied.pcap", "socks.pcap", "xclient.pcap", "proxy-mismatch.pcap", "made/long"] {
        assert_eq!(asked(name), None, "{name}");
    }
}

/// Refuses every hello on a free port of this machine; gives the lines of one session.
fn serve(listener: TcpListener) -> Vec<String> {
    let (mut stream, _) = listener.accept().unwrap();
    let mut lines = Vec::new();
    stream.write_all(b"220 mx.example.net ESMTP\r\n").unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 0 {
        lines.push(std::mem::take(&mut line));
        let is_quit = lines.last().unwrap().starts_with("QUIT");
        stream.write_all(if is_quit { b"221 bye\r\n" } else { b"501 no\r\n" }).unwrap();
        if is_quit {
            break;
        }
    }
    lines
}

#[test]
fn swaks_itself_says_the_hello_and_nothing_of_mail() {
    if Command::new("swaks").arg("--version").output().is_err() {
        println!("skipped: swaks is not installed");
        return;
    }
    for (hello, verbs) in [
        (&b"EHLO sub2.\r\n"[..], &["EHLO", "HELO"][..]),
        (b"EHLO it's a $(id) `id` %DATE% \\n=x  \r\n", &["EHLO", "HELO"]),
        (b"EHLO [192.0.2.7\r\n", &["EHLO", "HELO"]),
        (b"HELO _x@/etc/passwd\r\n", &["HELO"]),
        (b"LHLO 00\r\n", &["LHLO"]),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // The capture is of port 25; only the number is another in the command.
        let capture = made("127.0.0.1:25", |script| {
            script.handshake().server(b"220 x\r\n").client(hello).server(b"501 no\r\n").client_fin().server_fin();
        });
        let sessions = sessions(capture, "a.pcap");
        let line = sessions[0]["handover"]["retry_swaks"].as_str().unwrap();
        let line = line.replacen("--port 25 ", &format!("--port {port} "), 1);
        let server = std::thread::spawn(move || serve(listener));
        let output = Command::new("sh").args(["-c", &line]).stdin(Stdio::null()).output().unwrap();
        let lines = server.join().unwrap();
        let argument = std::str::from_utf8(&hello[5..]).unwrap();
        let mut expected: Vec<String> = verbs.iter().map(|verb| format!("{verb} {argument}")).collect();
        expected.push("QUIT\r\n".to_owned());
        assert_eq!(lines, expected, "{line}: {}", String::from_utf8_lossy(&output.stderr));
        assert_ne!(output.status.code(), Some(0), "swaks tells a refusal");
    }
}

#[test]
fn a_stub_would_tell_what_a_hole_in_the_quotes_runs() {
    let stubs = Stubs::new();
    let ran = stubs.run(&sh(), "swaks --ehlo ''; touch owned; ''\\\nid");
    assert_eq!(ran.programs.len(), 3, "{:?}", ran.programs);
    assert!(Path::new("/bin/cat").exists());
}
