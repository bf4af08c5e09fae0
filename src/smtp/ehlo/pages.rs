//! The pages of hello problems and notes: the rule, how it comes about, what to send instead. Plain Markdown.

use super::{Note, ProblemCode};

impl ProblemCode {
    /// What is wrong, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Empty => "nothing follows the verb",
            Self::TrailingDot => "the argument ends in a dot",
            Self::LeadingDot => "the argument starts with a dot",
            Self::EmptyLabel => "two dots in a row",
            Self::Underscore => "an underscore in a name",
            Self::BadCharacter => "a character that no host name may have",
            Self::Whitespace => "more than one word",
            Self::NonAscii => "an octet outside ASCII",
            Self::ControlCharacter => "a control character",
            Self::LeadingHyphen => "a label that starts with a hyphen",
            Self::TrailingHyphen => "a label that ends with a hyphen",
            Self::LabelTooLong => "a label of more than 63 octets",
            Self::NameTooLong => "an argument of more than 255 octets",
            Self::DottedDecimal => "an IPv4 address without brackets",
            Self::BadAddressLiteral => "brackets that hold no address",
            Self::BareIpv6 => "an IPv6 address without brackets and tag",
        }
    }

    /// An argument with this fault, and what its sender should send.
    pub const fn example(self) -> (&'static str, &'static str) {
        match self {
            Self::Empty => ("", "sub2.your-company.com"),
            Self::TrailingDot => ("sub2.", "sub2"),
            Self::LeadingDot => (".example.com", "example.com"),
            Self::EmptyLabel => ("sub2..example.com", "sub2.example.com"),
            Self::Underscore => ("my_host.example.com", "my-host.example.com"),
            Self::BadCharacter => ("%COMPUTERNAME%", "sub2.example.com"),
            Self::Whitespace => ("PhpStorm 9.0.3", "sub2.example.com"),
            Self::NonAscii => ("b\u{fc}cher.example.com", "xn--bcher-kva.example.com"),
            Self::ControlCharacter => ("sub2\0.example.com", "sub2.example.com"),
            Self::LeadingHyphen => ("-x.example.com", "x.example.com"),
            Self::TrailingHyphen => ("cabinet-maitre-.example.com", "cabinet-maitre.example.com"),
            Self::LabelTooLong => (LONG_LABEL, "sub2.example.com"),
            Self::NameTooLong => (LONG_NAME, "sub2.example.com"),
            Self::DottedDecimal => ("192.0.2.7", "[192.0.2.7]"),
            Self::BadAddressLiteral => ("[192.0.2.999]", "[192.0.2.7]"),
            Self::BareIpv6 => ("2001:db8::7", "[IPv6:2001:db8::7]"),
        }
    }

    /// The rule and its RFC clause, how the fault comes about, what to do. The first paragraph is the rule.
    pub const fn page(self) -> &'static str {
        match self {
            Self::Empty => EMPTY,
            Self::TrailingDot => TRAILING_DOT,
            Self::LeadingDot => LEADING_DOT,
            Self::EmptyLabel => EMPTY_LABEL,
            Self::Underscore => UNDERSCORE,
            Self::BadCharacter => BAD_CHARACTER,
            Self::Whitespace => WHITESPACE,
            Self::NonAscii => NON_ASCII,
            Self::ControlCharacter => CONTROL_CHARACTER,
            Self::LeadingHyphen => LEADING_HYPHEN,
            Self::TrailingHyphen => TRAILING_HYPHEN,
            Self::LabelTooLong => LABEL_TOO_LONG,
            Self::NameTooLong => NAME_TOO_LONG,
            Self::DottedDecimal => DOTTED_DECIMAL,
            Self::BadAddressLiteral => BAD_ADDRESS_LITERAL,
            Self::BareIpv6 => BARE_IPV6,
        }
    }
}

const EMPTY: &str = "\
EHLO, HELO and LHLO need an argument: the client's fully qualified name or, if it has none, an address literal (RFC
5321 4.1.1.1, 4.1.3; RFC 2033 4.1 for LHLO).

