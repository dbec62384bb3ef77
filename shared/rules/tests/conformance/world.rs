//! What happened in a case until an instant: the profile, what others were told, and timers that are due.

use crate::case::{Case, Happened, instant, item_of, length, value};
use beckon_domain::apply::apply;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{Campaign, CartRef, Details, Device, Event, EventKind, Item};
use beckon_domain::id::{AnonymousId, EventId, EventName, SourceId, UserId};
use beckon_domain::reaction::{Happened as Told, Reaction};
use beckon_domain::{Brand, Money, Pepper, Profile, ProfileKey, SmolStr, Timestamp};
use beckon_rules::Ruleset;

pub fn details(happened: &Happened) -> Option<Box<Details>> {
    let text = |text: &String| SmolStr::new(text);
    let campaign = |name: &str| happened.campaign.get(name).map(text);
    let details = Details {
        referrer: happened.referrer.as_ref().map(text),
        campaign: Campaign { name: campaign("name"), source: campaign("source"), medium: campaign("medium") },
        properties: happened.properties.iter().map(|(name, scalar)| (text(name), value(scalar))).collect(),
    };
    (details != Details::default()).then(|| Box::new(details))
}

pub fn kind(happened: &Happened) -> EventKind {
    let item = || {
        let id = happened.product.as_deref().expect("the event needs a product");
        let brand = happened.brand.as_deref().map(|b| Brand::new(b).expect("a brand"));
        let (category, price) = (happened.category.as_deref(), happened.price.as_deref());
        Item { brand, ..item_of(id, category, price, happened.quantity) }
    };
    let items = || -> Vec<Item> {
        let bought = happened.products.iter();
        bought.map(|b| item_of(&b.product, b.category.as_deref(), b.price.as_deref(), b.quantity)).collect()
    };
    match happened.event.as_str() {
        "Product Viewed" => EventKind::ProductViewed(item()),
        "Product Dwelled" => EventKind::ProductDwelled {
            product: item().product,
            engaged: length(happened.engaged.as_deref().expect("the event needs `engaged`")),
        },
        "Product Added" => EventKind::ProductAdded(CartRef::default(), item()),
        "Product Removed" => EventKind::ProductRemoved(CartRef::default(), item()),
        "Cart Updated" => EventKind::CartUpdated(CartRef::default(), items()),
        "Order Completed" => EventKind::OrderCompleted {
            order: None,
            total: happened.total.as_deref().map(|t| Money::parse(t).expect("a total")),
            items: items(),
            coupon: None,
        },
        "page" => EventKind::Page,
        "identify" => EventKind::Identify {
            traits: happened.traits.iter().map(|(name, scalar)| (name.clone(), value(scalar))).collect(),
            link: None,
        },
        other => EventKind::Track(EventName::new(other).expect("an event name")),
    }
}

/// The profile as it is at an instant, and what others were told by then; nobody's when nothing had happened. Timers are due
/// when they are due.
pub fn profile_at(ruleset: &Ruleset, case: &Case, now: Timestamp) -> (Option<Profile>, Vec<String>) {
    let pepper = Pepper::new("1", b"0123456789abcdef").expect("a pepper");
    let key = match case.logged_in {
        true => pepper.customer(&UserId::new("c").expect("an id")),
        false => pepper.anonymous(&AnonymousId::new("c").expect("an id")),
    };
    let (mut profile, mut told, policy) = (None, Vec::new(), ruleset.policy());
    for (index, happened) in case.events.iter().enumerate().filter(|(_, h)| instant(&h.at) <= now) {
        let choice = |purpose: &str| happened.consent.get(purpose).copied();
        if let Some(profile) = &mut profile {
            pass_to(ruleset, profile, &key, instant(&happened.at), &mut told);
        }
        let event = Event {
            id: EventId::new(&format!("e{index}")).expect("an id"),
            source: SourceId::new("test").expect("an id"),
            occurred_at: instant(&happened.at),
            received_at: instant(&happened.at),
            consent: ConsentChoices {
                analytics: choice("analytics"),
                personalization: choice("personalization"),
                marketing_email: choice("marketing_email"),
            },
            timezone: happened.timezone.as_ref().map(SmolStr::new),
            locale: happened.locale.as_ref().map(SmolStr::new),
            claim: None,
            device: happened.device.as_deref().map(|d| Device::parse(d).expect("a device")),
            details: details(happened),
            kind: kind(happened),
        };
        let profile = profile.get_or_insert_with(Profile::default);
        apply(profile, &key, &event, policy);
        ruleset.react(profile, &key, &event, policy);
        hear(profile, &mut told);
    }
    if let Some(profile) = &mut profile {
        pass_to(ruleset, profile, &key, now, &mut told);
    }
    (profile, told)
}

/// Time passes: timers that are due by then let the rules look.
pub fn pass_to(
    ruleset: &Ruleset,
    profile: &mut Profile,
    key: &ProfileKey,
    until: Timestamp,
    told: &mut Vec<String>,
) {
    while let Some(due) = profile.rules.next_at.filter(|due| *due <= until) {
        let event = Event {
            id: EventId::new(&format!("due-{}", due.as_ms())).expect("an id"),
            source: SourceId::new("beckon").expect("an id"),
            occurred_at: due,
            received_at: due,
            consent: ConsentChoices::default(),
            timezone: None,
            locale: None,
            claim: None,
            device: None,
            details: None,
            kind: EventKind::RulesDue,
        };
        ruleset.react(profile, key, &event, ruleset.policy());
        hear(profile, told);
        assert!(profile.rules.next_at.is_none_or(|next| next > due), "a timer that never ends");
    }
}

pub fn hear(profile: &mut Profile, told: &mut Vec<String>) {
    told.extend(profile.rules.outbox.drain(..).map(|effect| match effect.happened {
        Told::SegmentEntered(segment) => format!("entered {segment}"),
        Told::SegmentExited(segment) => format!("exited {segment}"),
        Told::RuleMatched { rule, publish } => format!("{rule} {publish}"),
    }));
}
