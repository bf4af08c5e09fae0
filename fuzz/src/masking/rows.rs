//! The dialogues, row by row. A form more is a row more, at the end of its rule: an octet of a committed input that is lower
//! than the number of rows then means what it meant.
//!
//! `{name}` is a planted text or a row of the rule of that name, `{=name}` what that rule last was, `{64 ...}` base64 of what
//! follows, `{hex ...}` and `{% ...}` likewise, `{=64}` what was
//! last put into base64 of the scene and `{=decoded}` what that says, controls as blanks. Each line of a scene begins with who sends it: `C` the client, `S` the server;
//! `B` is a chunk of BDAT, `L` the last one. Lines of one side that follow each other are one write, unless a line `-` parts
//! them. A line ends with CR LF; `¶` is that within a line, `⏎` LF alone.

/// The rules by name.
pub const RULES: &[(&str, &[&str])] = &[
    ("greeting", GREETINGS),
    ("scene", SCENES),
    ("end", ENDS),
    ("ehlo", &["EHLO", "HELO", "ehlo", "XXXX", "LHLO", "EHLO "]),
    ("argument", ARGUMENTS),
    ("helloed", HELLOED),
    ("plain", &["{64 \0{user}\0{pass}}", "{64 {user}\0{user}\0{pass}}", "{64 \0{user}\0{pass}}=", "{64 {pass}}"]),
    ("cram", &["{64 {user} b913a602c7eda7a495b4e6e7334d3890}"]),
    ("bearer", &["{64 user={user}\x01auth=Bearer {token}\x01\x01}", "{64 n,a={user},\x01auth=Bearer {token}\x01\x01}"]),
    ("scram", &["{64 n,,n={user},r={nonce}}"]),
    ("echo", ECHOES),
    ("no", &["535 5.7.8 no", "535 no", "454 4.7.0 later", "501 5.5.2 no", "421 4.4.2 too late", "500 what"]),
    ("domain", &["example.com", "sub.example.org", "[{v4}]", "ip-10-1-2-3.isp.example", "[IPv6:{v6}]"]),
    ("parameter", &["", " SIZE=1000", " AUTH={sender}@example.com", " ORCPT=rfc822;{rcpt}@example.com NOTIFY=NEVER"]),
    ("mailed", MAILED),
    ("rcpted", RCPTED),
    ("mail_text", MAIL_TEXT),
    ("queued", &["250 2.0.0 queued as 1A2B3C4D", "250 ok", "554 5.7.1 refused", "452 4.3.1 full", "421 4.4.2 bye"]),
    ("again", AGAIN),
    ("answered again", ANSWERED_AGAIN),
];

const GREETINGS: &[&str] = &[
    "S 220 mx.example.net ESMTP Postfix",
    "",
    "S 220 mail.example.com ESMTP Sendmail 8.17.1.9/8.17.1; Tue, 5 Mar 2024 09:00:00 GMT",
    "S 220 mail.example.com Microsoft ESMTP MAIL Service, Version: 5.0.2195.5329 ready",
    "S 220-mx.example.net ESMTP Exim 4.94.2\nS 220 hello {v4}",
    "S 220 ****************************0*2******0***********",
    "S 554 5.7.1 {v4} is listed",
    "S 421 4.3.2 too busy",
    "S 220 mail.example.com Microsoft ESMTP MAIL Service, Version: 10.0.14.3 ready",
    "S 220 mail.example.com ESMTP CommuniGate Pro 6.2.3.4",
    "S 220 mail.example.com ESMTP MailEnable Service, Version: 1.2.3.4-- ready",
    "S 220 mail.example.com Lotus SMTP MTA Service Ready",
    "S 220 [{v4}] Kerio Connect 9.2.7.1 ESMTP ready",
    "S 220 mx.example.net ESMTP",
];