A client sends none when its own name could not be found out: an empty setting, a failed look-up of its address, a
container without a host name. Set the name in the sending program. Of all faults this is the one that most servers
refuse.";

const TRAILING_DOT: &str = "\
A name is labels with dots between them, and a label has at least one character, so no name ends in a dot (RFC 5321
4.1.2). This is the fault of Microsoft KB 240832.

In DNS a final dot marks a complete name (RFC 1034 3.1), and look-ups return names so: `sub2.example.com.`. A program
that takes its name from DNS, or joins a host name and an empty domain with a dot (`sub2` and nothing: `sub2.`), sends
it. Take the dot off where the name is configured, or give the host its domain.";

const LEADING_DOT: &str = "\
A name starts with a letter or digit (RFC 5321 4.1.2; RFC 1123 2.1), so no name starts with a dot.

The usual origin is an empty host name joined with a domain: nothing and `example.com` make `.example.com`. The name
that remains without the dot is the domain's, not the host's: set the host name too.";

const EMPTY_LABEL: &str = "\
Every label has at least one character (RFC 5321 4.1.2), so two dots never meet.

It comes from joining `sub2.` and `.example.com`, or from a name template with an empty part, as in `MacBook..`. Look
at the parts the sending program builds its name from.";

const UNDERSCORE: &str = "\
A label has letters, digits and hyphens only (RFC 5321 4.1.2; RFC 1123 2.1): no underscore.

DNS itself can hold underscores, and Windows allows them in computer names, so machines called `SUB_2` exist, as do
container names such as `my_app_1`. Most servers take it, some do not. Rename the machine, or set
another name for the hello in the sending program; the DNS entry of that name must fit.";

const BAD_CHARACTER: &str = "\
A label has letters, digits and hyphens only (RFC 5321 4.1.2; RFC 1123 2.1).

Usual origins are placeholders that were never filled in (`%COMPUTERNAME%`, `(none)`, `$HOSTNAME`), patterns (`*`,
`~^wildcard`), a mail address (`user@example.com`), a name with a port (`sub2:25`), quotes or angle brackets around
the name, and a Windows domain before it (`WORKGROUP\\sub2`).";

const WHITESPACE: &str = "\
The hello has one argument (RFC 5321 4.1.1.1). Blanks after it are tolerated (RFC 5321 4.1.1), blanks inside it are
not.

The usual origin is a product's or machine's display name (`John's PC`), or parameters as MAIL has them after the
name. Some servers read the first word only, others refuse.";

const NON_ASCII: &str = "\
Commands are ASCII, and a label has letters `a` to `z`, digits and hyphens (RFC 5321 2.4, 4.1.2).

The usual origin is a computer name in the user's own script, such as Cyrillic. An internationalised domain name goes
into the hello as its A-label (RFC 5890 2.3.2.1). SMTPUTF8 (RFC 6531) changes nothing: the hello comes before the
server offers it.";

const CONTROL_CHARACTER: &str = "\
No name holds an octet below 32 or the octet 127 (RFC 5321 4.1.2).

A NUL is the end mark of a string in C that was sent along; a lone carriage return comes from a line end written
twice, or from a name read out of a file with Windows line ends. Servers may cut the line there, or close. The fault
is in the program that builds the line.";

const LEADING_HYPHEN: &str = "\
A label starts with a letter or digit (RFC 5321 4.1.2; RFC 1123 2.1).

The usual origin is a name put together from parts of which the first is empty, such as a customer number and a
hyphen.";

const TRAILING_HYPHEN: &str = "\
A label ends with a letter or digit (RFC 5321 4.1.2; RFC 952).

It comes from names that were cut to a length (15 characters for a NetBIOS name) in an unlucky place, or put together
from parts of which the last is empty.";

const LABEL_TOO_LONG: &str = "\
A label has at most 63 octets (RFC 1035 2.3.4).

