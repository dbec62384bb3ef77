//! Known-bad variants: what a design without one of its rules would do. The simulation must notice each; if it does not, it
//! proves nothing.
//!
//! All of them are wrapped around the real code: at a port, in the records, in the answer, or in the mapping.

use super::book::Book;
use super::ground::Net;
use beckon_domain::experiment::Measured;
use beckon_domain::mark::{Marks, Ring};
use beckon_domain::{Profile, ProfileKey};
use beckon_recommend::Trend;
use beckon_store::streams::NewRecord;
use beckon_store::tables::{Read, Stored, TrendKey, Versioned};
use beckon_wire::signal::SignalLine;
use beckon_wire::stream::Line;
use std::collections::BTreeMap;

/// A known-bad variant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bug {
    /// None: Beckon as it is.
    None,
    NaiveAdd,
    ContinuePastFailure,
    OneMark,
    NoRing,
    RingOfEight,
    RedriveOldNumber,
    ReportHighest,
    ReportNone,
    StopAtFirst,
    NoVersionCheck,
    ConflictAsError,
    EffectsFirst,
    OutboxCleared,
    HeardFirst,
    HeardForgotten,
    MergeWithoutFreeze,
    MergeTwice,
    Unclamped,
    ReopenSessions,
    NoBisect,
    UnprocessedDropped,
    ClaimIgnored,
    AnswersUnacknowledged,
    NeighboursForgotten,
    PairsDropped,
    SendThenMark,
    MarkThenSend,
    SendingTakenOver,
    HistoryForgotten,
    CodeForgotten,
    CodeGivenBack,
    SuppressionOnce,
    NoSecondLook,
    FeedbackIgnored,
    TimersUnwritten,
    PauseIgnored,
    ErasedWithoutTombstone,
    TombstoneWithoutMarks,
    TombstoneIgnored,
    ErasedContactTaken,
    ErasedUnsuppressed,
    RedriveRevives,
    ReleasedRemembered,
    ArchiveLeft,
    ConversionAgain,
    ExposureReplaced,
    ExposureUntold,
    VariantForgotten,
    FindingsForgotten,
    JoiningForgotten,
    SplitsUseRetries,
    /// None, in the calm in which the variant before is tried.
    Calm,
}

impl Bug {
    /// The same without what is bad.
    pub(crate) fn control(self) -> Self {
        if self == Self::SplitsUseRetries { Self::Calm } else { Self::None }
    }

    /// Whether nothing fails but what the script says, so that few retries are enough.
    pub(crate) fn is_calm(self) -> bool {
        matches!(self, Self::Calm | Self::SplitsUseRetries)
    }
}

/// A variant with what the table says of it.
pub(crate) struct Variant {
    pub(crate) bug: Bug,
    pub(crate) name: &'static str,
    /// Where it is wrapped around the code.
    pub(crate) how: &'static str,
}

const fn caught(bug: Bug, name: &'static str, how: &'static str) -> Variant {
    Variant { bug, name, how }
}

