//! An event: an immutable, timestamped fact about one profile, already parsed and valid.

use crate::code::CouponCode;
use crate::consent::ConsentChoices;
use crate::engagement::Shown;
use crate::experiment::RunId;
use crate::id::{
    Brand, CartId, Category, EffectId, EventId, EventName, OrderId, ProductId, SourceId, VariantId,
};
use crate::key::ProfileKey;
use crate::money::Money;
use crate::outreach::Group;
use crate::profile::Profile;
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

pub use crate::coupon::Coupon;

/// A fact about one profile.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// The producer's id; with [`Event::source`] the deduplication key.
    pub id: EventId,
    /// The source that sent it.
    pub source: SourceId,
    /// When it happened, by the producer's clock, corrected by `sentAt` and clamped.
    pub occurred_at: Timestamp,
    /// When the collector received it, by our clock.
    pub received_at: Timestamp,
    /// Choices of consent that it carries.
    pub consent: ConsentChoices,
    /// The person's time zone (IANA name), when the client told it.
    pub timezone: Option<SmolStr>,
    /// The person's locale (BCP 47), when the client told it.
    pub locale: Option<SmolStr>,
    /// The customer that a publishable key *says* this visitor is: kept, never believed.
    pub claim: Option<ProfileKey>,
    /// The kind of device, when the client told it.
    pub device: Option<Device>,
    /// What few events tell besides.
    pub details: Option<Box<Details>>,
    /// What happened.
    pub kind: EventKind,
}

/// A kind of device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Device {
    /// A telephone.
    Mobile,
    /// A tablet.
    Tablet,
    /// A computer, or what is not known to be anything else.
    Desktop,
    /// A program.
    Bot,
}

impl Device {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Mobile, Self::Tablet, Self::Desktop, Self::Bot];

    /// The word for it, in events and in rules.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Desktop => "desktop",
            Self::Bot => "bot",
        }
    }

    /// The kind of a word; `None` when no kind is called so.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.code() == word)
    }
}

/// What few events tell: where the person came from, and properties that no kind of event has by itself.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Details {
    /// Host of the referring page.
    pub referrer: Option<SmolStr>,
    /// The campaign that brought the person.
    pub campaign: Campaign,
    /// Properties by name, in their order, each name once.
    pub properties: Vec<(SmolStr, TraitValue)>,
}

/// A campaign, as `utm_` parameters name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Campaign {
    /// `utm_campaign`.
    pub name: Option<SmolStr>,
    /// `utm_source`.
    pub source: Option<SmolStr>,
    /// `utm_medium`.
    pub medium: Option<SmolStr>,
}