Such labels come from generated names: pods, build agents, test machines. DNS cannot hold them, so no server can look
the name up. Set a shorter one for the hello.";

const NAME_TOO_LONG: &str = "\
A domain name in SMTP has at most 255 octets (RFC 5321 4.5.3.1.2; RFC 1035 2.3.4).

Hardly anything but a fault or an attack sends one: very long arguments were used against old servers.";

const DOTTED_DECIMAL: &str = "\
An address in the hello stands in brackets (RFC 5321 4.1.3), and a host name never has the form of four numbers (RFC
1123 2.1). The letter of the grammar for names in RFC 5321 4.1.2 would admit it, so some servers accept it.

A client that finds no name for itself falls back to its address and forgets the brackets. If it has a name, send
that; else put the address in brackets.";

const BAD_ADDRESS_LITERAL: &str = "\
Brackets hold an IPv4 address, `IPv6:` and an IPv6 address, or a registered tag, a colon and its content (RFC 5321
4.1.3).

Faults seen are a bracket missing at one end, a number over 255, an IPv6 address without its tag (`[2001:db8::7]`) or
with a zone (`%eth0`), a port inside or behind the brackets, and a name in brackets.";

const BARE_IPV6: &str = "\
An IPv6 address in the hello stands in brackets, after the tag `IPv6:` (RFC 5321 4.1.3).

A client that finds no name for itself falls back to its address, written as for IPv4 and without the tag. An address
with a zone (`fe80::1%eth0`) means something on the sending machine only: send the name or a global address.";

/// A name with a label of 66 octets.
const LONG_LABEL: &str = "a-label-that-was-made-by-a-program-which-did-not-count-to-63-aaaaa.example.com";

/// A name of 266 octets in labels that are short enough.
const LONG_NAME: &str = "\
a-name-of-many-labels-of-which-none-is-too-long-but-all-of-them.together-are-longer-than-a-name-may-be-1.\
together-are-longer-than-a-name-may-be-2.together-are-longer-than-a-name-may-be-3.\
together-are-longer-than-a-name-may-be-4.together-are-longer-than-a-name.may-be";

impl Note {
    /// Every note, in order.
    pub const ALL: [Self; 8] = [
        Self::SingleLabel,
        Self::Localhost,
        Self::AllNumeric,
        Self::TrailingBlanks,
        Self::SeveralBlanks,
        Self::Tab,
        Self::BareLf,
        Self::TagCase,
    ];

