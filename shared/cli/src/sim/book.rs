//! The books: every record that ever entered the stream, what of it the profiles say they have settled, and the laws that
//! hold after every write.

use super::mail_book::MailBook;
use super::script::panics_the_fold;
use super::shards::Placed;
use beckon_domain::event::{Event, EventKind};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{DurationMs, Erasure, Profile, ProfileKey, Timestamp};
use beckon_store::bus::BusEvent;
use beckon_store::streams::memory::StreamRecord;
use beckon_wire::stream::Line;
use std::collections::{BTreeMap, BTreeSet};

/// The life of the stream.
pub(crate) const EPOCH: &str = "sim";
/// Bytes of a stored profile at most: far below DynamoDB's 400 KB.
const PROFILE_BYTES_MAX: usize = 64 * 1024;
/// How far before and after its arrival an event may lie.
const PAST_MAX: DurationMs = DurationMs::from_hours(24);
const FUTURE_MAX: DurationMs = DurationMs::from_minutes(5);

/// How a record came into the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// Accepted by the collector.
    Collector,
    /// Put again by an operator, received anew.
    Redriven,
    /// Put by the profiler or the mailer.
    Beckon,
    /// No event at all.
    Poison,
    /// Events whose function ends whenever it is given them.
    Killer,
}

/// A line that is an event.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) position: Position,
    pub(crate) line: Line,
    pub(crate) event: Event,
    /// The profile's marks say that it is settled.
    pub(crate) settled: bool,
    /// The version of the profile that was the first to say so.
    pub(crate) settled_by: Option<u64>,
    /// When that was written.
    pub(crate) settled_at: Option<Timestamp>,
    /// It was kept as failed, because the fold panics at it or its record neared the age limit ...
    pub(crate) expired: bool,
    /// ... after its customer was given it.
    pub(crate) forwarded: bool,
}

impl Told {
    /// The visitor whose state it brings.
    pub(crate) fn merged(&self) -> Option<&ProfileKey> {
        match &self.event.kind {
            EventKind::Merge { from, .. } => Some(from),
            _ => None,
        }
    }

    /// Whether it names one of these people: as its own, or as who a visitor turned out to be.
    pub(crate) fn names(&self, keys: &BTreeSet<ProfileKey>) -> bool {
        let link = match &self.event.kind {
            EventKind::Identify { link, .. } => link.as_ref(),
            _ => None,
        };
        ProfileKey::parse(&self.line.key).is_ok_and(|key| keys.contains(&key))
            || link.is_some_and(|key| keys.contains(key))
    }
}

/// A record with what it says.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) record: StreamRecord,
    pub(crate) origin: Origin,
    pub(crate) told: Vec<Told>,
    /// Times it was found in the failure destination, or among the failed events.
    pub(crate) failed: u32,
}

/// What the records of one key add up to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// Lines that must be settled some day and are not: (record, line).
    open: Vec<(usize, usize)>,
    /// Lines settled, in the order in which it happened.
    pub(crate) settled: Vec<(usize, usize)>,
    external: u64,
    internal: u64,
}

/// The books.
#[derive(Default)]
pub(crate) struct Book {
    /// Every record, in the order of arrival.
    pub(crate) log: Vec<Logged>,
    /// Per profile.
    pub(crate) accounts: BTreeMap<ProfileKey, Account>,
    /// Ids of events that the collector put.
    pub(crate) accepted: BTreeSet<String>,
    /// Lines that the collector put.
    pub(crate) accepted_count: u64,
    /// When each event happened by its client's clock, and when the client says it sent it.
    pub(crate) client_times: BTreeMap<String, (Timestamp, Option<Timestamp>)>,
    /// Events whose record ends its function.
    pub(crate) killers: BTreeSet<String>,
    /// All shards under one name: a known-bad variant.
    pub(crate) one_shard_name: bool,
    /// Visitors whose freeze is stored.
    frozen: BTreeSet<ProfileKey>,
    /// Who was let back, and the version of the profile that was the first to say so.
    let_back_by: BTreeMap<ProfileKey, u64>,
    /// Profiles of which a read was stale, or overtaken before the write that followed it.
    pub(crate) overtaken: BTreeSet<ProfileKey>,
    /// What others were told, by its id.
    pub(crate) heard: BTreeMap<String, BusEvent>,
    /// The first law that was broken.
    pub(crate) violation: Option<String>,
    saves: u64,
    /// What was mailed.
    pub(crate) mail: MailBook,
}

