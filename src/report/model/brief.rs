//! A session in brief: what a database is asked for, with the hello that decided.

use std::borrow::Cow;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::head::SessionHead;
use super::proxied::EndObject;
#[cfg(test)]
use super::schema;
use super::session::verb;
use super::values::Octets;
use crate::report::digest::{Digest, ShownHello};
use crate::smtp::ehlo::Problem;
use crate::time::FrameNumber;

/// One session in the short form.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BriefSession"))]
pub(in crate::report) struct BriefSession<'a> {
    #[serde(flatten)]
    head: SessionHead<'a>,
    /// The code of the server's greeting. Null if the capture lacks it.
    greeting_code: Option<u16>,
    /// The hello that the outcome is about. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    hello: Option<BriefHello<'a>>,
    /// The client behind the proxy, as in the long form.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxied_client: Option<EndObject>,
}

impl<'a> BriefSession<'a> {
    /// What a report says of this session in brief.
    pub(in crate::report) fn new(digest: &'a Digest<'a>) -> Self {
        Self {
            head: SessionHead::new(digest),
            greeting_code: digest.session.transcript.greeting().map(|reply| reply.code),
            hello: digest.hello.as_ref().map(BriefHello::new),
            proxied_client: digest.session.proxied_client().map(EndObject::new),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct BriefHello<'a> {
    frame: FrameNumber,
    verb: Cow<'static, str>,
    /// The text after the verb, without the blanks around it.
    argument: Octets<'a>,
    /// What is wrong with the argument.
    #[serde(serialize_with = "codes")]
    #[cfg_attr(test, schemars(schema_with = "schema::problems"))]
    problems: &'a [Problem],
    /// The argument that was probably meant.
    suggestion: Option<&'a str>,
    /// The code of the reply. Null if no reply came.
    reply_code: Option<u16>,
}

impl<'a> BriefHello<'a> {
    fn new(hello: &'a ShownHello<'a>) -> Self {
        Self {
            frame: hello.command.moment.frame,
            verb: verb(hello.command),
            argument: Octets(hello.argument),
            problems: &hello.check.problems,
            suggestion: hello.check.suggestion.as_deref(),
            reply_code: hello.reply.map(|reply| reply.code),
        }
    }
}

pub(super) fn codes<S: Serializer>(problems: &[Problem], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(problems.iter().map(|problem| problem.code.code()))
}
