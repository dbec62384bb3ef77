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
/// Bytes of a stored session index at most. It is held against this before it is published and before it is read; the
/// limits of [`crate::session_knn::Limits`] keep one of usual ids below it.
pub const SESSION_INDEX_BYTES_MAX: usize = 24 << 20;
