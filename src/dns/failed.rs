//! Which lookups led nowhere.

use std::net::IpAddr;
use std::sync::Arc;

use super::lookups::{LookupAnswer, Lookups, Question};
use super::{FailedLookup, FailedLookups, LookupFailure, RecordType};
use crate::time::{Moment, NANOS_PER_SEC, Timestamp};

/// Resolvers try again, or another server, after 5 seconds (the default of `resolv.conf`): before that nothing is missing.
const PATIENCE_NS: i64 = 5 * NANOS_PER_SEC;

impl Lookups {
    /// A connection of `client` settles what it asked for before: something came of it, or too long ago for that.
    ///
    /// `domain` is whose mail exchange the connection is known to be for; then other domains are not settled by it.
    pub(super) fn connected(&mut self, client: IpAddr, domain: Option<&str>, moment: Moment) {
        let Some(open) = self.open.remove(&client) else { return };
        let (mut settled, mut still_open) = (Vec::new(), open);
        let is_for = |question: &Question| {
            let as_exchange = self.by_exchange.get(&(client, Arc::clone(&question.name)));
            domain.is_none_or(|domain| {
                domain == &*question.name || as_exchange.is_some_and(|exchange| domain == &*exchange.name)
            })
        };
        still_open.retain(|question| {
            let Some(asked) = self.known.get_mut(question) else { return false };
            let age = moment.time.nanos_since(asked.latest.time);
            let is_old = age > self.limits.lookup_failure_ns;
            let is_settled = is_old || is_for(question);
            if is_settled {
                asked.is_open = false;
            }
            if is_old {
                settled.push(question.clone());
            }
            !is_settled
        });
        if !still_open.is_empty() {
            self.open.insert(client, still_open);
        }
        for question in settled {
            self.judge(&question, moment.time);
        }
    }

    /// The capture ends at `end`: whatever was not followed by a connection is settled.
    pub(crate) fn finish(&mut self, end: Timestamp) -> FailedLookups {
        let open = std::mem::take(&mut self.open);
        for question in open.into_values().flatten() {
            self.judge(&question, end);
        }
        let mut failed = std::mem::take(&mut self.failed);
        failed.forgotten = self.forgotten;
        failed.listed.sort_by_key(|failed| failed.moment.frame);
        failed
    }

    /// Lists a lookup that no connection followed, if it failed.
    pub(super) fn judge(&mut self, question: &Question, now: Timestamp) {
        let Some(asked) = self.known.get(question) else { return };
        let why = match asked.answer {
            LookupAnswer::None if now.nanos_since(asked.latest.time) >= PATIENCE_NS => LookupFailure::NoAnswer,
            LookupAnswer::Failed(why) => why,
            LookupAnswer::None | LookupAnswer::Addresses | LookupAnswer::Exchanges(_) | LookupAnswer::Unclear => return,
        };
        let Some(moment) = asked.asked.or(asked.answered) else { return };
        if self.has_way_round(question) || self.is_told_by_another(question) {
            return;
        }
        if self.failed.listed.len() >= self.limits.failed_lookups {
            self.failed.omitted += 1;
            return;
        }
        self.failed.listed.push(FailedLookup {
            moment,
            answered: asked.answered,
            client: question.client,
            name: (*question.name).into(),
            record_type: question.kind,
            why,
            is_server_too: self.servers.contains(&question.client),
        });
    }

    /// Whether the client got an address to deliver to all the same: without MX the domain's own counts (RFC 5321 5.1), one
    /// of IPv4 and IPv6 is enough, and so is one of several exchanges.
    fn has_way_round(&self, question: &Question) -> bool {
        if self.has_address(question.client, &question.name) {
            return true;
        }
        let exchange = self.by_exchange.get(&(question.client, Arc::clone(&question.name)));
        let siblings = exchange.and_then(|exchange| self.known.get(exchange)).map(|asked| &asked.answer);
        let Some(LookupAnswer::Exchanges(siblings)) = siblings else { return false };
        siblings.iter().any(|(_, host)| self.has_address(question.client, host))
    }

    fn has_address(&self, client: IpAddr, name: &Arc<str>) -> bool {
        [RecordType::A, RecordType::Aaaa].into_iter().any(|kind| {
            let question = Question { client, name: Arc::clone(name), kind };
            self.known.get(&question).is_some_and(|asked| asked.answer == LookupAnswer::Addresses)
        })
    }

    /// Whether another question about the same name failed, too, and stands for this one: MX before A before AAAA.
    fn is_told_by_another(&self, question: &Question) -> bool {
        let has_failed = |kind| {
            let other = Question { kind, ..question.clone() };
            matches!(
                self.known.get(&other).map(|asked| &asked.answer),
                Some(LookupAnswer::Failed(_) | LookupAnswer::None)
            )
        };
        match question.kind {
            RecordType::Mx => false,
            RecordType::A => has_failed(RecordType::Mx),
            RecordType::Aaaa => has_failed(RecordType::Mx) || has_failed(RecordType::A),
        }
    }
}