const ARGUMENTS: &[&str] = &[
    "mail.example.com",
    "sub2.",
    "a_b",
    "[{v4}]",
    "[{v4}",
    "{v4}",
    "[192.0.2.300]",
    "[010.1.2.3]",
    "[IPv6:{v6}]",
    "[IPv6:{v6}::zz]",
    "{v6}",
    "ip-10-1-2-3.isp.example",
    "-mail.example.com",
    "mail..example.com",
    "two words",
    "",
    "münchen.example",
    " mail.example.com ",
    "mail.example.com⏎",
    "{v4}.",
    "[{v4}].",
    "x\u{8}\u{8}mail",
    "a23456789012345678901234567890123456789012345678901234567890123456.example",
    "mail.example.com:25",
    "[]",
    "a",
    "mail!example",
];

const HELLOED: &[&str] = &[
    "250-mx.example.net Hello {=argument}\nS 250-8BITMIME\nS 250-CHUNKING\nS 250 AUTH PLAIN LOGIN CRAM-MD5",
    "250 mx.example.net Hello [{v4}], pleased to meet you",
    "501 Invalid Address",
    "501 5.5.4 <{=argument}>: Helo command rejected: Invalid name",
    "550 5.7.1 {=argument} does not resolve to {v4}",
    "502 5.5.2 Error: command not recognized",
    "421 4.7.0 [{v6}] is blocked",
    "250-XXXXXXXA\nS 250 mx",
    "250-mx.example.net\nS 250-X-EXPS LOGIN\nS 250 X-LINK2STATE",
    "500 5.3.3 Unrecognized command '{=ehlo} {=argument}'",
];

