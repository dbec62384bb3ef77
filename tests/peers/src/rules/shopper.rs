//! The people of the benchmark: a table that a seed decides, and each of them as Beckon knows people.

use crate::dice::Dice;
use anyhow::Result;
use beckon_domain::apply::apply;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{CartRef, Event, EventKind, Item, TraitValue};
use beckon_domain::id::{AnonymousId, EventId, SourceId};
use beckon_domain::{Category, DurationMs, Money, Pepper, Policy, ProductId, Profile, ProfileKey, Timestamp};
use beckon_rules::{Page, PageKind, Person};
use std::collections::BTreeMap;

/// When everything is decided, in milliseconds since 1970.
const NOW_MS: u64 = 1_763_800_000_000;
const PLANS: [&str; 4] = ["gold", "platinum", "silver", "bronze"];
const CATEGORIES: [&str; 4] = ["shoes", "tents", "cooking", "backpacks"];

/// The instant at which everything is decided.
pub fn now() -> Timestamp {
    Timestamp::EPOCH + DurationMs::from_ms(NOW_MS)
}

/// What is known of one person, and the page that they are on: what every engine is given.
pub struct Shopper {
    /// What the cart is worth, in cents.
    pub cart_minor: u32,
    /// Whether the shop knows them as a customer.
    pub logged_in: bool,
    /// The plan that the shop says they are on.
    pub plan: &'static str,
    /// The category of the page.
    pub category: &'static str,
}

impl Shopper {
    /// People of whom about half meet all four conditions: each one is met by about 85 %.
    pub fn table(count: usize, seed: u64) -> Vec<Self> {
        let mut dice = Dice::new(seed, 1);
        let mut often = |yes: [u64; 2], no: [u64; 2]| {
            let [low, high] = if dice.percent(85) { yes } else { no };
            dice.between(low, high)
        };
        let at =
            |names: [&'static str; 4], index: u64| names.get(index as usize).copied().unwrap_or_default();
        (0..count)
            .map(|_| Self {
                cart_minor: often([7_500, 30_000], [1, 7_499]) as u32,
                logged_in: often([1, 1], [0, 0]) == 1,
                plan: at(PLANS, often([0, 1], [2, 3])),
                category: at(CATEGORIES, often([0, 0], [1, 3])),
            })
            .collect()
    }

    /// The same as Beckon knows it: a profile that events made.
    pub fn known(&self) -> Result<Known> {
        let key = Pepper::new("bench", b"a pepper for benchmarks only")?.anonymous(&AnonymousId::new("v")?);
        let mut profile = Profile::default();
        let mut happened = Happened { key: &key, profile: &mut profile, count: 0 };
        for _ in 0..4 {
            happened.next(EventKind::Page)?;
        }
        happened.next(EventKind::ProductAdded(CartRef::default(), self.item()?))?;
        let plan = ("plan".to_owned(), TraitValue::Text(self.plan.to_owned()));
        happened.next(EventKind::Identify { traits: BTreeMap::from([plan]), link: None })?;
        let category = Some(Category::new(self.category)?);
        Ok(Known {
            profile,
            is_known: self.logged_in,
            page: Page { kind: Some(PageKind::Category), category, ..Page::default() },
        })
    }

    fn item(&self) -> Result<Item> {
        let price = Money { minor: i64::from(self.cart_minor), currency: "EUR".parse()? };
        let product = ProductId::new("tent-2p")?;
        Ok(Item { product, category: None, brand: None, name: None, price: Some(price), quantity: 1 })
    }
}

/// A person and their page, ready to be decided.
pub struct Known {
    profile: Profile,
    is_known: bool,
    page: Page,
}

impl Known {
    /// As a request names them.
    pub fn person(&self) -> Person<'_> {
        Person { profile: Some(&self.profile), is_known: self.is_known, page: self.page.clone(), propensity: None }
    }
}

struct Happened<'a> {
    key: &'a ProfileKey,
    profile: &'a mut Profile,
    count: u64,
}

impl Happened<'_> {
    /// One event a second, the last of them within the last minute.
    fn next(&mut self, kind: EventKind) -> Result<()> {
        let at = Timestamp::EPOCH + DurationMs::from_ms(NOW_MS - 60_000 + self.count * 1_000);
        self.count += 1;
        let event = Event {
            id: EventId::new(&format!("e{}", self.count))?,
            source: SourceId::new("bench")?,
            occurred_at: at,
            received_at: at,
            consent: ConsentChoices::default(),
            timezone: None,
            locale: None,
            claim: None,
            device: None,
            details: None,
            kind,
        };
        apply(self.profile, self.key, &event, &Policy::default());
        Ok(())
    }
}
