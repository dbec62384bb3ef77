//! Facts: what is known of a person and of the page, under the names that rules use for it. The one place that says what
//! each name means; the reference and the JSON Schema are made of this table.

use crate::aggregate::Aggregate;
use crate::condition::Facts;
use crate::property::major;
use crate::value::{Kind, Texts, Value};
use beckon_domain::affinity::POINT;
use beckon_domain::cart::CartLine;
use beckon_domain::event::TraitValue;
use beckon_domain::orders::Orders;
use beckon_domain::session::Session;
use beckon_domain::{Profile, SmolStr, Timestamp};
use std::sync::Arc;

/// What a condition can ask about.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Fact {
    /// One of [`NAMED`].
    Named(Name),
    /// `trait.NAME`.
    Trait(SmolStr),
    /// `computed.ID`.
    Computed(Arc<Computed>),
    /// Points of interest.
    Affinity(Interest, SmolStr),
}

/// A named aggregate.
#[derive(PartialEq, Debug)]
pub(crate) struct Computed {
    pub(crate) id: SmolStr,
    pub(crate) aggregate: Aggregate,
    pub(crate) kind: Kind,
}

/// What an interest is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Interest {
    Category,
    Brand,
    Product,
}

impl Interest {
    pub(crate) const ALL: [Self; 3] = [Self::Category, Self::Brand, Self::Product];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Brand => "brand",
            Self::Product => "product",
        }
    }
}

macro_rules! facts {
    ($($name:ident, $text:literal, $kind:ident, $doc:literal;)*) => {
        /// A fact with a name of its own.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(crate) enum Name {
            $(#[doc = $doc] $name,)*
        }

        /// Every name, what kind of value it has, and what it means.
        pub(crate) const NAMED: &[(Name, &str, Kind, &str)] =
            &[$((Name::$name, $text, Kind::$kind, $doc),)*];
    };
}

facts! {
    CartValue, "cart.value", Money, "The worth of the cart; not known while a price is missing or in another currency";
    CartItems, "cart.items", Number, "Units in the cart";
    CartProducts, "cart.products", List, "Products in the cart, by their ids";
    CartCategories, "cart.categories", List, "Categories of the products in the cart";
    CartAge, "cart.age", Duration, "Time since the cart last changed; not known while it is empty";
    CartEmpty, "cart.empty", Flag, "Whether nothing is in the cart";
    SessionPages, "session.pages", Number, "Pages and screens of this visit; not known between visits";
    SessionEvents, "session.events", Number, "Events of this visit";
    SessionDuration, "session.duration", Duration, "Time from the first to the last event of this visit";
    SessionReferrer, "session.referrer", Text, "Host of the page from which this visit came";
    SessionCampaign, "session.campaign", Text, "Name of the campaign that brought this visit (utm_campaign)";
    SessionSource, "session.source", Text, "Source of the campaign that brought this visit (utm_source)";
    SessionMedium, "session.medium", Text, "Medium of the campaign that brought this visit (utm_medium)";
    SessionDevice, "session.device", Text, "Kind of device of this visit: mobile, tablet, desktop or bot";
    SessionsCount, "sessions.count", Number, "Visits so far, this one included";
    DaysActive, "days_active", Number, "Days with an event among the last 30 (UTC)";
    FirstSeen, "first_seen", Instant, "When the person was first seen";
    LastSeen, "last_seen", Instant, "When the person was last seen";
    DaysSinceFirstSeen, "days_since_first_seen", Number, "Whole days of 24 hours since the person was first seen";
    DaysSinceLastSeen, "days_since_last_seen", Number, "Whole days of 24 hours since the person was last seen";
    Customer, "customer", Flag, "Whether the person is a customer whom the shop knows";
    Locale, "locale", Text, "Language and country of the request, else those that the person's browser told last, such as de-DE";
    Timezone, "timezone", Text, "Time zone of the request, else the one that the person's browser told last, such as Europe/Berlin";
    OrdersCount, "orders.count", Number, "Orders so far";
    OrdersTotal, "orders.total", Money, "Worth of all orders so far in the ruleset's currency; not known without one";
    OrdersAverage, "orders.average", Money, "Worth of all orders so far, divided by their number";
    OrdersProducts, "orders.products", List, "Products bought, the last 32";
    LastOrder, "last_order", Instant, "When the person last bought";
    DaysSinceOrder, "days_since_order", Number, "Whole days of 24 hours since the last order; not known without one";
    TopCategory, "affinity.top_category", Text, "The category that the person cares about most";
    TopBrand, "affinity.top_brand", Text, "The brand that the person cares about most";
    PageType, "page.type", Text, "The kind of page: product, home, category, cart or other";
    PageProduct, "page.product", Text, "The product of the page";
    PageCategory, "page.category", Text, "The category of the page, or of its product";
    Propensity, "propensity", Number, "How likely the person is to buy, from 0 to 1, as a model says; not known without a model";
}

