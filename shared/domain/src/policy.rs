//! Every limit and threshold of the core, named with its unit.

use crate::consent::ConsentDefault;
use crate::outreach::Series;
use crate::time::DurationMs;

/// What a shop may tune. The defaults work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A session ends after this much time without an event (event time).
    pub session_gap: DurationMs,
    /// An event that is older than its profile's newest one by more than this is in no session; it counts everywhere
    /// else.
    pub session_lateness: DurationMs,
    /// Dwell time counted for one product view at most, so that a forgotten tab is not devotion.
    pub dwell_max: DurationMs,
    /// An interest loses half its weight in this time.
    pub affinity_half_life: DurationMs,
    /// The reminders of a left cart; `None` when no rule sends them.
    pub reminders: Option<Series>,
    /// What holds where a person has chosen nothing.
    pub consent_default: ConsentDefault,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            session_gap: DurationMs::from_minutes(30),
            session_lateness: DurationMs::from_hours(24),
            dwell_max: DurationMs::from_minutes(10),
            affinity_half_life: DurationMs::from_days(7),
            reminders: None,
            consent_default: ConsentDefault::default(),
        }
    }
}

impl Policy {
    /// A cart is abandoned after this much time without a change: the delay of the first reminder.
    #[must_use]
    pub fn cart_idle(&self) -> Option<DurationMs> {
        self.reminders.as_ref()?.delay(1)
    }
}