/// What happens between the greeting and the end. Each begins and ends where the client may send a command.
const SCENES: &[&str] = &[
    "C {ehlo} {argument}\nS {helloed}",
    "C RSET\nS 250 ok",
    "C NOOP\nS 250 ok",
    // AUTH.
    "C AUTH PLAIN {plain}\nS 235 2.7.0 yes",
    "C AUTH PLAIN {plain}\nS {no}",
    "C AUTH PLAIN\nS 334 \nC {plain}\nS {no}",
    "C auth plain {plain}\nS {echo}",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {64 {user}}\nS 334 UGFzc3dvcmQ6\nC {64 {pass}}\nS 235 yes",
    "C AUTH LOGIN {64 {user}}\nS 334 UGFzc3dvcmQ6\nC {64 {pass}}\nS {no}",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {64 {user}}\nS {echo}\nC {64 {pass}}\nS {echo}",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {64 {user}}\nS 334 UGFzc3dvcmQ6\nC {64 {pass}}\nS {echo}\nC {64 {pass}}\nS {echo}",
    "C AUTH CRAM-MD5\nS 334 {64 {challenge}}\nC {cram}\nS {echo}",
    "C AUTH CRAM-MD5\nS 334-{64 {challenge}}\nS 334 {64 {challenge}}\nC {cram}\nS {no}",
    "C AUTH XOAUTH2 {bearer}\nS 334 eyJzdGF0dXMiOiI0MDAifQ==\nC \nS {no}",
    "C AUTH XOAUTH2 {bearer}\nS {echo}",
    "C AUTH OAUTHBEARER {bearer}\nS 334 eyJzdGF0dXMiOiJpbnZhbGlkIn0=\nC AQ==\nS {no}",
    "C AUTH SCRAM-SHA-256 {scram}\nS 334 {64 r={nonce},s={challenge},i=4096}\nC {64 c=biws,r={nonce},p={pass}}\nS {echo}",
    "C AUTH SCRAM-SHA-1\nS 334 \nC {scram}\nS 334 {64 r={nonce},s={challenge},i=4096}\nC {64 c=biws,r={nonce}}\nS {no}",
    "C AUTH DIGEST-MD5\nS 334 {64 realm=\"x\",nonce=\"{nonce}\"}\nC {64 username=\"{user}\",nonce=\"{nonce}\"}\nS {echo}",
    "C AUTH NTLM {64 NTLMSSP {challenge}}\nS 334 {64 NTLMSSP {challenge}}\nC {64 NTLMSSP {user} {pass}}\nS {no}",
    "C AUTH GSSAPI {64 {token}}\nS {echo}",
    "C AUTH EXTERNAL {64 {user}}\nS {echo}",
    "C AUTH X-OF-NO-STANDARD {plain}\nS 504 5.5.4 unknown\nC {64 {pass}}\nS 500 what",
    "C AUTH  PLAIN   {plain} \nS {echo}",
    "C AUTH PLAIN {plain} {64 {pass}}\nS {echo}",
    "C AUTH PLAIN {pass}\nS {echo}",
    "C X-EXPS LOGIN\nS 334 VXNlcm5hbWU6\nC {64 {user}}\nS 334 UGFzc3dvcmQ6\nC {64 {pass}}\nS 235 yes",
    "C AUTH LOGIN\nC {64 {user}}\nC {64 {pass}}\nS 334 VXNlcm5hbWU6\nS 334 UGFzc3dvcmQ6\nS 235 yes",
    "C AUTH LOGIN\nC {64 {user}}\nC {64 {pass}}\nS 503 not here\nS {echo}\nS {echo}",
    "C AUTH PLAIN {plain}\nC MAIL FROM:<{sender}@example.com>\nS {no}\nS 530 first AUTH",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {64 {user}}\nS 334 UGFzc3dvcmQ6\nC *\nS 501 cancelled",
    // A verb that a middlebox overwrote, a mistyped one, and octets before it that terminals and telnet leave behind.
    "C XXXX PLAIN {plain}\nS {echo}",
    "C XXXX OF-NO-STANDARD {plain}\nS 500 what",
    "C XXXX LOGIN\nS 500 what\nC {64 {user}}\nS {echo}\nC {64 {pass}}\nS {echo}",
    "C AUHT PLAIN {plain}\nS {echo}",
    "C AUTH=PLAIN {plain}\nS 500 what",
    "C \0AUTH PLAIN {plain}\nS {echo}",
    "C AUTI\u{8}H PLAIN {plain}\nS 500 what",
    "C {plain}\nS 500 what",
    // Mailboxes.
    "C MAIL FROM:<{sender}@{domain}>{parameter}\nS {mailed}",
    "C RCPT TO:<{rcpt}@{domain}>{parameter}\nS {rcpted}",
    "C MAIL FROM:<{sender}@{domain}>\nC RCPT TO:<{rcpt}@example.org>\nC RCPT TO:<{sender}@example.org>\nS {mailed}\nS {rcpted}\nS {rcpted}",
    "C mail from: {sender}@example.com\nS {mailed}",
    "C MAIL FROM:<>\nS 250 ok",
    "C RCPT TO:<@a.example,@b.example:{rcpt}@c.example>\nS {rcpted}",
    "C RCPT {rcpt}@example.com\nS 501 5.5.4 syntax",
    "C XXXX FROM:<{sender}@example.com>\nS {mailed}",
    "C XXXX {sender}@example.com\nS 500 what",
    "C SAML FROM:<{sender}@example.com>\nS 502 no",
    "C VRFY {sender}\nS 252 2.0.0 cannot verify",
    "C EXPN {rcpt}\nS 502 no",
    "C XCLIENT ADDR={v4} LOGIN={sender}\nS 220 mx.example.net ESMTP",
    "C XFOO {sender} from {v4}\nS 500 what",
    // Mail text.
    "C DATA\nS 354 go\nC {mail_text}\nC .\nS {queued}",
    "C DATA\nC {mail_text}\nC .\nS 354 go\nS {queued}",
    "C DATA\nC {mail_text}\nC .\nS 503 5.5.1 no\nS 500 what\nS 500 what",
    "C DATA\nS 554 5.5.1 no valid recipients\nC {mail_text}\nC .\nS 500 what\nS 500 what",
    "C DATA\nS 354 go\nC {mail_text}\n-\nC {mail_text}\n-\nC .\nC QUIT\nS {queued}\nS 221 bye",
    "L {mail_text}\nS {queued}",
    "B {mail_text}\nS 250 ok\nL {mail_text}\nS {queued}",
    "B {mail_text}\nL {mail_text}\nC QUIT\nS 250 ok\nS {queued}\nS 221 bye",
    "B {mail_text}\n-\nL {mail_text}\nS 503 5.5.1 no\nS 503 5.5.1 no",
    "C MAIL FROM:<{sender}@example.com>\nC RCPT TO:<{rcpt}@example.com>\nC DATA\nS {mailed}\nS {rcpted}\nS 354 go\nC {mail_text}\nC .\nS {queued}",
    "C MAIL FROM:<{sender}@example.com>\nC RCPT TO:<{rcpt}@example.com>\nL {mail_text}\nS {mailed}\nS {rcpted}\nS {queued}",
    "C STARTTLS\nS 454 not now",
    "C XXXX\nS 500 what",
    "C \nS 500 what",
];