/// Every variant, in the order of the table.
pub(crate) const VARIANTS: [Variant; 51] = [
    caught(Bug::NaiveAdd, "naive add: neither marks nor ring", "load forgets both"),
    caught(Bug::ContinuePastFailure, "continue past a failed record", "a batch goes in record by record"),
    caught(Bug::OneMark, "one mark for all shards", "all records name one shard"),
    caught(Bug::NoRing, "no ring of event ids", "load forgets it"),
    caught(Bug::RingOfEight, "a ring of 8", "load keeps the newest 8"),
    caught(Bug::RedriveOldNumber, "redrive with the old number", "the record comes again as it was"),
    caught(Bug::ReportHighest, "report the highest failed number", "profile by profile, the highest answer"),
    caught(Bug::ReportNone, "report no failed number", "the answer is emptied"),
    caught(
        Bug::StopAtFirst,
        "stop at the first failure of any profile",
        "profile by profile, until one fails",
    ),
    caught(Bug::NoVersionCheck, "write without the version check", "save names the stored version"),
    caught(Bug::ConflictAsError, "a failed condition is an error", "save answers an error"),
    caught(Bug::EffectsFirst, "send effects before the write", "save puts the merge record first"),
    caught(Bug::OutboxCleared, "clear the outbox before sending", "save clears it"),
    caught(Bug::HeardFirst, "tell others before the write", "save puts the rules' outbox first"),
    caught(Bug::HeardForgotten, "forget what others must hear of", "save clears the rules' outbox"),
    caught(Bug::MergeWithoutFreeze, "merge without freezing", "load forgets the link"),
    caught(Bug::MergeTwice, "merge a visitor twice", "merge records get fresh ids, load forgets the merged"),
    caught(Bug::Unclamped, "event time as the client tells it", "put undoes the clamping"),
    caught(Bug::ReopenSessions, "reopen closed sessions", "load moves the last session's end to now"),
    caught(Bug::NoBisect, "no bisecting of a failed batch", "option of the mapping"),
    caught(
        Bug::SplitsUseRetries,
        "bisecting that uses up retries",
        "switch in the mapping, which has no retries",
    ),
    caught(Bug::UnprocessedDropped, "drop unprocessed keys of a batch read", "load leaves keys out"),
    caught(
        Bug::ClaimIgnored,
        "send whoever holds the claim",
        "a claim is read as over, save always succeeds",
    ),
    caught(
        Bug::AnswersUnacknowledged,
        "answer 200 before the stream has acknowledged",
        "put always succeeds",
    ),
    caught(Bug::NeighboursForgotten, "neighbours of the last batch only", "load of trends forgets them"),
    caught(Bug::PairsDropped, "views that do not say what came before", "put of signals leaves it out"),
    caught(Bug::SendThenMark, "send the mail, then mark it", "nothing is saved before the mail"),
    caught(Bug::MarkThenSend, "mark the mail sent, then send it", "SENDING is saved as SENT"),
    caught(Bug::SendingTakenOver, "take over a send by its lease", "SENDING is read as a claim"),
    caught(Bug::HistoryForgotten, "history not written with the claim", "save leaves it out"),
    caught(Bug::CodeForgotten, "code not taken with the claim", "save leaves it out"),
    caught(Bug::CodeGivenBack, "code of an unknown mail given back", "save of UNKNOWN gives it back"),
    caught(Bug::SuppressionOnce, "suppression looked at once", "the second look is the first"),
    caught(Bug::NoSecondLook, "no second look before the send", "a run reads a profile once"),
    caught(Bug::FeedbackIgnored, "SES's events ignored", "save of mail feedback does nothing"),
    caught(Bug::TimersUnwritten, "timers answered, nothing written", "save of a skip does nothing"),
    caught(Bug::PauseIgnored, "the pause ignored", "the switch is read as never turned"),
    caught(Bug::ErasedWithoutTombstone, "erase without a tombstone", "save writes an empty profile instead"),
    caught(Bug::TombstoneWithoutMarks, "a tombstone that forgets its marks", "save leaves them out"),
    caught(Bug::TombstoneIgnored, "events and merges revive who was erased", "load forgets the erasure"),
    caught(
        Bug::ErasedContactTaken,
        "contacts of erased people taken",
        "the tombstone is lifted before a put",
    ),
    caught(Bug::ErasedUnsuppressed, "addresses of erased people left", "suppress does nothing"),
    caught(
        Bug::RedriveRevives,
        "redrive revives who was erased",
        "load forgets the erasure for a redriven record",
    ),
    caught(
        Bug::ReleasedRemembered,
        "a release that lifts what keeps the past out",
        "save dates it back to the epoch",
    ),
    caught(Bug::ConversionAgain, "a conversion counted each time it is told", "rows of facts get fresh ids"),
    caught(
        Bug::ExposureReplaced,
        "an exposure that a later one replaces",
        "the row says the newest exposure",
    ),
    caught(Bug::ExposureUntold, "exposures that nobody is told", "put of decisions does nothing"),
    caught(Bug::VariantForgotten, "variants by the hash alone", "load of decisions forgets what was shown"),
    caught(Bug::FindingsForgotten, "forget what reports must be told", "save clears the findings"),
    caught(Bug::JoiningForgotten, "visitors that stay people of their own", "a joining is not written"),
    caught(Bug::ArchiveLeft, "archived lines of erased people left", "the rewrite of an object does nothing"),
];

