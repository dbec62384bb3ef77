//! A line of the stream of signals about a slot: what one event says about one decision, and nothing about whose it was.
//!
//! The partition key of its record is `slot:` and the slot, so that each slot has one reader. Lines about products
//! ([`crate::signal`]) share the stream: a line that names a slot is none of theirs.

use crate::failed::FailedReason;
use crate::signal::SignalLine;
use crate::stream::{LineError, VERSION, encode, newer_version, undecodable, unknown_version};
use beckon_domain::engagement::{Model, Models};
use beckon_domain::id::{IdError, OfferId, RuleId, SlotId, StrategyId};
use beckon_domain::policy::TOUCH_STRATEGY_COUNT_MAX;
use beckon_domain::{Money, Timestamp};
use beckon_recommend::engagement::{SlotEvent, SlotSignal};
use beckon_recommend::{Signal, SignalId};
use serde::{Deserialize, Serialize};

/// What happened, as a line says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    DecisionViewed,
    DecisionClicked,
    OrderCredited,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SlotLine {
    /// Version of this form, counted as the event lines' is.
    pub v: u8,
    /// 16 hexadecimal digits.
    pub id: String,
    /// Event time, milliseconds since 1970.
    pub at: i64,
    kind: Kind,
    /// Slot.
    pub slot: String,
    /// Rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// Strategies of the decision's products.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strategies: Vec<String>,
    /// Of an order: the models that credit it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Of an order: those by which it is the decision's first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub converted: Vec<String>,
    /// Of an order: what was paid, `12.34 EUR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
}

fn names(models: Models) -> Vec<String> {
    models.iter().map(|model| model.name().to_owned()).collect()
}

/// A model that another release may know is left out.
fn models(names: &[String]) -> Models {
    let of = |name: &String| Model::ALL.into_iter().find(|model| model.name() == name);
    names.iter().filter_map(of).fold(Models::NONE, Models::with)
}

/// The partition key of a slot's records.
#[must_use]
pub fn partition_key(slot: &SlotId) -> String {
    format!("slot:{slot}")
}

impl From<&SlotSignal> for SlotLine {
    fn from(signal: &SlotSignal) -> Self {
        let (kind, by, converted, total) = match signal.event {
            SlotEvent::View => (Kind::DecisionViewed, Models::NONE, Models::NONE, None),
            SlotEvent::Click => (Kind::DecisionClicked, Models::NONE, Models::NONE, None),
            SlotEvent::Order { models, converted, value } => (Kind::OrderCredited, models, converted, value),
        };
        Self {
            v: VERSION,
            id: signal.id.to_string(),
            at: signal.at.as_ms(),
            kind,
            slot: signal.slot.to_string(),
            rule: signal.rule.as_ref().map(ToString::to_string),
            offer: signal.offer.as_ref().map(ToString::to_string),
            strategies: signal.strategies.iter().map(ToString::to_string).collect(),
            models: names(by),
            converted: names(converted),
            total: total.map(|total| total.to_string()),
        }
    }
}

fn id<T>(what: &str, text: &str, new: fn(&str) -> Result<T, IdError>) -> Result<T, LineError> {
    new(text).map_err(|e| undecodable(format!("{what} {e}")))
}

impl SlotLine {
    fn signal(&self, key: &str) -> Result<SlotSignal, LineError> {
        if self.v != VERSION {
            return Err(unknown_version(self.v));
        }
        let slot = id("slot", &self.slot, SlotId::new)?;
        if partition_key(&slot) != key {
            let detail = "the line's slot is not the record's partition key".to_owned();
            return Err(LineError { reason: FailedReason::WrongKey, detail });
        }
        if self.strategies.len() > TOUCH_STRATEGY_COUNT_MAX {
            return Err(undecodable(format!("more than {TOUCH_STRATEGY_COUNT_MAX} strategies")));
        }
        let total = self.total.as_deref().map(Money::parse).transpose();
        let total = total.map_err(|e| undecodable(format!("total {e}")))?;
        let strategies = self.strategies.iter().map(|name| id("strategy", name, StrategyId::new));
        Ok(SlotSignal {
            id: SignalId::parse(&self.id).ok_or_else(|| undecodable("id is not 16 hexadecimal digits"))?,
            at: Timestamp::from_ms(self.at),
            slot,
            rule: self.rule.as_deref().map(|rule| id("rule", rule, RuleId::new)).transpose()?,
            offer: self.offer.as_deref().map(|offer| id("offer", offer, OfferId::new)).transpose()?,
            strategies: strategies.collect::<Result<_, _>>()?,
            event: match self.kind {
                Kind::DecisionViewed => SlotEvent::View,
                Kind::DecisionClicked => SlotEvent::Click,
                Kind::OrderCredited => SlotEvent::Order {
                    models: models(&self.models),
                    converted: models(&self.converted),
                    value: total,
                },
            },
        })
    }
}