/// Products remembered as viewed, with the interest in each; newest kept, of equal ones the larger id.
pub const VIEWED_COUNT_MAX: usize = 16;
/// Views of one product in one session that others are told of: what comes after says nothing new about the product, and a
/// program that reloads a page would.
pub const VIEW_TOLD_SESSION_MAX: u8 = 3;
/// What others are told of is counted within this time, by event time and to an hour.
pub const TOLD_WITHIN: DurationMs = DurationMs::from_hours(24);
/// Views of one person within [`TOLD_WITHIN`] that others are told of.
pub const VIEW_TOLD_COUNT_MAX: u64 = 1_000;
/// Products put into carts by one person, of which others are told, within the same time.
pub const ADD_TOLD_COUNT_MAX: u64 = 200;
/// Orders of one person, of which others are told, within the same time.
pub const ORDER_TOLD_COUNT_MAX: u64 = 50;
/// Products looked at before a view that are told with it.
pub const TRAIL_TOLD_COUNT_MAX: usize = 5;
/// Categories with an affinity, and brands with one; strongest kept, of equal ones the first by name.
pub const AFFINITY_COUNT_MAX: usize = 16;
/// Products remembered as bought; newest kept, of equal ones the larger id.
pub const BOUGHT_COUNT_MAX: usize = 32;
/// Currencies in which purchases are summed; the first codes of the alphabet are kept, because nothing that depends on
/// time could be, without a sum that is sometimes too small.
pub const CURRENCY_COUNT_MAX: usize = 8;
/// Different products in one cart, oldest line dropped.
pub const CART_LINE_COUNT_MAX: usize = 50;
/// An order this long after a step was answered still belongs to it. A week, because the last step of the default series
/// comes three days after the cart was left, and what is bought later was hardly brought back by a mail.
pub const CONVERSION_WINDOW: DurationMs = DurationMs::from_days(7);
/// Answered steps that are remembered, newest kept: four series of three steps.
pub const ANSWER_COUNT_MAX: usize = 12;
/// Orders that are remembered for the steps before them, newest kept. More than these within one run of the mailer, a
/// minute, are not counted for any step.
pub const ORDER_COUNT_MAX: usize = 4;
/// Codes applied and removed that are remembered for the orders after them, newest kept.
pub const CODE_USE_COUNT_MAX: usize = 6;
/// Runs of experiments that a profile keeps the first exposure of; beyond, those entered first are forgotten.
pub const EXPOSURE_COUNT_MAX: usize = 32;
/// What a person did last and experiments may count, kept for exposures that become known after it.
pub const FACT_COUNT_MAX: usize = 8;
/// Decisions that a person saw and that are remembered, newest kept.
pub const TOUCH_COUNT_MAX: usize = 32;
/// How long a decision is remembered after it was seen: by the newest one that is.
pub const TOUCH_RETENTION: DurationMs = DurationMs::from_days(30);
/// Strategies of one decision that are remembered: a list has few, and whoever forges one has no more.
pub const TOUCH_STRATEGY_COUNT_MAX: usize = 8;
/// Decisions of one person that are counted on one day (UTC): a program that reloads a page says nothing new.
pub const TOUCH_TOLD_COUNT_MAX: u16 = 200;
/// An order this long after a click in a decision is credited to it: the window that advertising networks take by default,
/// and that of a reminder.
pub const CLICK_WINDOW: DurationMs = DurationMs::from_days(7);
/// An order this long after a decision was seen, and not clicked, is credited to it: a day, because a glance is soon
/// forgotten, and most people who buy have seen something of everything.
pub const VIEW_WINDOW: DurationMs = DurationMs::from_days(1);
/// Orders that are remembered as credited, so that none is credited twice; newest kept.
pub const CREDITED_ORDER_COUNT_MAX: usize = 8;
/// Units of one product in a cart; more are held at this number.
pub const QUANTITY_MAX: u32 = 9_999;
/// Names of events whose last occurrence is remembered, longest unseen dropped.
pub const EVENT_NAME_COUNT_MAX: usize = 24;
/// Things that rules want others to hear of, in one state: more than any ruleset tells of one batch.
pub const OUTBOX_COUNT_MAX: usize = 256;
/// Traits kept, in name order.
pub const TRAIT_COUNT_MAX: usize = 32;
/// Event ids remembered to recognise a producer's repetition: the largest request. Older or more numerous
/// repetitions count again; this bound is part of the public promise.
pub const RING_COUNT_MAX: usize = 512;
/// How long an event id is remembered.
pub const RING_AGE_MAX: DurationMs = DurationMs::from_hours(24);
/// Shards whose progress is remembered, whatever their age: the hard cap. The one unseen for longest is dropped first.
pub const MARK_COUNT_MAX: usize = 32;
/// The longest time that a stream may keep a record: Kinesis' own limit, 8,760 hours, and the largest value that the
/// template takes. A mark that did not move for longer than this guards nothing, because no record that it covers can
/// be delivered again. A shorter time would save at most 32 marks of 70 bytes in profiles that live through many
/// reshardings, and would count events twice when a stream with long retention is read again from its beginning.
pub const RETENTION_MAX: DurationMs = DurationMs::from_hours(8_760);
/// Anonymous profiles whose state is folded into one customer (Segment's limit).
pub const MERGE_COUNT_MAX: usize = 100;
/// Anonymous ids linked to one customer over its life, folded or not (Segment's limit).
pub const LINKED_ID_COUNT_MAX: u32 = 1_000;
/// Hours of which a profile remembers how many events it settled: more than the mapping's longest delay and the time after
/// which an hour is looked at, for a person who is there in each of them.
pub const SETTLED_HOUR_COUNT_MAX: usize = 12;
/// A reader's profile is forgotten after this much time without an event.
pub const PROFILE_RETENTION: DurationMs = DurationMs::from_days(365);
/// Bytes of a product's title: Google's 150 characters, of four bytes each.
pub const TITLE_BYTES_MAX: usize = 600;
/// Bytes of a product's link, and of that of its picture (Google's limit).
pub const LINK_BYTES_MAX: usize = 2_000;
/// Levels of a product's category that are kept, the first ones.
pub const CATEGORY_LEVEL_MAX: usize = 8;
/// Attributes of a product beside those that Beckon knows.
pub const ATTRIBUTE_COUNT_MAX: usize = 20;
/// Bytes of an attribute's name.
pub const ATTRIBUTE_NAME_BYTES_MAX: usize = 64;
/// Bytes of an attribute's value.
pub const ATTRIBUTE_VALUE_BYTES_MAX: usize = 256;
/// Products of a snapshot of which everything is in it. Of more, only what filters need.
pub const SNAPSHOT_WHOLE_COUNT_MAX: usize = 50_000;
/// Bytes that a snapshot may take in memory. A function of 128 MB has room for it twice, while the next one is read.
pub const SNAPSHOT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A product that was deleted is remembered as such for this time, so that no event and no older feed brings it back.
pub const TOMBSTONE_RETENTION: DurationMs = DurationMs::from_days(90);
/// What events say of a product that no feed has is forgotten after this time, unless it is said again.
pub const EVENT_FACTS_RETENTION: DurationMs = DurationMs::from_days(365);
/// What events say of a product is written again after this time, although nothing in it is new, so that it stays.
pub const EVENT_FACTS_REFRESH: DurationMs = DurationMs::from_days(180);