impl Name {
    pub(crate) fn text(self) -> &'static str {
        NAMED.iter().find(|(name, ..)| *name == self).map_or("", |(_, text, ..)| text)
    }

    /// Whether it is a fact of the request's page, which is known of strangers too.
    pub(crate) const fn is_of_the_page(self) -> bool {
        matches!(self, Self::PageType | Self::PageProduct | Self::PageCategory)
    }

    /// Whether the request alone may tell it, so that it can be asked of a stranger.
    pub(crate) const fn is_of_the_request(self) -> bool {
        self.is_of_the_page() || matches!(self, Self::Locale | Self::Timezone)
    }
}

impl Fact {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Named(name) => name.text().to_owned(),
            Self::Trait(name) => format!("trait.{name}"),
            Self::Computed(computed) => format!("computed.{}", computed.id),
            Self::Affinity(interest, key) => format!("affinity.{}.{key}", interest.word()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Named(name) => {
                NAMED.iter().find(|(known, ..)| known == name).map_or(Kind::Any, |(_, _, kind, _)| *kind)
            }
            Self::Trait(_) => Kind::Any,
            Self::Computed(computed) => computed.kind,
            Self::Affinity(..) => Kind::Number,
        }
    }

    /// Hands the value to whoever asks; `None` when it is not known. (A list lives only as long as the question.)
    #[inline]
    pub(crate) fn ask<R>(&self, facts: &Facts<'_>, with: impl FnOnce(Option<Value<'_>>) -> R) -> R {
        match self {
            Self::Named(name) => match name {
                Name::CartProducts | Name::CartCategories | Name::OrdersProducts => {
                    with_list(*name, facts, with)
                }
                name => with(named(*name, facts)),
            },
            Self::Trait(name) => {
                let value = facts.profile.and_then(|profile| profile.trait_value(name));
                with(value.map(|value| match value {
                    TraitValue::Bool(flag) => Value::Flag(*flag),
                    TraitValue::Number(number) => Value::Number(*number),
                    TraitValue::Text(text) => Value::Text(text),
                }))
            }
            Self::Computed(computed) => computed.aggregate.ask(facts, with),
            Self::Affinity(interest, key) => with(affinity(*interest, key, facts).map(Value::Number)),
        }
    }
}

fn affinity(interest: Interest, key: &str, facts: &Facts<'_>) -> Option<f64> {
    let (profile, half_life) = (facts.profile?, facts.policy.affinity_half_life);
    let score = match interest {
        Interest::Category => profile.affinity.score(key, facts.now, half_life),
        Interest::Brand => profile.brands.score(key, facts.now, half_life),
        Interest::Product => profile.viewed.score(key, facts.now, half_life),
    };
    Some(score as f64 / POINT as f64)
}

/// The session, while it lasts.
fn session<'a>(profile: &'a Profile, facts: &Facts<'_>) -> Option<&'a Session> {
    let session = profile.sessions.latest.as_ref()?;
    (facts.now.since(session.last_at) <= facts.policy.session_gap).then_some(session)
}

#[inline]
fn named<'a>(name: Name, facts: &Facts<'a>) -> Option<Value<'a>> {
    match name {
        Name::PageType => return facts.page.kind.map(|kind| Value::Text(kind.code())),
        Name::PageProduct => return facts.page.product.as_ref().map(|id| Value::Text(id.as_str())),
        Name::PageCategory => return facts.page_category.map(|category| Value::Text(category.as_str())),
        Name::Propensity => return facts.propensity.map(Value::Number),
        Name::Customer => return Some(Value::Flag(facts.is_known)),
        Name::Locale => return facts.locale().map(Value::Text),
        Name::Timezone => return facts.zone_name().map(Value::Text),
        _ => {}
    }
    let profile = facts.profile?;
    match name {
        Name::CartValue | Name::CartItems | Name::CartAge | Name::CartEmpty => of_cart(name, profile, facts),
        Name::SessionPages
        | Name::SessionEvents
        | Name::SessionDuration
        | Name::SessionReferrer
        | Name::SessionCampaign
        | Name::SessionSource
        | Name::SessionMedium
        | Name::SessionDevice => of_session(name, session(profile, facts)?),
        Name::OrdersCount
        | Name::OrdersTotal
        | Name::OrdersAverage
        | Name::LastOrder
        | Name::DaysSinceOrder => of_orders(name, profile, facts),
        name => of_person(name, profile, facts),
    }
}