/// What a line of the stream of signals says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignalSaid {
    /// Something about a product.
    Product(Signal),
    /// Something about a slot.
    Slot(SlotSignal),
}

/// Reads a line of a record with this partition key.
///
/// # Errors
/// When it is of neither form, of an unknown version, under another key, or holds invalid values.
pub fn read(text: &str, key: &str) -> Result<SignalSaid, LineError> {
    let refused = match SignalLine::parse(text, key) {
        Ok(signal) => return Ok(SignalSaid::Product(signal)),
        Err(refused) => refused,
    };
    match serde_json::from_str::<SlotLine>(text) {
        Ok(line) => line.signal(key).map(SignalSaid::Slot),
        Err(_) => Err(newer_version(text).unwrap_or(refused)),
    }
}

/// The records of signals about slots: partition key and data, the signals of one slot together, in order.
///
/// # Errors
/// When a line cannot be written as JSON, which no valid signal causes.
pub fn records(signals: &[SlotSignal]) -> Result<Vec<(String, Vec<u8>)>, serde_json::Error> {
    let mut by_slot: Vec<(&SlotId, Vec<SlotLine>)> = Vec::new();
    for signal in signals {
        match by_slot.iter_mut().find(|(slot, _)| *slot == &signal.slot) {
            Some((_, lines)) => lines.push(signal.into()),
            None => by_slot.push((&signal.slot, vec![signal.into()])),
        }
    }
    let mut records = Vec::with_capacity(by_slot.len());
    for (slot, lines) in by_slot {
        records.extend(encode(&lines)?.into_iter().map(|data| (partition_key(slot), data)));
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(id: u64, slot: &str, event: SlotEvent) -> SlotSignal {
        SlotSignal {
            id: SignalId::parse(&format!("{id:016x}")).unwrap(),
            at: Timestamp::from_ms(1_763_800_000_000),
            slot: SlotId::new(slot).unwrap(),
            rule: RuleId::new("members").ok(),
            offer: None,
            strategies: vec![StrategyId::new("for_you").unwrap()],
            event,
        }
    }

    fn order() -> SlotEvent {
        let last = Models::NONE.with(Model::Last);
        SlotEvent::Order {
            models: last.with(Model::Direct),
            converted: last,
            value: Money::parse("12.34 EUR").ok(),
        }
    }

    #[test]
    fn a_line_is_what_the_contract_says_and_is_read_back() {
        let told = signal(0xab, "home.hero", order());
        let (key, data) = records(std::slice::from_ref(&told)).unwrap().remove(0);
        let text = String::from_utf8(data).unwrap();
        let expected = r#"{"v":1,"id":"00000000000000ab","at":1763800000000,"kind":"order_credited","slot":"home.hero","rule":"members","strategies":["for_you"],"models":["direct","last"],"converted":["last"],"total":"12.34 EUR"}"#;
        assert_eq!((key.as_str(), text.as_str()), ("slot:home.hero", expected));
        assert_eq!(read(&text, &key).unwrap(), SignalSaid::Slot(told));
        for event in [SlotEvent::View, SlotEvent::Click] {
            let told = signal(1, "home.hero", event);
            let (key, data) = records(std::slice::from_ref(&told)).unwrap().remove(0);
            assert_eq!(read(std::str::from_utf8(&data).unwrap(), &key).unwrap(), SignalSaid::Slot(told));
        }
    }

    #[test]
    fn the_signals_of_one_slot_are_one_record() {
        let told = [("a", 1), ("b", 2), ("a", 3)].map(|(slot, id)| signal(id, slot, SlotEvent::View));
        let records = records(&told).unwrap();
        let lines = |data: &[u8]| data.split(|byte| *byte == b'\n').count();
        let told: Vec<_> = records.iter().map(|(key, data)| (key.as_str(), lines(data))).collect();
        assert_eq!(told, [("slot:a", 2), ("slot:b", 1)]);
    }

    #[test]
    fn what_cannot_be_read_says_why_without_quoting_it() {
        let line = r#"{"v":1,"id":"00000000000000ab","at":1,"kind":"decision_viewed","slot":"secret"}"#;
        let cases = [
            (line.to_owned(), "slot:other", FailedReason::WrongKey),
            (line.replace("\"v\":1", "\"v\":2"), "slot:secret", FailedReason::UnknownVersion),
            (line.replace("decision_viewed", "secret"), "slot:secret", FailedReason::Undecodable),
            (line.replace("00ab", "00zz"), "slot:secret", FailedReason::Undecodable),
            (line.replace("}", ",\"total\":\"secret\"}"), "slot:secret", FailedReason::Undecodable),
        ];
        for (text, key, reason) in cases {
            let error = read(&text, key).unwrap_err();
            assert_eq!(error.reason, reason, "{text}");
            assert!(!error.detail.contains("secret"), "{}", error.detail);
        }
        assert!(matches!(read(line, "slot:secret"), Ok(SignalSaid::Slot(_))));
    }
}
