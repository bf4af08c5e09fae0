//! The questions and answers of every client, bounded.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::message::{Message, Record};
use super::{FailedLookups, Lookup, LookupFailure, LookupStep, RecordType};
use crate::limits::Limits;
use crate::time::{Moment, Timestamp};
use crate::wire::Datagram;

/// Watches name resolution. It knows the latest lookups, each by client, name and type, repeats together.
#[derive(Debug)]
pub(crate) struct Lookups {
    pub(super) limits: Limits,
    pub(super) known: HashMap<Question, Asked, RandomState>,
    /// The questions known, oldest first.
    order: VecDeque<Question>,
    /// Which answer gave an address to a client.
    by_address: HashMap<(IpAddr, IpAddr), Question, RandomState>,
    /// Which client was given an address; none if several were.
    asked_by: HashMap<IpAddr, Option<IpAddr>, RandomState>,
    /// Which answer named a host as mail exchange to a client.
    pub(super) by_exchange: HashMap<(IpAddr, Arc<str>), Question, RandomState>,
    /// What each client asked for and did not get, though it may yet connect, oldest first.
    pub(super) open: HashMap<IpAddr, VecDeque<Question>, RandomState>,
    /// Hosts that take mail.
    pub(super) servers: HashSet<IpAddr, RandomState>,
    pub(super) failed: FailedLookups,
    pub(super) forgotten: u64,
}

/// Who asked for what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) client: IpAddr,
    pub(super) name: Arc<str>,
    pub(super) kind: RecordType,
}