/// What comes last, and may leave anything open.
const ENDS: &[&str] = &[
    "",
    "C QUIT\nS 221 bye",
    "C EHLO {argument}",
    "C AUTH PLAIN {plain}",
    "C AUTH LOGIN\nC {64 {user}}\nC {64 {pass}}",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {64 {user}}",
    "C DATA\nS 354 go\nC {mail_text}",
    "C BDAT 1000 LAST\nC {mail_text}",
    "S no reply at all",
    "S 250-a reply without its end",
    "S 334 {64 {challenge}}",
    "S 421 4.4.2 mx.example.net timeout exceeded",
];

/// What a server says of a secret that it was just sent.
const ECHOES: &[&str] = &[
    "535 5.7.8 no",
    "235 2.7.0 yes",
    "535 5.7.8 not accepted: {=64}",
    "501 5.5.2 cannot decode '{=64}'",
    "535-5.7.8 user\nS 535 5.7.8 has another password than \"{=decoded}\"",
    "500 5.5.1 unrecognized command '{=64}'",
    "535 5.7.8 <{=decoded}>: no such user",
    "500 {=64}",
    "535-no\nS  {=64}\nS 535 no",
    "502 5.5.1 XXXX PLAIN {=64}",
];

const MAILED: &[&str] = &[
    "250 2.1.0 ok",
    "250 2.1.0 <{sender}@example.com>... Sender ok",
    "550 5.1.0 <{sender}@{=domain}>: Sender address rejected",
    "553 5.1.8 refused from {v4}",
    "501 5.5.4 bad HELO {=argument}",
    "550 5.7.1 HELO {=argument} is not {v4}",
    "451 4.3.0 later",
    "503 5.5.1 EHLO first",
];

/// All tell a mailbox by its @: without one it is told by the command that names it, which may be missing.
const RCPTED: &[&str] = &[
    "250 2.1.5 ok",
    "550 5.1.1 <{rcpt}@{=domain}>: User unknown",
    "550 5.1.1 {rcpt}@example.com... no such user",
    "450 4.7.1 [{v4}] greylisted",
    "554 5.7.1 service unavailable; client [{v4}] blocked, http://bl.example/?ip={v4}",
    "550 5.1.1 no mailbox here",
    "421 4.7.0 try later",
    "503 5.5.1 no",
    "550 see http://spf.example/why?id={rcpt}%40example.com",
    "550 bounce to bounces+{sender}=example.com@list.example",
    "550 {v4}/32 is listed as {v4 in hexadecimal}",
    "550 [IPv6:{v6}::zz] is no address",
];

const MAIL_TEXT: &[&str] = &[
    "Subject: {text}",
    "{text}",
    "Subject: x¶¶{64 {text}}¶{hex {text}}¶{% {text}}",
    "From: <{sender}@example.com>¶¶{text}¶250 ok¶AUTH PLAIN {64 {text}}",
    "{text}⏎.{text}",
    "..{text}¶ {text}",
];

/// What a segment may hold when its place in the stream is sent again: the client's, and the server's.
const AGAIN: &[&str] = &[
    "{plain}",
    "AUTH PLAIN {plain}",
    "MAIL FROM:<{sender}@example.com>",
    "EHLO [{v4}]",
    "RCPT TO:<{rcpt}@example.com>",
];

const ANSWERED_AGAIN: &[&str] = &[
    "550 <{rcpt}@example.com> {v4}",
    "501 5.5.4 <{=argument}>: Helo command rejected",
    "334 {64 {challenge}}",
    "250 ok",
];