/// What a variant makes of profiles that were read.
pub(crate) fn twist_loaded(net: &Net, found: &mut BTreeMap<ProfileKey, Stored>, read: Read) {
    let mut ground = net.lock();
    match ground.bug {
        Bug::NaiveAdd => found.values_mut().for_each(|stored| {
            stored.profile.marks = Marks::default();
            stored.profile.ring = Ring::default();
        }),
        Bug::TombstoneIgnored if ground.notes.basis.shard.is_some() => {
            found.values_mut().for_each(|stored| stored.profile.erasure = None);
        }
        Bug::RedriveRevives => {
            let redriven = ground.notes.redriven.clone();
            let of_redriven = found.iter_mut().filter(|(key, _)| redriven.contains(*key));
            of_redriven.for_each(|(_, stored)| stored.profile.erasure = None);
        }
        Bug::VariantForgotten if ground.notes.is_page => {
            found.values_mut().for_each(|stored| stored.profile.measured = Measured::default());
        }
        Bug::NoRing => found.values_mut().for_each(|stored| stored.profile.ring = Ring::default()),
        Bug::RingOfEight => found.values_mut().for_each(|stored| shorten(&mut stored.profile.ring)),
        Bug::MergeWithoutFreeze => found.values_mut().for_each(|stored| {
            stored.profile.link = stored.profile.link.take().filter(|link| link.merge_pending);
        }),
        Bug::MergeTwice => found.values_mut().for_each(|stored| stored.profile.merged.clear()),
        Bug::ReopenSessions => {
            let now = ground.clock.now();
            for stored in found.values_mut() {
                if let Some(latest) = &mut stored.profile.sessions.latest {
                    latest.last_at = latest.last_at.max(now);
                }
            }
        }
        Bug::UnprocessedDropped if read == Read::Eventual && found.len() > 1 => {
            let keys: Vec<ProfileKey> = found.keys().cloned().collect();
            let dropped = ground.dice.pick(&keys).cloned();
            found.retain(|key, _| Some(key) != dropped.as_ref());
        }
        _ => {}
    }
}

/// What a variant makes of trends that were read.
pub(crate) fn twist_trends(net: &Net, found: &mut BTreeMap<TrendKey, Versioned<Trend>>) {
    if net.lock().bug == Bug::NeighboursForgotten {
        found.values_mut().for_each(|stored| stored.state = stored.state.clone().without_neighbours());
    }
}

/// Signals without what else was looked at or bought.
pub(crate) fn drop_pairs(records: &mut [NewRecord]) {
    for record in records {
        let text = String::from_utf8_lossy(&record.data).into_owned();
        let lines = text.split('\n').map(|text| {
            let Ok(mut line) = serde_json::from_str::<SignalLine>(text) else { return text.to_owned() };
            line.others.clear();
            serde_json::to_string(&line).unwrap_or_else(|_| text.to_owned())
        });
        record.data = lines.collect::<Vec<_>>().join("\n").into_bytes();
    }
}

/// The newest eight ids of a ring, by its stored form: a sequence, oldest first.
fn shorten(ring: &mut Ring) {
    let Ok(serde_json::Value::Array(seen)) = serde_json::to_value(&*ring) else { return };
    let newest = seen[seen.len().saturating_sub(8)..].to_vec();
    if let Ok(short) = serde_json::from_value(serde_json::Value::Array(newest)) {
        *ring = short;
    }
}

/// What a variant makes of a profile that is to be written. Returns whether its merge record is put before.
pub(crate) fn twist_saved(net: &Net, profile: &mut Profile) -> bool {
    let bug = net.lock().bug;
    match bug {
        Bug::HeardForgotten => profile.rules.outbox.clear(),
        Bug::FindingsForgotten => profile.measured.outbox.clear(),
        _ => {}
    }
    let Some(link) = profile.link.as_mut().filter(|link| link.merge_pending) else { return false };
    if bug == Bug::OutboxCleared {
        link.merge_pending = false;
    }
    bug == Bug::EffectsFirst
}

/// The time of events as their clients told it, without holding it within reason.
pub(crate) fn unclamp(book: &Book, records: &mut [NewRecord]) {
    for record in records {
        let text = String::from_utf8_lossy(&record.data).into_owned();
        let lines = text.split('\n').map(|text| {
            let Ok((mut line, _)) = Line::parse(text, &record.partition_key) else { return text.to_owned() };
            if let Some((told, sent)) = book.client_times.get(&line.id) {
                let offset_ms = sent.map_or(0, |sent| line.received_at - sent.as_ms());
                line.occurred_at = told.as_ms() + offset_ms;
            }
            serde_json::to_string(&line).unwrap_or_else(|_| text.to_owned())
        });
        record.data = lines.collect::<Vec<_>>().join("\n").into_bytes();
    }
}