/// A key as a person tells it from others.
pub(crate) fn short(key: &ProfileKey) -> String {
    key.shortened().to_owned()
}

impl Book {
    /// The first violation is the one to look at.
    pub(crate) fn violated(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(what());
        }
    }

    /// The name of a shard, as the profiler is told it.
    pub(crate) fn shard_name<'a>(&self, shard: &'a str) -> &'a str {
        if self.one_shard_name { "shardId-000000000000" } else { shard }
    }

    /// A visitor's state goes to its customer when the freeze is stored, and not before: nobody would know which state it was.
    fn check_frozen(&mut self, event: &Event) {
        if let EventKind::Merge { from, .. } = &event.kind
            && !self.frozen.contains(from)
        {
            let from = short(from);
            self.violated(|| format!("the merge record of {from} was put, and its freeze is not stored"));
        }
    }

    /// Enters a record. Returns its place in the log.
    pub(crate) fn enter(&mut self, placed: Placed) -> usize {
        let Placed { record, mut origin, .. } = placed;
        let index = self.log.len();
        let mut told = Vec::new();
        if origin != Origin::Poison {
            let text = String::from_utf8_lossy(&record.data).into_owned();
            let name = self.shard_name(&record.shard).to_owned();
            let number = SequenceNumber::parse(&record.sequence);
            for (offset, text) in (0_u32..).zip(text.split('\n')) {
                match (Line::parse(text, &record.partition_key), &number) {
                    (Ok((line, event)), Some(number)) => {
                        self.check_frozen(&event);
                        self.mail.answered(&event.kind);
                        let shard = ShardKey::new(EPOCH, &name);
                        let position = Position { shard, sequence: number.clone(), offset };
                        told.push(Told {
                            position,
                            line,
                            event,
                            settled: false,
                            settled_by: None,
                            settled_at: None,
                            expired: false,
                            forwarded: false,
                        });
                    }
                    _ => self.violated(|| "a function put a line that cannot be read".to_owned()),
                }
            }
        }
        if origin == Origin::Collector && told.iter().any(|t| self.killers.contains(&t.line.id)) {
            origin = Origin::Killer;
        }
        if matches!(origin, Origin::Collector | Origin::Killer | Origin::Redriven) {
            self.accepted_count += told.len() as u64;
            self.accepted.extend(told.iter().map(|t| t.line.id.clone()));
            // What is put again keeps its time, and was corrected by the clock of its first receipt.
            for line in told.iter().filter(|_| origin != Origin::Redriven) {
                self.check_time(&line.event);
            }
        }
        if origin == Origin::Poison {
            self.accepted_count += 1;
        }
        self.log.push(Logged { record, origin, told, failed: 0 });
        if origin != Origin::Killer {
            self.owe(index);
        }
        index
    }

    /// The lines of a record must be settled some day.
    pub(crate) fn owe(&mut self, index: usize) {
        let Some(logged) = self.log.get(index).filter(|logged| !logged.told.is_empty()) else { return };
        let Ok(key) = ProfileKey::parse(&logged.record.partition_key) else { return };
        let account = self.accounts.entry(key).or_default();
        account.open.extend((0..logged.told.len()).map(|line| (index, line)));
    }

    /// An event's time is its client's, corrected by the difference of the clocks and held within reason.
    fn check_time(&mut self, event: &Event) {
        let Some((told, sent)) = self.client_times.get(event.id.as_str()).copied() else {
            let id = event.id.as_str().to_owned();
            return self.violated(|| format!("the stream has an event {id} that nobody sent"));
        };
        let received = event.received_at;
        let offset_ms = sent.map_or(0, |sent| received.as_ms() - sent.as_ms());
        let corrected_ms = told.as_ms() + offset_ms;
        let low = (received - PAST_MAX).as_ms();
        let high = (received + FUTURE_MAX).as_ms();
        if event.occurred_at.as_ms() != corrected_ms.clamp(low, high) {
            let id = event.id.as_str().to_owned();
            self.violated(|| format!("the time of {id} is neither the client's nor held within reason"));
        }
    }

    /// Others were told something, perhaps again. One id is one thing; only of who was let back a client may send the same
    /// event again, with a clock that says that it happened since: no tombstone keeps the ids of events.
    pub(crate) fn heard(&mut self, event: &BusEvent) {
        let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
        let id = detail["id"].as_str().unwrap_or_default().to_owned();
        let of = detail["profile"].as_str().and_then(|key| ProfileKey::parse(key).ok());
        let is_back = of.is_some_and(|key| self.let_back_by.contains_key(&key));
        let known = self.heard.entry(id).or_insert_with(|| event.clone());
        if known != event && !is_back {
            let (first, second) = (known.detail.clone(), event.detail.clone());
            self.violated(|| format!("one id told two things: {first} and {second}"));
        }
    }

    /// A profile was written: what its marks cover is counted, each line once; it is finite, and of this time.
    pub(crate) fn written(&mut self, key: &ProfileKey, (profile, version): (&Profile, u64), now: Timestamp) {
        self.saves += 1;
        self.mail.written(key, profile);
        if profile.link.is_some() {
            self.frozen.insert(key.clone());
        }
        if profile.erasure.as_ref().is_some_and(|erasure| erasure.released_at.is_some()) {
            self.let_back_by.entry(key.clone()).or_insert(version);
        }
        let Self { log, accounts, .. } = self;
        let account = accounts.entry(key.clone()).or_default();
        let mut open = std::mem::take(&mut account.open);
        open.retain(|(record, line)| {
            let Some(told) = log.get_mut(*record).and_then(|r| r.told.get_mut(*line)) else { return false };
            told.settled = profile.marks.covers(&told.position);
            if told.settled {
                (told.settled_by, told.settled_at) = (Some(version), Some(now));
                account.settled.push((*record, *line));
                let count = if told.line.internal { &mut account.internal } else { &mut account.external };
                *count += 1;
            }
            !told.settled
        });
        account.open = open;
        let tallies = &profile.tallies;
        let kept_out = |of: fn(&Erasure) -> u64| profile.erasure.as_ref().map_or(0, of);
        let counted = (
            tallies.applied + tallies.duplicate + kept_out(|erasure| erasure.kept_out),
            tallies.internal_applied
                + tallies.internal_duplicate
                + kept_out(|erasure| erasure.internal_kept_out),
        );
        let settled = (account.external, account.internal);
        if counted != settled {
            self.violated(|| {
                format!(
                    "{}: its marks cover {} events and {} records of Beckon's own, and it counted {} and {}",
                    short(key),
                    settled.0,
                    settled.1,
                    counted.0,
                    counted.1
                )
            });
        }
        if profile.last_seen_at > now + FUTURE_MAX {
            self.violated(|| format!("{}: it was last seen in the future", short(key)));
        }
        if self.saves.is_multiple_of(8) {
            let bytes = beckon_domain::packed::pack(profile).map_or(usize::MAX, |packed| packed.len());
            if bytes > PROFILE_BYTES_MAX {
                self.violated(|| format!("{}: it has {bytes} bytes", short(key)));
            }
        }
    }

    /// Whether a line was settled by a tombstone, before its person was let back.
    pub(crate) fn met_tombstone(&self, key: &ProfileKey, told: &Told) -> bool {
        let let_back_by = self.let_back_by.get(key);
        let_back_by.is_some_and(|let_back_by| told.settled_by.is_none_or(|by| by < *let_back_by))
    }

    /// Something was kept as failed. Returns whether it is an event that has expired now.
    pub(crate) fn kept(&mut self, id: &str, reason: &str) -> bool {
        // The id is `epoch:shard-number-line`, and a shard's name has a dash itself.
        let mut parts = id.rsplit('-');
        let line: usize = parts.next().and_then(|line| line.parse().ok()).unwrap_or(usize::MAX);
        let number = parts.next().unwrap_or_default();
        let Some(place) = self.log.iter().position(|logged| logged.record.sequence == number) else {
            self.violated(|| format!("{id} was kept as failed and never was in the stream"));
            return false;
        };
        let logged = &mut self.log[place];
        if logged.origin == Origin::Poison {
            logged.failed = 1;
            return false;
        }
        let key = ProfileKey::parse(&logged.record.partition_key).ok();
        match logged.told.get_mut(line) {
            Some(told)
                if !told.settled
                    && (reason != "panicked" || panics_the_fold(&told.line.id))
                    && ["expired", "forwarded", "panicked"].contains(&reason) =>
            {
                told.forwarded |= reason == "forwarded";
                let is_new = !std::mem::replace(&mut told.expired, true);
                if let Some(account) = key.and_then(|key| self.accounts.get_mut(&key)) {
                    account.open.retain(|at| *at != (place, line));
                }
                is_new
            }
            Some(told) if told.settled => {
                self.violated(|| format!("{id} was kept as failed, and it was applied before"));
                false
            }
            _ => {
                self.violated(|| format!("{id} was kept as failed ({reason}), and nothing is wrong with it"));
                false
            }
        }
    }

    /// Events that were kept as failed, whatever became of them besides.
    pub(crate) fn expired(&self) -> BTreeSet<(String, String)> {
        let told = self.log.iter().flat_map(|logged| &logged.told);
        told.filter(|told| told.expired)
            .map(|told| (told.line.source.clone(), told.line.id.clone()))
            .collect()
    }

    /// Whether a record is done: every event of it is settled, or it was kept as failed.
    pub(crate) fn is_done(&self, index: usize) -> bool {
        self.log.get(index).is_some_and(|logged| match logged.origin {
            Origin::Poison | Origin::Killer => logged.failed > 0,
            Origin::Collector | Origin::Redriven | Origin::Beckon => {
                logged.told.iter().all(|told| told.settled || told.expired)
            }
        })
    }

    /// Events that were accepted and are not done, counted from their positions in the stream; of Beckon's own records too.
    pub(crate) fn in_flight(&self) -> (u64, u64) {
        let mut in_flight = (0, 0);
        for logged in &self.log {
            match logged.origin {
                Origin::Poison => in_flight.0 += u64::from(logged.failed == 0),
                Origin::Killer => {
                    in_flight.0 += if logged.failed == 0 { logged.told.len() as u64 } else { 0 }
                }
                Origin::Collector | Origin::Redriven | Origin::Beckon => {
                    for told in logged.told.iter().filter(|told| !told.settled && !told.expired) {
                        if told.line.internal { in_flight.1 += 1 } else { in_flight.0 += 1 }
                    }
                }
            }
        }
        in_flight
    }

    /// Lines kept as failed, and how many of them were Beckon's own.
    pub(crate) fn failed_counts(&self) -> (u64, u64) {
        let whole = self.log.iter().filter(|logged| logged.failed > 0);
        let whole: u64 = whole.map(|logged| logged.told.len().max(1) as u64).sum();
        let expired = self.log.iter().flat_map(|logged| &logged.told).filter(|told| told.expired);
        expired.fold((whole, 0), |(all, own), told| (all + 1, own + u64::from(told.line.internal)))
    }
}