fn of_cart<'a>(name: Name, profile: &'a Profile, facts: &Facts<'a>) -> Option<Value<'a>> {
    let cart = &profile.cart;
    Some(match name {
        Name::CartValue if cart.is_empty() => Value::Number(0.0),
        Name::CartValue => Value::Number(major(cart.value()?, facts.currency)?),
        Name::CartItems => Value::Number(cart.unit_count() as f64),
        Name::CartEmpty => Value::Flag(cart.is_empty()),
        _ if cart.is_empty() => return None,
        _ => Value::Number(facts.now.since(cart.changed_at).as_ms() as f64),
    })
}

fn of_session(name: Name, session: &Session) -> Option<Value<'_>> {
    let entry = &session.entry;
    let campaign = entry.campaign.as_deref();
    let text = |text: &'static str| Value::Text(text);
    Some(match name {
        Name::SessionPages => Value::Number(f64::from(session.page_count)),
        Name::SessionEvents => Value::Number(f64::from(session.event_count)),
        Name::SessionDuration => Value::Number(session.length().as_ms() as f64),
        Name::SessionReferrer => Value::Text(entry.referrer.as_deref()?),
        Name::SessionCampaign => Value::Text(campaign?.name.as_deref()?),
        Name::SessionSource => Value::Text(campaign?.source.as_deref()?),
        Name::SessionMedium => Value::Text(campaign?.medium.as_deref()?),
        _ => text(entry.device?.code()),
    })
}

fn of_orders<'a>(name: Name, profile: &'a Profile, facts: &Facts<'a>) -> Option<Value<'a>> {
    let orders = &profile.orders;
    let total = || major(orders.total(facts.currency)?, facts.currency);
    Some(Value::Number(match name {
        Name::OrdersCount => profile.counts.orders as f64,
        Name::OrdersTotal => total()?,
        Name::OrdersAverage => total()? / (profile.counts.orders.max(1) as f64),
        Name::LastOrder => orders.last_at?.as_ms() as f64,
        _ => days_since(orders.last_at?, facts.now),
    }))
}

fn of_person<'a>(name: Name, profile: &'a Profile, facts: &Facts<'a>) -> Option<Value<'a>> {
    let has_events = profile.counts.events > 0;
    let seen = |at: Timestamp| has_events.then_some(at);
    let half_life = facts.policy.affinity_half_life;
    Some(match name {
        Name::SessionsCount => Value::Number(f64::from(profile.sessions.count)),
        Name::DaysActive => Value::Number(f64::from(profile.days_active.count_within(facts.now, 30))),
        Name::FirstSeen => Value::Number(seen(profile.first_seen_at)?.as_ms() as f64),
        Name::LastSeen => Value::Number(seen(profile.last_seen_at)?.as_ms() as f64),
        Name::DaysSinceFirstSeen => Value::Number(days_since(seen(profile.first_seen_at)?, facts.now)),
        Name::DaysSinceLastSeen => Value::Number(days_since(seen(profile.last_seen_at)?, facts.now)),
        Name::TopCategory => Value::Text(strongest(profile.affinity.ranked(facts.now, half_life))?.as_str()),
        Name::TopBrand => Value::Text(strongest(profile.brands.ranked(facts.now, half_life))?.as_str()),
        _ => return None,
    })
}

fn strongest<K>(ranked: Vec<(&K, u64)>) -> Option<&K> {
    ranked.into_iter().next().filter(|(_, score)| *score > 0).map(|(key, _)| key)
}

/// Milliseconds of a day of 24 hours.
pub(crate) const DAY_MS: u64 = 86_400_000;

fn days_since(at: Timestamp, now: Timestamp) -> f64 {
    (now.since(at).as_ms() / DAY_MS) as f64
}

fn with_list<R>(name: Name, facts: &Facts<'_>, with: impl FnOnce(Option<Value<'_>>) -> R) -> R {
    let Some(profile) = facts.profile else { return with(None) };
    let lines = profile.cart.lines.as_slice();
    let list: &dyn Texts = match name {
        Name::CartProducts => &Products(lines),
        Name::CartCategories => &Categories(lines),
        _ => &Bought(&profile.orders),
    };
    with(Some(Value::List(list)))
}

struct Products<'a>(&'a [CartLine]);
struct Categories<'a>(&'a [CartLine]);
struct Bought<'a>(&'a Orders);

impl Texts for Products<'_> {
    fn any(&self, found: &mut dyn FnMut(&str) -> bool) -> bool {
        self.0.iter().any(|line| found(line.product.as_str()))
    }
}

impl Texts for Categories<'_> {
    fn any(&self, found: &mut dyn FnMut(&str) -> bool) -> bool {
        self.0.iter().filter_map(|line| line.category.as_ref()).any(|category| found(category.as_str()))
    }
}

impl Texts for Bought<'_> {
    fn any(&self, found: &mut dyn FnMut(&str) -> bool) -> bool {
        self.0.newest_first().any(|bought| found(bought.product.as_str()))
    }
}
