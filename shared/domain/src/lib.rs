//! The pure core of Beckon: what an event does to a profile, and what follows from it.
//!
//! Nothing here knows a clock, the environment, randomness or I/O. Every operation takes its time and its
//! limits as arguments and returns a plan (a new state and effects) that the functions carry out.
//!
//! Reading order: ids and values ([`id`], [`time`], [`money`], [`key`]), what comes in ([`event`]), what is
//! kept ([`profile`] and its parts), what an event does ([`apply`]), how a batch becomes one write ([`fold`]),
//! how two halves of a person become one ([`merge`]), how state is stored ([`packed`]), when a left cart
//! becomes a reminder ([`abandonment`]), and how a reminder is sent at most once ([`outreach`]), which
//! order followed it ([`conversion`]), who was shown which variant of an experiment ([`experiment`]), and what stays of who is erased ([`erasure`]). What a shop says of its
//! products is in [`catalog`]. Whether every event came to its end is asked by [`reconcile`]. What rules keep of a person is in [`watched`] and [`reaction`]. Discount codes are in
//! [`code`].
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod abandonment;
pub mod affinity;
pub mod apply;
pub mod blocked;
pub mod cart;
pub mod catalog;
pub mod code;
pub mod consent;
pub mod conversion;
pub mod counters;
pub mod coupon;
pub mod day;
pub mod days;
pub mod decay;
pub mod engagement;
pub mod erasure;
pub mod event;
pub mod experiment;
pub mod fold;
pub mod id;
pub mod key;
pub mod link;
pub mod mark;
pub mod merge;
pub mod money;
pub mod orders;
pub mod outreach;
pub mod packed;
pub mod policy;
pub mod price_band;
pub mod profile;
pub mod reaction;
pub mod reconcile;
pub mod reputation;
pub mod ring;
pub mod send_limits;
pub mod sequence;
pub mod session;
pub mod settled;
pub mod time;
pub mod told;
pub mod trail;
pub mod viewed;
pub mod watched;
pub mod window;

pub use catalog::{CatalogSnapshot, ProductFacts};
pub use code::{CouponCode, DiscountCode, PoolName};
pub use day::Day;
pub use erasure::Erasure;
pub use id::{Brand, CartId, Category, EpisodeId, ErasureId, EventId, GroupId, OrderId, ProductId, SourceId};
pub use key::{ContactHash, Pepper, ProfileKey, ProfileKind};
pub use money::{Currency, Money};
pub use outreach::{Reminder, ReminderId, ReminderStatus};
pub use policy::Policy;
pub use price_band::PriceBand;
pub use profile::Profile;
pub use smol_str::SmolStr;
pub use time::{DurationMs, Timestamp};
