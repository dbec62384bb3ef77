//! What a profile says of how likely its person is to buy: one function, for training and for serving.
//!
//! Recency, frequency, what was spent, the depth of the session, attention, the cart, repetition, and the hour. Counts
//! enter as ln (1 + count): the tenth view says less than the second. All of it is known at the instant that is asked of,
//! and nothing of it is a name.

use super::numeric::ln_1p;
use beckon_domain::affinity::POINT;
use beckon_domain::cart::CartLine;
use beckon_domain::counters::Counted;
use beckon_domain::event::Device;
use beckon_domain::session::Session;
use beckon_domain::viewed::View;
use beckon_domain::{Category, DurationMs, Policy, Profile, Timestamp};
use std::collections::BTreeSet;

/// The features, in the order of their numbers. A model keeps the names of those that it was trained on, so that one
/// trained on others is never used.
pub const NAMES: [&str; 45] = [
    "session.events",
    "session.minutes",
    "session.pages",
    "session.products",
    "session.repeats",
    "session.adds",
    "session.orders",
    "session.wishlist",
    "session.search",
    "session.dwell",
    "session.dwell_per_product",
    "session.in_cart",
    "session.bought_before",
    "session.has_campaign",
    "session.has_referrer",
    "session.mobile",
    "session.desktop",
    "session.same_category",
    "session.categories",
    "session.product_interest",
    "session.cart_of_category",
    "cart.products",
    "cart.value",
    "cart.recency",
    "before.sessions",
    "before.events_per_session",
    "before.minutes_per_session",
    "before.orders",
    "before.orders_per_session",
    "before.orders_7d",
    "before.orders_per_event",
    "before.order_recency",
    "before.spent_per_order",
    "before.adds",
    "before.adds_7d",
    "before.views_24h",
    "before.views_7d",
    "before.days_active",
    "before.days_known",
    "hour.02",
    "hour.06",
    "hour.10",
    "hour.14",
    "hour.18",
    "weekend",
];

/// Features of one person at one instant.
#[derive(Clone, PartialEq, Debug)]
pub struct Features([f64; NAMES.len()]);

impl Features {
    /// The features of a profile at an instant, by the policy that folded it. Nobody (`Profile::default`) has features
    /// too.
    #[must_use]
    pub fn of(profile: &Profile, at: Timestamp, policy: &Policy) -> Self {
        let open = |session: &&Session| at.since(session.last_at) <= policy.session_gap;
        let session = profile.sessions.latest.as_ref().filter(open);
        let mut columns = Columns::default();
        in_session(&mut columns, profile, session, at, policy);
        in_cart(&mut columns, profile, at);
        before(&mut columns, profile, session, at);
        of_the_clock(&mut columns, at);
        Self(columns.values)
    }

    /// The numbers, in the order of [`NAMES`].
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }
}

/// The numbers, filled from the first to the last.
struct Columns {
    values: [f64; NAMES.len()],
    filled: usize,
}

impl Default for Columns {
    fn default() -> Self {
        Self { values: [0.0; NAMES.len()], filled: 0 }
    }
}

impl Columns {
    fn push(&mut self, value: f64) {
        debug_assert!(self.filled < NAMES.len(), "more features than names");
        if let Some(place) = self.values.get_mut(self.filled) {
            *place = if value.is_finite() { value } else { 0.0 };
        }
        self.filled += 1;
    }

    fn flag(&mut self, is_so: bool) {
        self.push(f64::from(u8::from(is_so)));
    }

    /// A count or an amount.
    fn log(&mut self, amount: f64) {
        self.push(ln_1p(amount));
    }
}

const HOUR: DurationMs = DurationMs::from_hours(1);
const DAY: DurationMs = DurationMs::from_days(1);
const WEEK: DurationMs = DurationMs::from_days(7);

fn in_units(length: DurationMs, unit: DurationMs) -> f64 {
    length.as_ms() as f64 / unit.as_ms() as f64
}