    /// The RFC sections, or the article, that the note is about.
    pub const fn reference(self) -> &'static str {
        match self {
            Self::SingleLabel => "RFC 5321 2.3.5; Microsoft KB 240832",
            Self::Localhost => "RFC 5321 2.3.5; RFC 6761 6.3",
            Self::AllNumeric => "RFC 1123 2.1; RFC 5321 4.1.2",
            Self::TrailingBlanks => "RFC 5321 4.1.1",
            Self::SeveralBlanks | Self::Tab => "RFC 5321 4.1.1.1",
            Self::BareLf => "RFC 5321 2.3.8",
            Self::TagCase => "RFC 5321 4.1.3; RFC 5234 2.3",
        }
    }

    /// What follows the verb in an example, blanks included, and what should follow it.
    pub const fn example(self) -> (&'static str, &'static str) {
        match self {
            Self::SingleLabel => (" sub2", " sub2.your-company.com"),
            Self::Localhost => (" localhost", " sub2.your-company.com"),
            Self::AllNumeric => (" 12345", " host12345.example.com"),
            Self::TrailingBlanks => (" sub2.example.com  ", " sub2.example.com"),
            Self::SeveralBlanks => ("  sub2.example.com", " sub2.example.com"),
            Self::Tab => ("\tsub2.example.com", " sub2.example.com"),
            Self::BareLf => (" sub2.example.com", " sub2.example.com"),
            Self::TagCase => (" [ipv6:2001:db8::7]", " [IPv6:2001:db8::7]"),
        }
    }

    /// What it means and what may come of it. A note never makes an argument malformed.
    pub const fn page(self) -> &'static str {
        match self {
            Self::SingleLabel => {
                "\
RFC 5321 2.3.5 asks for a fully qualified name; the grammar (4.1.2) admits a single label, and Microsoft KB 240832
names the host name alone as one of the two right forms: the server appends its own domain.

Servers that insist on a fully qualified name refuse it (Postfix: `504 5.5.2 <sub2>: Helo command rejected: need
fully-qualified hostname`). Such a loss is `ehlo-policy`, not `ehlo-argument`."
            }
            Self::Localhost => {
                "\
`localhost` is well-formed and names whoever hears it (RFC 6761 6.3), so it tells the server nothing; RFC 5321 2.3.5
asks for the client's own name.

Some servers refuse it by rule, for spam often comes with it. Set the sending server's name."
            }
            Self::AllNumeric => {
                "\
A name of digits only is admitted by the grammar (RFC 5321 4.1.2; RFC 1123 2.1 lets a label start with a digit), but
no top-level domain is numeric, so it is no name that can be looked up.

It is often a device's serial number. Give the device a host name."
            }
            Self::TrailingBlanks => {
                "\
RFC 5321 4.1.1 asks senders not to send blanks before the line end and servers to tolerate them. A few servers do not."
            }
            Self::SeveralBlanks => {
                "\
RFC 5321 4.1.1.1 has one space between verb and argument. Most servers skip further ones; a few take the line for a
syntax error."
            }
            Self::Tab => {
                "\
RFC 5321 4.1.1.1 has a space between verb and argument, not a tab. Many servers then do not know the verb and answer
500, which reads as if they knew no EHLO."
            }
            Self::BareLf => {
                "\
Lines end in CRLF (RFC 5321 2.3.8). A server that keeps to that goes on waiting for the end of the line: the hello
stays without a reply until one side gives up. Correct the program that writes the lines; a person at a raw TCP tool
does it, too."
            }
            Self::TagCase => {
                "\
RFC 5321 4.1.3 writes the tag `IPv6:`. Strings of a grammar match in any case (RFC 5234 2.3), so `[ipv6:...]` is
well-formed, but servers that compare octets refuse it."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LineEnd, check};
    use super::*;

    #[test]
    fn examples_have_their_fault_and_corrections_have_none() {
        for code in ProblemCode::ALL {
            let (wrong, right) = code.example();
            let found = check(format!(" {wrong}").as_bytes(), LineEnd::CrLf);
            let codes: Vec<_> = found.problems.iter().map(|problem| problem.code).collect();
            assert_eq!(codes, [code], "{wrong}");
            assert!(found.suggestion.is_none_or(|suggestion| suggestion == right), "{wrong}");
            let found = check(format!(" {right}").as_bytes(), LineEnd::CrLf);
            assert!(found.is_well_formed(), "{right}");
        }
        for note in Note::ALL {
            let (odd, plain) = note.example();
            let end = if note == Note::BareLf { LineEnd::Lf } else { LineEnd::CrLf };
            assert!(check(odd.as_bytes(), end).notes.contains(&note), "{odd:?}");
            assert_eq!(check(plain.as_bytes(), LineEnd::CrLf).notes, [], "{plain:?}");
        }
    }

    #[test]
    fn pages_name_the_clause_of_their_code() {
        for code in ProblemCode::ALL {
            let document = code.reference().rsplit_once(' ').map_or("", |(document, _)| document);
            let words = code.page().replace('\n', " ");
            assert!(words.contains(document) && code.page().contains("\n\n"), "{}", code.code());
            assert!(!code.title().is_empty());
        }
        assert!(Note::ALL.is_sorted_by(|a, b| a < b));
        for note in Note::ALL {
            let clause = note.reference().split(';').next().unwrap();
            let words = note.page().replace('\n', " ");
            assert!(words.contains(clause), "{}: {clause}", note.code());
        }
    }
}