/// What is known of a question.
#[derive(Debug)]
pub(super) struct Asked {
    /// The first time, since it was last settled.
    pub(super) asked: Option<Moment>,
    pub(super) latest: Moment,
    pub(super) answered: Option<Moment>,
    pub(super) answer: LookupAnswer,
    /// The addresses in the answer, those sent along with MX records included.
    addresses: Vec<IpAddr>,
    /// Records of the answer over the bound of those kept.
    omitted: u64,
    /// Whether it is in `open`.
    pub(super) is_open: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum LookupAnswer {
    /// None so far.
    None,
    Addresses,
    Exchanges(Vec<(u16, Arc<str>)>),
    Failed(LookupFailure),
    /// There was one, but the capture does not have all of it, or it only refers to another server.
    Unclear,
}

impl Lookups {
    /// Nothing was asked for yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            known: HashMap::default(),
            order: VecDeque::new(),
            by_address: HashMap::default(),
            asked_by: HashMap::default(),
            by_exchange: HashMap::default(),
            open: HashMap::default(),
            servers: HashSet::default(),
            failed: FailedLookups::default(),
            forgotten: 0,
        }
    }

    /// Reads a datagram from or to the DNS port.
    pub(crate) fn datagram(&mut self, datagram: &Datagram<'_>, moment: Moment) {
        let Some(message) = Message::parse(datagram.payload, self.limits.lookup_records) else { return };
        let is_cut = usize::try_from(datagram.payload_wire_len).is_ok_and(|octets| octets > datagram.payload.len());
        let client = if message.is_response { datagram.dst.ip() } else { datagram.src.ip() };
        let question = Question { client, name: message.name.clone().into(), kind: message.kind };
        self.remember(&question, moment);
        if message.is_response {
            self.answer(&question, message, is_cut, moment);
        } else if message.is_recursion_desired && self.is_about_mail(&question) {
            self.ask(&question, moment);
        } else if let Some(asked) = self.known.get_mut(&question) {
            asked.asked.get_or_insert(moment);
        }
    }

    /// Notes that `client` connects to the mail server at `server`, and says how it came to the address, as far as is known.
    pub(crate) fn connection(&mut self, client: IpAddr, server: IpAddr, moment: Moment) -> Option<Lookup> {
        if self.servers.len() < self.limits.lookups {
            self.servers.insert(server);
        }
        if self.known.is_empty() {
            return None;
        }
        let client = self.asker(client, server);
        let found = self.by_address.get(&(client, server)).filter(|question| self.is_recent(question, moment.time));
        let questions: Vec<Question> = found.map_or_else(Vec::new, |by_address| {
            let exchange = (client, Arc::clone(&by_address.name));
            let by_exchange = self.by_exchange.get(&exchange).filter(|question| self.is_recent(question, moment.time));
            by_exchange.into_iter().filter(|question| *question != by_address).chain([by_address]).cloned().collect()
        });
        self.connected(client, questions.first().map(|question| &*question.name), moment);
        let steps: Vec<LookupStep> = questions.iter().filter_map(|question| self.step(question)).collect();
        if steps.is_empty() { None } else { Some(Lookup { steps }) }
    }

    /// Who asked for the address that `client` connects to: a host that has an address of either family asks from one of
    /// them, and connects from the other.
    fn asker(&self, client: IpAddr, server: IpAddr) -> IpAddr {
        let other = self.asked_by.get(&server).copied().flatten().filter(|other| other.is_ipv4() != client.is_ipv4());
        other.filter(|_| !self.by_address.contains_key(&(client, server))).unwrap_or(client)
    }

    /// Makes room for a question, and a place if it is new.
    fn remember(&mut self, question: &Question, moment: Moment) {
        if let Some(asked) = self.known.get_mut(question) {
            asked.latest = moment;
            return;
        }
        if self.order.len() >= self.limits.lookups
            && let Some(oldest) = self.order.pop_front()
        {
            self.forget(&oldest);
        }
        let asked = Asked {
            asked: None,
            latest: moment,
            answered: None,
            answer: LookupAnswer::None,
            addresses: Vec::new(),
            omitted: 0,
            is_open: false,
        };
        self.known.insert(question.clone(), asked);
        self.order.push_back(question.clone());
    }

    fn forget(&mut self, question: &Question) {
        self.unindex(question);
        self.forgotten += u64::from(self.close(question));
        self.known.remove(question);
    }

    /// Takes what the answer to a question gave out of the indices.
    fn unindex(&mut self, question: &Question) {
        let Some(asked) = self.known.get_mut(question) else { return };
        for address in std::mem::take(&mut asked.addresses) {
            remove_if(&mut self.by_address, &(question.client, address), question);
            self.asked_by.remove(&address);
        }
        if let LookupAnswer::Exchanges(exchanges) = std::mem::replace(&mut asked.answer, LookupAnswer::None) {
            for (_, host) in exchanges {
                remove_if(&mut self.by_exchange, &(question.client, host), question);
            }
        }
    }

    /// Takes a question out of the open ones.
    fn close(&mut self, question: &Question) -> bool {
        let Some(asked) = self.known.get_mut(question) else { return false };
        if std::mem::take(&mut asked.is_open)
            && let Some(open) = self.open.get_mut(&question.client)
            && let Some(at) = open.iter().position(|other| other == question)
        {
            open.remove(at);
            if open.is_empty() {
                self.open.remove(&question.client);
            }
            return true;
        }
        false
    }

    /// Whether a delivery may hang on the answer.
    fn is_about_mail(&self, question: &Question) -> bool {
        let as_mx = Question { kind: RecordType::Mx, ..question.clone() };
        question.kind == RecordType::Mx
            || self.known.contains_key(&as_mx)
            || self.by_exchange.contains_key(&(question.client, Arc::clone(&question.name)))
    }

    fn ask(&mut self, question: &Question, moment: Moment) {
        let Some(asked) = self.known.get_mut(question) else { return };
        if asked.is_open {
            return;
        }
        asked.is_open = true;
        asked.asked = Some(moment);
        if matches!(asked.answer, LookupAnswer::Failed(_) | LookupAnswer::Unclear) {
            (asked.answer, asked.answered) = (LookupAnswer::None, None);
        }
        let open = self.open.entry(question.client).or_default();
        open.push_back(question.clone());
        if open.len() > self.limits.open_lookups
            && let Some(oldest) = open.pop_front()
        {
            if let Some(asked) = self.known.get_mut(&oldest) {
                asked.is_open = false;
            }
            self.judge(&oldest, moment.time);
        }
    }

    fn answer(&mut self, question: &Question, message: Message, is_cut: bool, moment: Moment) {
        let has_question = self.known.get(question).is_some_and(|asked| asked.asked.is_some());
        if !has_question && message.is_recursion_desired && self.is_about_mail(question) {
            self.ask(question, moment);
        }
        let given = Given::new(message, is_cut);
        let Some(asked) = self.known.get_mut(question) else { return };
        // Another name server that fails takes nothing away from the one that knew.
        let is_known =
            asked.answered.is_some_and(|answered| asked.asked.is_none_or(|asked| answered.frame > asked.frame));
        if is_known && asked.answer.is_some() && !given.answer.is_some() {
            return;
        }
        self.unindex(question);
        let client = question.client;
        for address in &given.addresses {
            self.by_address.insert((client, *address), question.clone());
            let asker = self.asked_by.entry(*address).or_insert(Some(client));
            *asker = asker.filter(|known| *known == client);
        }
        if let LookupAnswer::Exchanges(exchanges) = &given.answer {
            for (_, host) in exchanges {
                self.by_exchange.insert((client, Arc::clone(host)), question.clone());
            }
        }
        if given.answer.is_some() {
            self.close(question);
        }
        if let Some(asked) = self.known.get_mut(question) {
            asked.answered = Some(moment);
            (asked.answer, asked.addresses, asked.omitted) = (given.answer, given.addresses, given.omitted);
        }
    }

    fn is_recent(&self, question: &Question, now: Timestamp) -> bool {
        let answered = self.known.get(question).and_then(|asked| asked.answered);
        answered.is_some_and(|answered| now.nanos_since(answered.time) <= self.limits.lookup_ns)
    }

    fn step(&self, question: &Question) -> Option<LookupStep> {
        let asked = self.known.get(question)?;
        let mut answer: Vec<String> = match &asked.answer {
            LookupAnswer::Addresses => asked.addresses.iter().map(ToString::to_string).collect(),
            LookupAnswer::Exchanges(exchanges) => {
                exchanges.iter().map(|(preference, host)| format!("{preference} {host}")).collect()
            }
            LookupAnswer::None | LookupAnswer::Failed(_) | LookupAnswer::Unclear => return None,
        };
        if asked.omitted > 0 {
            answer.push(format!("and {} more", asked.omitted));
        }
        Some(LookupStep {
            asked: asked.asked,
            answered: asked.answered?,
            name: (*question.name).into(),
            record_type: question.kind,
            answer: answer.join(", "),
        })
    }
}

