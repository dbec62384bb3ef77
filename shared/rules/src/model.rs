//! A ruleset as it is after loading: typed, complete, every reference known to exist.

use crate::aggregate::Watch;
use crate::compiled::{Compiled, Compiler, Root};
use crate::condition::Condition;
use crate::discount::{CodeSource, DiscountRule};
use crate::error::{Place, Problem};
use crate::experiments::Experiments;
use crate::fact::Computed;
use crate::quiet::QuietHours;
use crate::react::Reactions;
use crate::selection::{Selection, Strategy};
use crate::table::Table;
use beckon_domain::code::PoolName;
use beckon_domain::consent::ConsentDefault;
use beckon_domain::event::TraitValue;
use beckon_domain::id::{EventName, OfferId, RuleId, SlotId};
use beckon_domain::outreach::Series;
use beckon_domain::{Category, Currency, DurationMs, Money, Policy, ProductId, SmolStr, Timestamp};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most items a slot shows.
pub const COUNT_MAX: usize = 50;
/// Items of a slot that does not say how many.
pub const COUNT_DEFAULT: usize = 4;
/// How long the answer for a slot may be kept, where the slot does not say.
pub const TTL_DEFAULT: DurationMs = DurationMs::from_secs(60);

/// A product of the ruleset's catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Product {
    /// The shop's id.
    pub id: ProductId,
    /// What people call it.
    pub name: String,
    /// Its category.
    pub category: Category,
    /// Its price, in the ruleset's currency.
    pub price: Option<Money>,
    /// Its page (http or https).
    pub url: Option<String>,
    /// Its picture (http or https).
    pub image_url: Option<String>,
    /// What goes with it, best first.
    pub accessories: Vec<ProductId>,
    /// What else one could buy instead, best first.
    pub related: Vec<ProductId>,
}

/// Content that can fill a slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// The headline.
    pub title: String,
    /// What it says.
    pub text: String,
    /// Where it leads (http or https).
    pub url: String,
}

/// The reminder of a left cart.
#[derive(Clone, PartialEq, Debug)]
pub struct Reminder {
    /// The rule that sends it.
    pub rule: RuleId,
    /// When its mails go out, and what holds them back.
    pub series: Series,
    /// When nobody is mailed.
    pub(crate) quiet_hours: Option<QuietHours>,
    /// What the person gets for coming back at each step; how much may depend on the person
    /// ([`Ruleset::discount_for`]).
    pub(crate) discounts: Vec<Option<DiscountRule>>,
    /// What must hold besides, when the reminder is sent.
    pub(crate) conditions: Vec<Condition>,
}

impl Reminder {
    /// The pools that its discounts take codes from, each once, by name.
    pub fn code_pools(&self) -> impl Iterator<Item = &PoolName> {
        let pools = self.discounts.iter().flatten().filter_map(|discount| match &discount.codes {
            CodeSource::Pool(pool) => Some(pool),
            CodeSource::Derived { .. } => None,
        });
        pools.collect::<BTreeSet<_>>().into_iter()
    }
}

/// A ruleset: compiled once from YAML, then only read.
#[derive(Clone, Debug)]
pub struct Ruleset {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) currency: Currency,
    pub(crate) policy: Policy,
    pub(crate) catalog: Catalog,
    pub(crate) offers: Vec<Arc<Offer>>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) reminder: Option<Reminder>,
    pub(crate) labels: BTreeMap<RuleId, Vec<String>>,
    pub(crate) tests: Vec<crate::testing::Scenario>,
    /// The shop's time zone.
    pub(crate) timezone: TimeZone,
    /// Segments, in the order of the text.
    pub(crate) segments: Vec<Segment>,
    /// Rules without a slot, in the order of the text.
    pub(crate) acting: Vec<Acting>,
    pub(crate) reactions: Reactions,
    /// All conditions, in the form that many are decided in.
    pub(crate) compiled: Compiled,
    /// Until when something is active: whose, and where the text says so.
    pub(crate) expiries: Vec<(Timestamp, Place, String)>,
    /// Computed traits, for what is compiled against it.
    pub(crate) computed: BTreeMap<String, Arc<Computed>>,
    pub(crate) experiments: Experiments,
}

