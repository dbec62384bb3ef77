//! What happened, from the archive: the events of each person in the order in which they came, within limits.
//!
//! A visitor who was proven to be a customer is one person with that customer. Lines that Beckon itself put are left out:
//! what they say is in the others. So are the canary's. Objects may come in any order, and a line twice: what is learned does not depend on it.

use crate::error::TrainerError;
use beckon_domain::event::{Event, EventKind};
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_runtime::Clock;
use beckon_store::archive::{ArchiveObjects, PREFIX, day_prefix};
use beckon_store::objects::Kept;
use beckon_wire::stream::read_alone;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

/// The longest line that is read: longer ones are none of the stream's.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// People are drawn by a hash of their key, in so many parts.
const PART_COUNT: u32 = 1_000;

/// How much is read and kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Events kept in memory at most; of more people only so many are drawn that theirs fit.
    pub events: usize,
    /// Bytes of objects read at most, as they lie there, the newest first.
    pub bytes: u64,
}

impl Default for Limits {
    /// Half a million events, which take about 300 MB, and 4 GB of objects.
    fn default() -> Self {
        Self { events: 500_000, bytes: 4_000_000_000 }
    }
}

/// Which part of the archive is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Period {
    /// All of it.
    All,
    /// The day of an instant and so many days before it, less one.
    Days(Timestamp, u32),
}

/// What one person did, in the order in which it came.
#[derive(Clone, PartialEq, Debug)]
pub struct Person {
    /// The customer's key, or the visitor's where nothing was proven.
    pub key: ProfileKey,
    /// The events; a repetition may be among them.
    pub events: Vec<Event>,
}

/// What was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// People, by their keys.
    pub people: Vec<Person>,
    /// Objects read.
    pub object_count: u64,
    /// Lines read; of those, how many were none of the stream's.
    pub line_count: u64,
    /// See [`History::line_count`].
    pub bad_line_count: u64,
    /// Of each thousand people, how many were drawn.
    pub people_per_thousand: u32,
    /// Whether older objects were left out, because there was too much to read or no more time.
    pub is_cut: bool,
}

/// Reads the archive. `until`: no object is begun after it.
///
/// # Errors
/// When the archive cannot be listed or read.
pub async fn read<A: ArchiveObjects>(
    archive: &A,
    period: Period,
    limits: Limits,
    (clock, until): (&Clock, Option<Timestamp>),
) -> Result<History, TrainerError> {
    let (objects, is_cut) = chosen(archive, period, limits).await?;
    let mut history = History { is_cut, ..History::default() };
    let mut gathered = Gathered::new(limits.events);
    let in_time = || until.is_none_or(|until| clock.now() < until);
    for kept in &objects {
        if !in_time() {
            history.is_cut = true;
            break;
        }
        read_object(archive, kept, &mut gathered).await?;
        history.object_count += 1;
    }
    if gathered.is_full() {
        gathered = gathered.draw();
        let read_count = usize::try_from(history.object_count).unwrap_or(usize::MAX);
        for kept in objects.iter().take(read_count) {
            read_object(archive, kept, &mut gathered).await?;
        }
    }
    history.line_count = gathered.line_count;
    history.bad_line_count = gathered.bad_line_count;
    history.people_per_thousand = gathered.parts;
    history.people = gathered.people();
    Ok(history)
}

/// The objects of a period, newest first, as many as may be read; and whether some were left out.
async fn chosen<A: ArchiveObjects>(
    archive: &A,
    period: Period,
    limits: Limits,
) -> Result<(Vec<Kept>, bool), TrainerError> {
    let mut objects = match period {
        Period::All => archive.list_archived(PREFIX).await?,
        Period::Days(newest, days) => {
            let mut found = Vec::new();
            for back in 0..days {
                let day = newest - DurationMs::from_days(u64::from(back));
                found.append(&mut archive.list_archived(&day_prefix(day)).await?);
            }
            found
        }
    };
    objects.sort_by(|a, b| b.key.cmp(&a.key));
    let mut bytes = 0_u64;
    let fitting = objects.iter().take_while(|kept| {
        bytes = bytes.saturating_add(kept.bytes);
        bytes <= limits.bytes
    });
    let count = fitting.count();
    let is_cut = count < objects.len();
    objects.truncate(count);
    Ok((objects, is_cut))
}

