//! The pages of the outcomes. Plain Markdown.

use super::Outcome;

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Delivered, Self::Lost, Self::NoMail, Self::Unknown];

    /// What it means, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Delivered => "the server accepted a message",
            Self::Lost => "the client came to deliver, and no message was accepted",
            Self::NoMail => "the client did not try to send",
            Self::Unknown => "the capture cannot tell",
        }
    }

    /// When a session has this outcome, what the report adds, and what to do. The first paragraph is one sentence.
    pub const fn page(self) -> &'static str {
        match self {
            Self::Delivered => {
                "\
The server accepted at least one message: 2xx to the end of DATA, or to the last BDAT (RFC 5321 4.1.1.4; RFC 3030).

What happened before or after does not change that: a hello that was refused first (the session is marked `recovered`
if it was malformed), recipients that were refused beside the accepted one, a connection that was reset after it. A
malformed hello that the server tolerated is listed as a warning: another server may refuse it."
            }
            Self::Lost => {
                "\
The client came to deliver, no message was accepted, and the capture shows why.

Each lost session has one cause, the first in the order of the list of causes that applies; a confidence, `certain`
where the decisive frames say so and `probable` where they fit nothing else as well; and the frames that show it. A
client that tries again later loses no mail yet: look at the totals for each pair of client and server."
            }
            Self::NoMail => {
                "\
The client ended a working session without trying to send.

Monitoring probes do so (connect, EHLO, QUIT), as do address checks with VRFY, load balancers that look whether the
port answers, and port scans. Nothing is wrong and nothing is to do."
            }
            Self::Unknown => {
                "\
The capture does not show what became of the session.

The evidence says what is missing: it starts in the middle of the session or ends before it does, has only one side,
or lacks octets at the decisive place; the clock was set while somebody waited; or TLS hides the rest (RFC 3207). A
session that ends because the capture ends is never called lost, unless the decisive reply was seen. Capture longer,
on both directions, without a limit on the octets kept of each frame; for sessions under TLS read the server's log."
            }
        }
    }
}
