//! Every limit and threshold of recommendations, named with its unit.

use beckon_domain::DurationMs;

/// Popularity loses half its weight in this time: a week, so that weekdays and weekends weigh alike.
pub const POPULARITY_HALF_LIFE: DurationMs = DurationMs::from_days(7);
/// What a view counts in the score of a best seller.
pub const VIEW_POINTS: u64 = 1;
/// What putting it into a cart counts.
pub const CART_POINTS: u64 = 3;
/// What an order of it counts, however many units.
pub const PURCHASE_POINTS: u64 = 10;
/// Signal ids that an item or a category remembers, to recognise one that was put again. One that comes again after so
/// many others of its item counts again; this bound is part of the public promise. Eight bytes each.
pub const RECENT_COUNT_MAX: usize = 64;
/// What makes a product a best seller at all, in millionths of a point: an order, or five views, within days. Fewer are somebody's visit, and would
/// make most writes of lists: no list takes them in, and no page shows them.
pub const BEST_SELLER_SCORE_MIN: u64 = 5_000_000;
/// Products in one list of best sellers; the strongest are kept, of equal ones the first id.
pub const BEST_SELLER_COUNT_MAX: usize = 50;
/// An item or a category is forgotten after this much time without a signal: by then nothing of its decayed weight is
/// left, and ids of products that somebody made up do not stay for ever.
pub const TREND_RETENTION: DurationMs = DurationMs::from_days(365);

/// What two products one after the other count in the list of the first, so that a distance up to five divides it.
pub const PAIR_POINTS: u64 = 60;
/// Products of an order that each of its products is told of. Of products looked at it is
/// [`beckon_domain::policy::TRAIL_TOLD_COUNT_MAX`]: more (up to 20 were tried) recommend no better, and each is a signal and a
/// list to write.
pub const TOGETHER_TOLD_COUNT_MAX: usize = 10;
/// What the second product of a pair learns of the first: half.
pub const BACKWARD_DIVISOR: u64 = 2;
/// A pair loses half its weight in this time: what a shop sells changes more slowly than what is popular.
pub const NEIGHBOUR_HALF_LIFE: DurationMs = DurationMs::from_days(60);
/// Neighbours kept of a product.
pub const NEIGHBOUR_COUNT_MAX: usize = 50;
/// Products kept that are bought together with one.
pub const TOGETHER_COUNT_MAX: usize = 20;
/// The lists that a ranking looks into: those of a session's newest products.
pub const RANK_LIST_COUNT_MAX: usize = 10;
/// Products of a session that a ranking looks at, newest first.
pub const RANK_OWN_COUNT_MAX: usize = 20;
/// Each product of a session weighs so much less than the one after it.
pub const RANK_STEP: f64 = 0.7;
/// Pairs that a list must have counted before its shares are believed half.
pub const RANK_PRIOR_PAIRS: f64 = 3.0;
/// What a product of the session itself gets, where a neighbour gets its share of a list.
pub const OWN_SHARE: f64 = 0.3;
/// Of what rises half is forgotten in this time.
pub const TRENDING_HALF_LIFE: DurationMs = DurationMs::from_days(1);
/// A product rises when its points of lately are so many times what its points of the longer time let expect.
pub const TRENDING_FACTOR: u64 = 2;
/// What a product that rises must have at least, in millionths of a point, counted by [`TRENDING_HALF_LIFE`]: an order, or ten
/// views within hours.
pub const TRENDING_SCORE_MIN: u64 = 10_000_000;
/// Bytes of a stored session index at most. It is held against this before it is published and before it is read; the
/// limits of [`crate::session_knn::Limits`] keep one of usual ids below it.
pub const SESSION_INDEX_BYTES_MAX: usize = 24 << 20;
/// How much the fresh layer counts in a blend with the session index. The index ranks better, but does not know the newest
/// sessions: of 0 to 3, this costs nothing while it is new and gains where it lags behind (`beckon evaluate --behind`).
pub const BLEND_FRESH_WEIGHT: f64 = 0.2;
/// How much the session index counts in a blend.
pub const BLEND_INDEX_WEIGHT: f64 = 1.0;
/// Products of each layer that a blend looks at: enough that one layer's favourites find their score in the other.
pub const BLEND_CANDIDATE_COUNT: usize = 100;
/// Combinations of rule, offer and strategy that one slot counts apart on one day; what comes after these is counted together.
pub const COMBINATION_COUNT_MAX: usize = 200;
/// Signals that a slot remembers of a day, to recognise one that was put again: more than a product does, because every page
/// view is a signal of the same few slots. Four bytes each.
pub const SLOT_RECENT_COUNT_MAX: usize = 256;
/// How long the numbers of a slot's day are kept.
pub const ENGAGEMENT_RETENTION: DurationMs = DurationMs::from_days(400);
/// Days whose decisions say what strategies are worth, the last whole ones.
pub const WORTH_DAYS: u32 = 28;
/// Decisions seen of a slot's strategies, together, from which on something is learned.
pub const WORTH_VIEWS_MIN: u64 = 1_000;
/// Decisions clicked, the same.
pub const WORTH_CLICKS_MIN: u64 = 50;
/// Decisions seen of one strategy, from which on it is among those that are compared.
pub const WORTH_STRATEGY_VIEWS_MIN: u64 = 200;
/// What the slot's mean weighs in a strategy's factor, in clicks or orders: so many of its own count as much.
pub const WORTH_PRIOR: f64 = 20.0;
/// By how much a strategy's weight is multiplied at least: what is not shown at all can never do better.
pub const WORTH_MIN: f64 = 0.5;
/// By how much at most.
pub const WORTH_MAX: f64 = 2.0;
/// What a strategy weighs beside the one before it in a slot's order, before anything is learned: its best product comes just
/// behind the other's last.
pub const NEXT_STRATEGY_WEIGHT: f64 = 0.49;
