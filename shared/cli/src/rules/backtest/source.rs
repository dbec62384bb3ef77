//! What happened: rows of a file and lines of an archive, as events of one person.

use crate::replay::drive::address;
use crate::replay::format::Row;
use crate::replay::state_hash::Fnv;
use beckon_domain::event::EventKind;
use beckon_domain::fold::Item;
use beckon_domain::id::{AnonymousId, SourceId, UserId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{Currency, Pepper, ProfileKey, Timestamp};
use beckon_rules::{Page, PageKind};
use beckon_wire::capture::{Received, capture};
use beckon_wire::stream::{Said, read_alone};
use serde_json::{Map, Value, json};

/// Something that happened, on its way to whoever keeps the person.
pub(crate) enum Step {
    /// A row, and the time by then.
    Row(Box<Row>, Timestamp),
    /// A line of an archive.
    Line {
        /// Which, from 1.
        number: u64,
        /// The time by then.
        at: Timestamp,
        /// Whose.
        key: ProfileKey,
        /// What it says.
        said: Box<Said>,
    },
}

impl Step {
    /// A number that is the same for everything of one person, and spreads people evenly.
    pub fn spread(&self) -> u64 {
        let mut hash = Fnv::new();
        match self {
            Self::Row(row, _) => {
                hash.update(&[u8::from(row.anonymous)]);
                hash.update(row.user.as_bytes());
            }
            Self::Line { key, .. } => hash.update(key.as_str().as_bytes()),
        }
        // The low bits of FNV alone are a weak choice between two.
        hash.value() ^ (hash.value() >> 32)
    }
}

/// An event of one person.
pub(crate) struct Told {
    /// The row or line, from 1.
    pub number: u64,
    pub key: ProfileKey,
    pub item: Item,
}

/// Turns what was read into events, by the collector's own reading.
pub(crate) struct Teller {
    pepper: Option<Pepper>,
    source: Option<SourceId>,
    shard: ShardKey,
    currency: Currency,
    context: Map<String, Value>,
}

impl Teller {
    /// Prices that name no currency are in this one.
    pub fn new(currency: Currency) -> Self {
        Self {
            // Nothing leaves this process: any pepper tells people apart.
            pepper: Pepper::new("1", b"what-if of rulesets").ok(),
            source: SourceId::new("backtest").ok(),
            shard: ShardKey::new("backtest", "0"),
            currency,
            context: Map::new(),
        }
    }

    /// The event, or the code of what is wrong with it.
    pub fn tell(&self, step: Step) -> Result<Told, String> {
        let (number, key, at, said) = match step {
            Step::Row(row, at) => {
                let number = row.number;
                let (key, text) = self.line(*row, at)?;
                let (_, said) = read_alone(&text).map_err(|error| error.detail)?;
                (number, key, at, said)
            }
            Step::Line { number, at, key, said } => (number, key, at, *said),
        };
        let sequence = SequenceNumber::parse(&number.to_string()).ok_or("sequence")?;
        let position = Position { shard: self.shard.clone(), sequence, offset: 0 };
        let mut item = Item { position, internal: said.internal, event: said.event };
        item.event.received_at = at;
        Ok(Told { number, key, item })
    }

    /// The line that the collector would put into the stream.
    pub fn line(&self, row: Row, at: Timestamp) -> Result<(ProfileKey, String), String> {
        let Row { number, user, mut body, anonymous, .. } = row;
        let (Some(pepper), Some(source)) = (&self.pepper, &self.source) else {
            return Err("pepper".to_owned());
        };
        let key = if anonymous {
            AnonymousId::new(&user).map(|id| pepper.anonymous(&id))
        } else {
            UserId::new(&user).map(|id| pepper.customer(&id))
        };
        let key = key.map_err(|_| "identity.blocked")?;
        if body.get("messageId").is_none_or(Value::is_null) {
            body["messageId"] = json!(format!("row-{number}"));
        }
        address(&mut body, &user, anonymous, at);
        let received = Received {
            at,
            sent_at: Some(at),
            source,
            currency: self.currency,
            context: &self.context,
            event_type: None,
            is_bot: false,
            gpc: false,
            room: beckon_wire::limits::EVENT_COUNT_MAX,
            fresh_id: &|| format!("row-{number}"),
        };
        let captured = capture(&body.to_string(), &received).map_err(|fault| fault.code.to_owned())?;
        // A row is one event; one of GA4's with several items would be several.
        if !captured.more.is_empty() {
            return Err("several items".to_owned());
        }
        let mut line = captured.line;
        key.as_str().clone_into(&mut line.key);
        let text = serde_json::to_string(&line).map_err(|_| "schema.json")?;
        Ok((key, text))
    }
}

/// The page that an event tells of.
pub(super) fn page_of(kind: &EventKind) -> Page {
    let of = |kind, item: &beckon_domain::event::Item| Page {
        kind: Some(kind),
        product: Some(item.product.clone()),
        category: item.category.clone(),
        ..Page::default()
    };
    match kind {
        EventKind::ProductViewed(item)
        | EventKind::ProductAdded(_, item)
        | EventKind::ProductRemoved(_, item) => of(PageKind::Product, item),
        EventKind::ProductDwelled { product, .. } => {
            Page { kind: Some(PageKind::Product), product: Some(product.clone()), ..Page::default() }
        }
        EventKind::CartUpdated(..) => Page { kind: Some(PageKind::Cart), ..Page::default() },
        _ => Page::default(),
    }
}