impl Campaign {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Event {
    /// A property that no kind of event has by itself.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&TraitValue> {
        let properties = &self.details.as_ref()?.properties;
        properties.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// What happened. The commerce events are Segment's e-commerce spec V2.
#[derive(Clone, PartialEq, Debug)]
pub enum EventKind {
    /// `Product Viewed`.
    ProductViewed(Item),
    /// `Product Dwelled`: attention paid to a product, by a visible page (our extension).
    ProductDwelled {
        /// The product looked at.
        product: ProductId,
        /// Time the page was visible.
        engaged: DurationMs,
    },
    /// `Product Added`.
    ProductAdded(CartRef, Item),
    /// `Product Removed`; a quantity of 0 removes the whole line.
    ProductRemoved(CartRef, Item),
    /// `Cart Updated`: the whole cart as it is now (our extension).
    CartUpdated(CartRef, Vec<Item>),
    /// `Order Completed`.
    OrderCompleted {
        /// The shop's order number.
        order: Option<OrderId>,
        /// What was paid.
        total: Option<Money>,
        /// What was bought.
        items: Vec<Item>,
        /// The coupon that was used, or several in one text.
        coupon: Option<CouponCode>,
    },
    /// `Order Unconfirmed`: a page's purchase, until a server tells of it.
    OrderUnconfirmed,
    /// `Coupon Entered`.
    CouponEntered(Box<Coupon>),
    /// `Coupon Applied`.
    CouponApplied(Box<Coupon>),
    /// `Coupon Denied`.
    CouponDenied(Box<Coupon>),
    /// `Coupon Removed`.
    CouponRemoved(Box<Coupon>),
    /// `Decision Viewed`, of a slot.
    DecisionViewed(Box<Shown>),
    /// `Decision Clicked`, of a slot.
    DecisionClicked(Box<Shown>),
    /// Any other `track` event.
    Track(EventName),
    /// `page`.
    Page,
    /// `screen`.
    Screen,
    /// `group`: accepted and counted.
    Group,
    /// `identify` or `alias`.
    Identify {
        /// Traits that are not contact data (those never enter the stream).
        traits: BTreeMap<String, TraitValue>,
        /// The customer that a secret key proved this visitor to be.
        link: Option<ProfileKey>,
    },
    /// A reminder of the cart's episode has reached its end (put by the cart-mailer).
    TimerDue {
        /// The episode the timer belonged to, as [`crate::EpisodeId`] writes it.
        episode: String,
        /// Which timer of the episode.
        timer: u32,
        /// Which step of the series, from 1.
        step: u8,
        /// How it ended.
        outcome: TimerOutcome,
    },
    /// Time alone may have changed what holds of the person: the rules look again (put by the cart-mailer).
    RulesDue,
    /// The person entered or left a segment (put by the profiler).
    SegmentChanged {
        /// The segment.
        segment: SmolStr,
        /// Whether the person is in it now.
        entered: bool,
    },
    /// An order that followed a reminder is written down (put by the cart-mailer).
    ConversionRecorded(EffectId),
    /// The person was shown a variant of an experiment (put by decisions).
    Exposed {
        /// Of which run.
        run: RunId,
        /// Which.
        variant: VariantId,
    },
    /// The state of a visitor's frozen profile, to be folded into this customer's.
    Merge {
        /// The frozen profile.
        from: ProfileKey,
        /// Its state at the freeze.
        state: Box<Profile>,
    },
}

/// How a reminder ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerOutcome {
    /// Sent, or given up for good: the next step follows.
    Done,
    /// Not sent, for a reason that may be over when the cart changes: the next step follows.
    Skipped,
    /// Held back, so that what mail achieves can be measured: the next step follows.
    HeldOut,
    /// There is nobody to send it to yet: it may be tried again when a contact becomes known.
    NoContact,
    /// It waits.
    Later {
        /// Until when.
        until: Timestamp,
    },
}

impl TimerOutcome {
    /// The group for which an order after it counts, where the step was answered for good.
    #[must_use]
    pub const fn group(self) -> Option<Group> {
        match self {
            Self::Done => Some(Group::Treated),
            Self::HeldOut => Some(Group::HeldOut),
            Self::Skipped | Self::NoContact | Self::Later { .. } => None,
        }
    }
}

impl EventKind {
    /// The name under which rules ask for it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::ProductViewed(_) => "Product Viewed",
            Self::ProductDwelled { .. } => "Product Dwelled",
            Self::ProductAdded(..) => "Product Added",
            Self::ProductRemoved(..) => "Product Removed",
            Self::CartUpdated(..) => "Cart Updated",
            Self::OrderCompleted { .. } => "Order Completed",
            Self::OrderUnconfirmed => "Order Unconfirmed",
            Self::CouponEntered(_) => "Coupon Entered",
            Self::CouponApplied(_) => "Coupon Applied",
            Self::CouponDenied(_) => "Coupon Denied",
            Self::CouponRemoved(_) => "Coupon Removed",
            Self::DecisionViewed(_) => "Decision Viewed",
            Self::DecisionClicked(_) => "Decision Clicked",
            Self::Track(name) => name.as_str(),
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Identify { .. } => "identify",
            Self::TimerDue { .. } | Self::RulesDue => "Timer Due",
            Self::SegmentChanged { entered: true, .. } => "Segment Entered",
            Self::SegmentChanged { entered: false, .. } => "Segment Exited",
            Self::ConversionRecorded(_) => "Conversion Recorded",
            Self::Exposed { .. } => "Experiment Viewed",
            Self::Merge { .. } => "Profile Merged",
        }
    }

    /// Whether Beckon itself put the event, so that it is no behaviour of the person.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        matches!(
            self,
            Self::TimerDue { .. }
                | Self::RulesDue
                | Self::SegmentChanged { .. }
                | Self::ConversionRecorded(_)
                | Self::Exposed { .. }
                | Self::Merge { .. }
        )
    }
}

/// Which cart an event speaks of, and where a person finds it again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CartRef {
    /// The shop's cart id.
    pub id: Option<CartId>,
    /// Where the cart can be restored (our extension `cart_url`), without query values.
    pub url: Option<String>,
}

/// A product as an event names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Which product.
    pub product: ProductId,
    /// Its category.
    pub category: Option<Category>,
    /// Its brand.
    pub brand: Option<Brand>,
    /// Its name, as the person saw it.
    pub name: Option<SmolStr>,
    /// Price of one unit.
    pub price: Option<Money>,
    /// How many.
    pub quantity: u32,
}

impl crate::told::Ranked for TraitValue {
    fn rank(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (a, b) => a.kind().cmp(&b.kind()),
        }
    }
}

impl TraitValue {
    const fn kind(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
        }
    }
}

/// The value of a trait.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum TraitValue {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}