async fn read_object<A: ArchiveObjects>(
    archive: &A,
    kept: &Kept,
    gathered: &mut Gathered,
) -> Result<(), TrainerError> {
    // What is deleted meanwhile was too old.
    let Some(document) = archive.read_archived(&kept.key).await? else { return Ok(()) };
    let read = if kept.key.ends_with(".gz") {
        gathered.take(MultiGzDecoder::new(document.as_slice()))
    } else {
        gathered.take(document.as_slice())
    };
    if let Err(error) = read {
        tracing::warn!(error = ?error, object = kept.key, "an archived object is cut off or damaged");
    }
    Ok(())
}

/// What was gathered so far.
struct Gathered {
    events_max: usize,
    events: BTreeMap<ProfileKey, Vec<Event>>,
    event_count: usize,
    /// Which visitor was proven to be which customer: of everybody, drawn or not.
    links: BTreeMap<ProfileKey, ProfileKey>,
    /// Of [`PART_COUNT`] parts of all people, so many are kept.
    parts: u32,
    line_count: u64,
    bad_line_count: u64,
}

impl Gathered {
    fn new(events_max: usize) -> Self {
        Self {
            events_max,
            events: BTreeMap::new(),
            event_count: 0,
            links: BTreeMap::new(),
            parts: PART_COUNT,
            line_count: 0,
            bad_line_count: 0,
        }
    }

    fn is_full(&self) -> bool {
        self.event_count > self.events_max
    }

    /// The same, empty, for a second reading that keeps as many people as fit; links stay, so that both halves of a
    /// person are drawn or neither is.
    fn draw(self) -> Self {
        let fitting = self.events_max as f64 / self.event_count as f64 * f64::from(PART_COUNT);
        // A little less: people differ in how much they do.
        let parts = ((fitting * 0.9) as u32).clamp(1, PART_COUNT);
        Self { parts, links: self.links, ..Self::new(self.events_max) }
    }

    fn take(&mut self, source: impl Read) -> std::io::Result<()> {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut limited = (&mut source).take(LINE_BYTES_MAX);
            if limited.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            if !line.trim_ascii().is_empty() {
                self.take_line(line.trim_ascii());
            }
        }
    }

    fn take_line(&mut self, line: &[u8]) {
        self.line_count += 1;
        let said = std::str::from_utf8(line).ok().and_then(|text| read_alone(text).ok());
        let Some((key, said)) = said else {
            self.bad_line_count += 1;
            return;
        };
        if let EventKind::Identify { link: Some(customer), .. } = &said.event.kind {
            self.links.entry(key.clone()).or_insert_with(|| customer.clone());
        }
        if said.internal || said.event.kind.is_internal() || said.event.source.is_canary() {
            return;
        }
        let person = self.links.get(&key).unwrap_or(&key);
        if person.shard(PART_COUNT) >= self.parts {
            return;
        }
        self.event_count += 1;
        if self.event_count <= self.events_max {
            self.events.entry(key).or_default().push(said.event);
        } else if self.parts == PART_COUNT {
            // There will be a second reading: what was kept is in the way.
            self.events.clear();
        }
    }

    fn people(self) -> Vec<Person> {
        let mut people: BTreeMap<ProfileKey, Vec<Event>> = BTreeMap::new();
        for (key, mut events) in self.events {
            let person = self.links.get(&key).unwrap_or(&key);
            people.entry(person.clone()).or_default().append(&mut events);
        }
        let ordered = |(key, mut events): (ProfileKey, Vec<Event>)| {
            events.sort_by(|a, b| {
                (a.received_at, a.occurred_at, &a.id).cmp(&(b.received_at, b.occurred_at, &b.id))
            });
            Person { key, events }
        };
        people.into_iter().map(ordered).collect()
    }
}
