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

/// The key of everybody's profile: none is stored.
pub fn key() -> Result<ProfileKey> {
    Ok(Pepper::new("bench", b"a pepper for benchmarks only")?.anonymous(&AnonymousId::new("v")?))
}

/// What is known of one person, and the page that they are on: what every engine is given.
pub struct Shopper {
    /// What the cart is worth, in cents.
    pub cart_minor: u32,
    /// Pages of the session.
    pub pages: u32,
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
                pages: often([3, 12], [1, 2]) as u32,
                plan: at(PLANS, often([0, 1], [2, 3])),
                category: at(CATEGORIES, often([0, 0], [1, 3])),
            })
            .collect()
    }

    /// The same as Beckon knows it: a profile that events made.
    pub fn known(&self) -> Result<Known> {
        let key = key()?;
        let mut profile = Profile::default();
        let mut happened = Happened { key: &key, profile: &mut profile, count: 0 };
        for _ in 0..self.pages {
            happened.next(EventKind::Page)?;
        }
        happened.next(EventKind::ProductAdded(CartRef::default(), self.item()?))?;
        let plan = ("plan".to_owned(), TraitValue::Text(self.plan.to_owned()));
        happened.next(EventKind::Identify { traits: BTreeMap::from([plan]), link: None })?;
        let category = Some(Category::new(self.category)?);
        Ok(Known { profile, page: Page { kind: Some(PageKind::Category), category, ..Page::default() } })
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
    page: Page,
}

impl Known {
    /// What events made of them.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// As a request names them.
    pub fn person(&self) -> Person<'_> {
        Person { profile: Some(&self.profile), is_known: true, page: self.page.clone(), propensity: None }
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
        let at = now() - DurationMs::from_secs(60 - self.count.min(60));
        self.count += 1;
        apply(self.profile, self.key, &event(self.count, at, kind)?, &Policy::default());
        Ok(())
    }
}

/// An event of the benchmark's own.
pub fn event(number: u64, at: Timestamp, kind: EventKind) -> Result<Event> {
    Ok(Event {
        id: EventId::new(&format!("e{number}"))?,
        source: SourceId::new("bench")?,
        occurred_at: at,
        received_at: at,
        consent: ConsentChoices::default(),
        timezone: None,
        locale: None,
        claim: None,
        details: None,
        device: None,
        kind,
    })
}