impl Ruleset {
    /// The name that its author gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a product that it names is of this category.
    #[must_use]
    pub fn has_category(&self, category: &Category) -> bool {
        self.catalog.products().iter().any(|product| product.category == *category)
    }

    /// Which text it was compiled from: the first 12 hexadecimal digits of the text's SHA-256.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The currency of its prices.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The core's limits with what the rules say about them, such as when reminders go out.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The same ruleset where people who chose nothing have agreed to these purposes: the deployment's choice, not the
    /// marketer's.
    #[must_use]
    pub fn with_consent_default(mut self, consent_default: ConsentDefault) -> Self {
        self.policy.consent_default = consent_default;
        self
    }

    /// The catalog, in the order of the text.
    #[must_use]
    pub fn products(&self) -> &[Product] {
        &self.catalog.products
    }

    /// One product of the catalog.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<&Product> {
        self.catalog.product(id)
    }

    /// The slots, in the order of the text.
    pub fn slot_ids(&self) -> impl Iterator<Item = &SlotId> {
        self.slots.iter().map(|slot| &slot.id)
    }

    /// The reminder of left carts, if a rule sends one.
    #[must_use]
    pub fn reminder(&self) -> Option<&Reminder> {
        self.reminder.as_ref()
    }

    /// What of it is over at `now`: rules that will never be in force again. They harm nothing, and somebody has
    /// forgotten them.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> Vec<Problem> {
        let over = self.expiries.iter().filter(|(until, ..)| *until <= now);
        over.map(|(_, place, who)| Problem {
            line: place.line,
            column: place.column,
            message: format!("{who} is not active any more: remove it, or give it a later `until`"),
        })
        .collect()
    }

    /// The ids of the rules that fill slots and of those that act by themselves, in the order of the text of each.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        let of_slots = self.slots.iter().flat_map(|slot| &slot.rules).map(|rule| rule.id.as_str());
        of_slots.chain(self.acting.iter().map(|rule| rule.id.as_str()))
    }

    /// The names of the segments, in the order of the text.
    pub fn segment_ids(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map(|segment| segment.id.as_str())
    }

    /// How many aggregates a profile keeps for this ruleset, beside what every profile keeps.
    #[must_use]
    pub fn watch_count(&self) -> usize {
        self.reactions.watches().count()
    }

    /// The labels of a rule, for reports; none for a rule that does not exist.
    #[must_use]
    pub fn labels(&self, rule: &RuleId) -> &[String] {
        self.labels.get(rule).map_or(&[], Vec::as_slice)
    }

    /// The same with its conditions compiled.
    pub(crate) fn compile(mut self) -> Self {
        let of_slots = self.slots.iter().flat_map(|slot| &slot.rules).map(|rule| &rule.when);
        let of_segments = self.segments.iter().map(|segment| &segment.when);
        let of_acting = self.acting.iter().map(|rule| &rule.when);
        let mut compiler = Compiler::new(of_slots.chain(of_segments).chain(of_acting));
        for rule in self.slots.iter_mut().flat_map(|slot| &mut slot.rules) {
            rule.root = Some(compiler.add(&rule.when));
        }
        for segment in &mut self.segments {
            segment.root = Some(compiler.add(&segment.when));
        }
        for rule in &mut self.acting {
            rule.root = Some(compiler.add(&rule.when));
        }
        self.compiled = compiler.finish();
        self
    }

    pub(crate) fn slot(&self, id: &SlotId) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.id == *id)
    }

    pub(crate) fn offer(&self, id: &OfferId) -> Option<&Arc<Offer>> {
        self.offers.iter().find(|offer| offer.id == *id)
    }
}

