//! What happens in a test: timed events as a Segment library sends them, in their typed form.

use super::Loader;
use super::fields::{Fields, listed};
use super::scalar::NAME_CHARS_MAX;
use crate::tree::{Node, Value};
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{Campaign, Details, Device, Event, EventKind, TraitValue};
use beckon_domain::fold::Item;
use beckon_domain::id::{EventId, SourceId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{DurationMs, SmolStr, Timestamp};
use std::collections::BTreeMap;

const GIVEN_FIELDS: [&str; 10] =
    ["at", "event", "properties", "identify", "page", "screen", "consent", "device", "referrer", "campaign"];
/// What happens, of the fields above.
const KINDS: [&str; 4] = ["event", "identify", "page", "screen"];
const PURPOSES: [&str; 3] = ["analytics", "personalization", "marketing_email"];
/// What a page or screen tells of itself.
const PAGE_PROPERTIES: [&str; 3] = ["category", "name", "path"];

/// What happened in a test.
pub(super) struct Given {
    pub(super) items: Vec<Item>,
    /// When the last of it happens, since the start.
    pub(super) ends_at: DurationMs,
}

/// Whose story a test tells, and when it begins.
pub(super) struct Story<'a> {
    /// "test `x`".
    pub(super) who: &'a str,
    pub(super) starts: Timestamp,
    pub(super) timezone: Option<SmolStr>,
}

/// One thing that happens.
struct Happening {
    at: DurationMs,
    consent: ConsentChoices,
    device: Option<Device>,
    details: Details,
    kind: EventKind,
}

impl Loader {
    /// Reads what happens, in the order of time.
    pub(super) fn given(&mut self, node: Option<&Node>, story: &Story<'_>) -> Given {
        let mut given = Given { items: Vec::new(), ends_at: DurationMs::ZERO };
        let who = story.who;
        let read = |loader: &mut Self, node: &Node| Some((loader.happening(node, who)?, node.place));
        for (index, (happening, place)) in self.each(node, "given", read).into_iter().enumerate() {
            let at = happening.at;
            if at < given.ends_at {
                let message =
                    format!("{who} goes back in time: {at} comes after {}; sort it by `at`", given.ends_at);
                self.problem(place, message);
            }
            given.ends_at = given.ends_at.max(at);
            given.items.extend(item(index, happening, story));
        }
        given
    }

    fn happening(&mut self, node: &Node, who: &str) -> Option<Happening> {
        let fields = Fields::open(self, node, &format!("an event of {who}"), &GIVEN_FIELDS)?;
        let at = fields.require(self, "at").and_then(|n| self.duration(n, "at"));
        let consent = match fields.get("consent") {
            Some(n) => self.choices(n, who),
            None => Some(ConsentChoices::default()),
        };
        let kinds: Vec<&str> = fields.names().filter(|name| KINDS.contains(name)).collect();
        let (kind, properties) = match kinds[..] {
            // A choice of consent comes with some event; which one does not matter.
            [] if fields.get("consent").is_some() => (Some(identify(BTreeMap::new())), Vec::new()),
            ["event"] => {
                let properties = self.other_properties(&fields);
                let kind = self.track(&fields, who).map(|kind| kind.with_coupon(&properties, self.currency));
                (kind, properties)
            }
            ["identify"] => {
                let traits = fields.get("identify").map_or_else(BTreeMap::new, |n| self.traits(n, who));
                (Some(identify(traits)), Vec::new())
            }
            ["page"] => (Some(EventKind::Page), self.page_properties(fields.get("page"), who)),
            ["screen"] => (Some(EventKind::Screen), self.page_properties(fields.get("screen"), who)),
            _ => {
                if !fields.has_unknown {
                    let message = format!("{} must be one of {}", fields.what, listed(KINDS));
                    self.problem(fields.place, message);
                }
                (None, Vec::new())
            }
        };
        if let Some(place) = fields.key("properties").filter(|_| kinds != ["event"]) {
            self.problem(place, "`properties` go with `event: NAME`");
        }
        let device = fields.get("device").and_then(|n| self.device(n));
        let details = self.details(&fields, who, properties);
        Some(Happening { at: at?, consent: consent?, device, details, kind: kind? })
    }

    fn choices(&mut self, node: &Node, who: &str) -> Option<ConsentChoices> {
        let fields = Fields::open(self, node, &format!("the consent of {who}"), &PURPOSES)?;
        let mut choice = |name: &str| fields.get(name).and_then(|n| self.boolean(n, name));
        Some(ConsentChoices {
            analytics: choice("analytics"),
            personalization: choice("personalization"),
            marketing_email: choice("marketing_email"),
        })
    }

    fn page_properties(&mut self, node: Option<&Node>, who: &str) -> Vec<(SmolStr, TraitValue)> {
        let Some(node) = node.filter(|node| !matches!(node.value, Value::Bool(true))) else {
            return Vec::new();
        };
        let what = format!("a page of {who}");
        let Some(fields) = Fields::open(self, node, &what, &PAGE_PROPERTIES) else { return Vec::new() };
        let mut told = |name: &str| {
            let text = self.text(fields.get(name)?, name, NAME_CHARS_MAX)?;
            Some((SmolStr::new(name), TraitValue::Text(text)))
        };
        PAGE_PROPERTIES.into_iter().filter_map(&mut told).collect()
    }

    fn device(&mut self, node: &Node) -> Option<Device> {
        let word = if let Value::Text(word) = &node.value { word.as_str() } else { "" };
        let device = Device::parse(word);
        if device.is_none() {
            let message = format!("`device` must be one of {}", listed(Device::ALL.map(Device::code)));
            self.problem(node.place, message);
        }
        device
    }

    fn details(&mut self, fields: &Fields<'_>, who: &str, properties: Vec<(SmolStr, TraitValue)>) -> Details {
        let referrer = fields.get("referrer").and_then(|n| self.text(n, "referrer", NAME_CHARS_MAX));
        let mut details = Details { referrer: referrer.map(SmolStr::new), properties, ..Details::default() };
        let Some(node) = fields.get("campaign") else { return details };
        let what = format!("the campaign of {who}");
        if let Some(campaign) = Fields::open(self, node, &what, &["name", "source", "medium"]) {
            let mut text = |name: &str| {
                let text = self.text(campaign.get(name)?, name, NAME_CHARS_MAX)?;
                Some(SmolStr::new(text))
            };
            details.campaign =
                Campaign { name: text("name"), source: text("source"), medium: text("medium") };
        }
        details
    }
}

const fn identify(traits: BTreeMap<String, TraitValue>) -> EventKind {
    EventKind::Identify { traits, link: None }
}

fn item(index: usize, happening: Happening, story: &Story<'_>) -> Option<Item> {
    let Happening { at, consent, device, details, kind } = happening;
    let at = story.starts + at;
    let event = Event {
        id: EventId::new(&format!("given-{index}")).ok()?,
        source: SourceId::new("test").ok()?,
        occurred_at: at,
        received_at: at,
        consent,
        timezone: story.timezone.clone(),
        locale: None,
        claim: None,
        device,
        details: (details != Details::default()).then(|| Box::new(details)),
        kind,
    };
    let sequence = SequenceNumber::parse(&(index + 1).to_string())?;
    let position = Position { shard: ShardKey::new("test", "0"), sequence, offset: 0 };
    Some(Item { position, internal: false, event })
}