/// What a message says.
struct Given {
    answer: LookupAnswer,
    addresses: Vec<IpAddr>,
    omitted: u64,
}

impl LookupAnswer {
    /// Whether mail can go there.
    pub(super) const fn is_some(&self) -> bool {
        matches!(self, Self::Addresses | Self::Exchanges(_))
    }
}

impl Given {
    fn new(message: Message, is_cut: bool) -> Self {
        let mut exchanges: Vec<(u16, Arc<str>)> = Vec::new();
        let (mut addresses, mut along) = (Vec::new(), Vec::new());
        for record in message.records {
            match record {
                Record::Exchange { preference, host } => exchanges.push((preference, host.into())),
                Record::Address { address, is_additional: false, .. } => addresses.push(address),
                Record::Address { owner, address, .. } => along.push((owner, address)),
            }
        }
        exchanges.sort();
        // A server that neither was asked to find out nor owns the name only says who may know.
        let is_final = message.is_recursion_desired || message.is_authoritative;
        let is_null_mx = matches!(&exchanges[..], [(_, host)] if &**host == ".");
        let answer = match (message.code, message.kind) {
            (0, RecordType::Mx) if is_null_mx => LookupAnswer::Failed(LookupFailure::NullMx),
            (0, RecordType::Mx) if !exchanges.is_empty() => LookupAnswer::Exchanges(exchanges),
            (0, RecordType::A | RecordType::Aaaa) if !addresses.is_empty() => LookupAnswer::Addresses,
            (0, _) if is_cut || message.is_cut || !is_final => LookupAnswer::Unclear,
            (0, _) => LookupAnswer::Failed(LookupFailure::NoRecord),
            (2, _) => LookupAnswer::Failed(LookupFailure::ServerFailure),
            (3, _) => LookupAnswer::Failed(LookupFailure::NoSuchName),
            (5, _) => LookupAnswer::Failed(LookupFailure::Refused),
            (code, _) => LookupAnswer::Failed(LookupFailure::OtherCode(code)),
        };
        let addresses = match &answer {
            LookupAnswer::Addresses => addresses,
            LookupAnswer::Exchanges(exchanges) => {
                let is_exchange = |owner: &str| exchanges.iter().any(|(_, host)| &**host == owner);
                along.into_iter().filter(|(owner, _)| is_exchange(owner)).map(|(_, address)| address).collect()
            }
            LookupAnswer::None | LookupAnswer::Failed(_) | LookupAnswer::Unclear => Vec::new(),
        };
        Self { answer, addresses, omitted: message.omitted_answers }
    }
}

fn remove_if<K: Eq + std::hash::Hash>(map: &mut HashMap<K, Question, RandomState>, key: &K, question: &Question) {
    if map.get(key) == Some(question) {
        map.remove(key);
    }
}

#[cfg(test)]
impl Lookups {
    /// How many addresses and exchanges are indexed.
    pub(super) fn index_sizes(&self) -> [usize; 2] {
        [self.by_address.len(), self.by_exchange.len()]
    }
}