/// The products, and the list that fills what nothing else does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    products: Vec<Product>,
    by_id: BTreeMap<String, usize>,
    pub(crate) best_sellers: Vec<ProductId>,
}

impl Catalog {
    pub(crate) fn new(products: Vec<Product>, best_sellers: Vec<ProductId>) -> Self {
        let by_id = products.iter().enumerate().map(|(i, p)| (p.id.as_str().to_owned(), i)).collect();
        Self { products, by_id, best_sellers }
    }

    pub(crate) fn product(&self, id: &str) -> Option<&Product> {
        self.by_id.get(id).and_then(|index| self.products.get(*index))
    }

    pub(crate) fn products(&self) -> &[Product] {
        &self.products
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// The products of a category, in the order of the text.
    pub(crate) fn of_category(&self, category: &Category) -> impl Iterator<Item = &Product> {
        self.products.iter().filter(move |product| product.category == *category)
    }
}

/// A named place that asks for content.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) id: SlotId,
    pub(crate) count: usize,
    pub(crate) fallback: SlotFallback,
    pub(crate) best_sellers: BestSellerChoice,
    pub(crate) current_item: CurrentItem,
    /// Of one category at most so many, while there are others.
    pub(crate) per_category: Option<usize>,
    /// What it shows before all else.
    pub(crate) pinned: Vec<ProductId>,
    /// Whether its strategies count as much as what became of their products says ([`crate::Live::blended`]).
    pub(crate) learn: bool,
    pub(crate) ttl: DurationMs,
    /// Its rules, highest priority first.
    pub(crate) rules: Vec<Rule>,
}

/// What a slot shows when no rule does.
#[derive(Clone, Debug)]
pub(crate) enum SlotFallback {
    BestSellers,
    Products(Vec<ProductId>),
    Offer(OfferId),
}

/// Which best sellers a slot shows everybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BestSellerChoice {
    /// Those that are counted from events, before the slot's own list.
    Live,
    /// Only those that the ruleset names.
    Listed,
}

/// Whether a slot may show the product of the page it is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CurrentItem {
    /// Not while there is anything else.
    Exclude,
    /// As any other.
    Allow,
}

/// A rule that fills a slot, or a decision table that does: its rows are its action.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: RuleId,
    /// Where the text has it.
    pub(crate) place: Place,
    pub(crate) priority: i64,
    pub(crate) when: Condition,
    pub(crate) then: Action,
    pub(crate) active: Active,
    /// Its condition among all of the ruleset's, once that is complete.
    pub(crate) root: Option<Root>,
}

/// When a rule is in force: from an instant on, before another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Active {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl Active {
    pub(crate) fn contains(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| now >= from) && self.until.is_none_or(|until| now < until)
    }
}

/// A named group of people.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) id: SmolStr,
    pub(crate) when: Condition,
    pub(crate) root: Option<Root>,
}

/// A rule that acts when events arrive and as time passes.
#[derive(Clone, Debug)]
pub(crate) struct Acting {
    pub(crate) id: RuleId,
    /// Acts at each event of these names for which the condition holds. Empty: each time the condition begins to hold.
    pub(crate) on: Vec<EventName>,
    pub(crate) when: Condition,
    pub(crate) then: Act,
    pub(crate) active: Active,
    pub(crate) cap: Option<ActingCap>,
    pub(crate) root: Option<Root>,
}

/// How often a rule acts at most for one person.
#[derive(Clone, Debug)]
pub(crate) struct ActingCap {
    /// What remembers how often it acted.
    pub(crate) watch: Watch,
    /// It acted so often.
    pub(crate) reached: Condition,
}

/// What a rule without a slot does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    SetTrait(String, TraitValue),
    /// Publishes under this name.
    Publish(SmolStr),
}

/// What a rule fills its slot with.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Action {
    Offer(OfferId),
    Products(Vec<ProductId>),
    Recommend(Strategy, Box<Selection>),
    /// What the rows of a decision table say.
    Table(Box<Table<Action>>),
}