/// 1 when it was just now, a half after one unit, 0 when it never was.
fn recency(since: Option<Timestamp>, at: Timestamp, unit: DurationMs) -> f64 {
    since.map_or(0.0, |since| 1.0 / (1.0 + in_units(at.since(since), unit)))
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// An amount of money in whole units of its currency, whatever that is: shops have one.
fn units(minor: i64) -> f64 {
    minor as f64 / 100.0
}

fn in_session(
    columns: &mut Columns,
    profile: &Profile,
    session: Option<&Session>,
    at: Timestamp,
    policy: &Policy,
) {
    let began_at = session.map_or(at, |session| session.started_at);
    let since = |then: Option<Timestamp>| session.is_some() && then.is_some_and(|then| then >= began_at);
    // Counts are kept in buckets of minutes: a bucket that the session shares with what was before counts whole.
    let width = DurationMs::from_ms(at.since(began_at).as_ms().saturating_add(1));
    let counted = |kind| session.map_or(0, |_| profile.counters.count_within(kind, at, width)) as f64;
    let viewed: Vec<&View> = profile.viewed.newest_first().filter(|view| since(Some(view.at))).collect();
    let product_count = viewed.len() as f64;
    let dwell = viewed.iter().map(|view| view.dwell_at(at, policy.session_gap, policy.dwell_max));
    let dwell_minutes = dwell.map(|dwell| in_units(dwell, HOUR) * 60.0).sum::<f64>();

    columns.log(session.map_or(0.0, |session| f64::from(session.event_count)));
    columns.log(in_units(at.since(began_at), HOUR) * 60.0);
    columns.log(session.map_or(0.0, |session| f64::from(session.page_count)));
    columns.log(product_count);
    let repeats = counted(Counted::View) - product_count;
    columns.log(repeats);
    columns.log(counted(Counted::Add));
    columns.flag(since(profile.orders.last_at));
    columns.flag(since(profile.last_event_at("Product Added to Wishlist")));
    columns.flag(since(profile.last_event_at("Products Searched")));
    columns.log(dwell_minutes);
    columns.log(ratio(dwell_minutes, product_count));
    let is_in_cart = |view: &&&View| profile.cart.lines.iter().any(|line| line.product == view.product);
    columns.log(viewed.iter().filter(is_in_cart).count() as f64);
    let was_bought = |view: &&&View| profile.orders.bought_at(view.product.as_str()).is_some();
    columns.log(viewed.iter().filter(was_bought).count() as f64);
    let entry = session.map(|session| &session.entry);
    columns.flag(entry.is_some_and(|entry| entry.campaign.is_some()));
    columns.flag(entry.is_some_and(|entry| entry.referrer.is_some()));
    let device = entry.and_then(|entry| entry.device);
    columns.flag(device == Some(Device::Mobile));
    columns.flag(device == Some(Device::Desktop));
    of_interest(columns, profile, &viewed, at, policy);
}

/// What the products of the session have to do with each other, with earlier interest and with the cart.
fn of_interest(columns: &mut Columns, profile: &Profile, viewed: &[&View], at: Timestamp, policy: &Policy) {
    let newest = viewed.first().and_then(|view| view.category.as_ref());
    let is_same = |category: Option<&Category>| newest.is_some() && category == newest;
    let same = viewed.iter().filter(|view| is_same(view.category.as_ref())).count();
    let categories: BTreeSet<&Category> = viewed.iter().filter_map(|view| view.category.as_ref()).collect();
    let score = |view: &&View| profile.viewed.score(view.product.as_str(), at, policy.affinity_half_life);
    let in_cart = profile.cart.lines.iter().filter(|line| is_same(line.category.as_ref())).count();
    columns.push(ratio(same as f64, viewed.len() as f64));
    columns.log(categories.len() as f64);
    columns.log(viewed.first().map_or(0.0, |view| score(view) as f64 / POINT as f64));
    columns.log(in_cart as f64);
}

fn in_cart(columns: &mut Columns, profile: &Profile, at: Timestamp) {
    let cart = &profile.cart;
    let price =
        |line: &CartLine| line.price.map_or(0.0, |price| units(price.minor) * f64::from(line.quantity));
    columns.log(cart.lines.len() as f64);
    columns.log(cart.lines.iter().map(price).sum());
    columns.push(recency(Some(cart.changed_at).filter(|_| !cart.is_empty()), at, HOUR));
}

fn before(columns: &mut Columns, profile: &Profile, session: Option<&Session>, at: Timestamp) {
    let totals = if session.is_some() { profile.sessions.closed } else { profile.sessions.totals() };
    let session_count = f64::from(profile.sessions.count.saturating_sub(u32::from(session.is_some())));
    let within = |kind, width| profile.counters.count_within(kind, at, width) as f64;
    let orders = profile.counts.orders as f64;
    let spent = profile.orders.totals().iter().map(|total| units(total.minor)).sum::<f64>();

    columns.log(session_count);
    columns.log(ratio(f64::from(totals.event_count), session_count));
    columns.log(ratio(in_units(totals.length, HOUR) * 60.0, session_count));
    columns.log(orders);
    // Two sessions, and twenty events, without an order are assumed of everybody, so that the first order does not say
    // "always".
    columns.push(orders / (session_count + 2.0));
    columns.log(within(Counted::Purchase, WEEK));
    columns.push(orders / (profile.counts.events as f64 + 20.0));
    columns.push(recency(profile.orders.last_at, at, DAY));
    columns.log(ratio(spent, orders));
    columns.log(profile.counts.adds as f64);
    columns.log(within(Counted::Add, WEEK));
    columns.log(within(Counted::View, DAY));
    columns.log(within(Counted::View, WEEK));
    columns.log(f64::from(profile.days_active.count_within(at, 30)));
    let is_new = profile.counts.events == 0;
    columns.log(if is_new { 0.0 } else { in_units(at.since(profile.first_seen_at), DAY) });
}

const HOUR_CENTRES: [f64; 5] = [2.0, 6.0, 10.0, 14.0, 18.0];
const HOUR_WIDTH: f64 = 4.0;

/// The hour of the day (UTC) as how near it is to each of five hours, so that nothing jumps when a clock strikes; the
/// sixth, 22, follows from them. The first of January 1970 was a Thursday.
fn of_the_clock(columns: &mut Columns, at: Timestamp) {
    let day_ms = i64::try_from(DAY.as_ms()).unwrap_or(i64::MAX);
    let hour = (at.as_ms() % day_ms) as f64 / HOUR.as_ms() as f64;
    for centre in HOUR_CENTRES {
        let apart = if hour > centre { hour - centre } else { centre - hour };
        let apart = if apart > 12.0 { 24.0 - apart } else { apart };
        columns.push(if apart < HOUR_WIDTH { 1.0 - apart / HOUR_WIDTH } else { 0.0 });
    }
    let weekday = (at.as_ms() / day_ms + 3) % 7;
    columns.flag(weekday >= 5);
}

#[cfg(test)]
mod tests;
