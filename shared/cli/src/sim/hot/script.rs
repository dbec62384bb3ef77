//! Who comes in a paced run: shoppers, each for a short visit, and perhaps one visitor who never stops.

use super::super::script::{Op, Request, START, Script, Sent, What, visitor_id};
use super::{Case, Heat};
use crate::dice::Dice;
use beckon_domain::{DurationMs, Timestamp};
use beckon_wire::format_time;
use serde_json::{Value, json};

/// The visitor who never stops.
pub(crate) const HOT: usize = 0;
/// The product that half of all looks are at.
pub(crate) const HOT_PRODUCT: &str = "product-of-the-day";
/// Other products.
const PRODUCT_COUNT: u64 = 200;
/// Events of a visit.
const VISIT_EVENTS: u64 = 8;
/// Milliseconds between two of them.
const PAUSE_MS: (u64, u64) = (1_000, 5_000);

struct Writer {
    dice: Dice,
    ops: Vec<Op>,
    next_id: usize,
    /// Permille of looks that are at the hot product.
    hot_permille: u64,
}

/// Whether a request is the hot visitor's.
pub(crate) fn is_hot(request: &Request) -> bool {
    request.body["batch"][0]["anonymousId"].as_str() == Some(visitor_id(HOT).as_str())
}

/// Writes the script of a case.
pub(crate) fn write(case: &Case) -> Script {
    let (visitor, product) = match case.heat {
        Heat::Profile { events_per_second, events_per_request } => {
            (Some((events_per_second, events_per_request)), 0)
        }
        Heat::Item => (None, 500),
    };
    let dice = Dice::new(case.seed, 21);
    let mut writer = Writer { dice, ops: Vec::new(), next_id: 0, hot_permille: product };
    // The first visitor is the hot one, or nobody.
    let shoppers =
        usize::try_from(u64::from(case.shoppers) * case.seconds / VISIT_EVENTS).unwrap_or(1).max(1);
    let length_ms = case.seconds * 1_000;
    for index in 1..=shoppers {
        let mut at_ms = writer.dice.below(length_ms);
        for _ in 0..VISIT_EVENTS {
            let (event, product) = (writer.dice.below(100), writer.product());
            writer.request(index, at_ms, vec![behaviour(event, &product)]);
            at_ms += writer.dice.between(PAUSE_MS.0, PAUSE_MS.1);
        }
    }
    if let Some((rate, size)) = visitor {
        let requests = u64::from(rate) * case.seconds / u64::from(size);
        for number in 0..requests {
            let events = (0..size).map(|_| {
                let (event, product) = (writer.dice.below(80), writer.product());
                behaviour(if event < 60 { 0 } else { 99 }, &product)
            });
            let events = events.collect();
            writer.request(HOT, number * u64::from(size) * 1_000 / u64::from(rate), events);
        }
    }
    writer.ops.sort_by_key(|op| op.at);
    Script { ops: writer.ops, visitor_count: shoppers + 1, customers: vec![None; shoppers + 1] }
}

impl Writer {
    fn product(&mut self) -> String {
        if self.dice.chance(self.hot_permille) {
            return HOT_PRODUCT.to_owned();
        }
        format!("product-{}", self.dice.below(PRODUCT_COUNT))
    }

    fn request(&mut self, visitor: usize, at_ms: u64, events: Vec<Value>) {
        let at: Timestamp = START + DurationMs::from_ms(at_ms);
        let (mut batch, mut sent) = (Vec::new(), Vec::new());
        for mut event in events {
            let id = format!("e{}", self.next_id);
            self.next_id += 1;
            event["anonymousId"] = json!(visitor_id(visitor));
            event["messageId"] = json!(id);
            event["timestamp"] = json!(format_time(at));
            batch.push(event);
            sent.push(Sent { id, happened_at: at, valid: true });
        }
        let body = json!({ "batch": batch });
        let request = Request { secret: false, body, sent_at: None, events: sent, killer: false };
        self.ops.push(Op { at, what: What::Request(request), faults: Vec::new() });
    }
}

/// What a shopper does: six in ten look at a product, one in ten puts it into the cart.
fn behaviour(throw: u64, product: &str) -> Value {
    let item = json!({ "product_id": product, "category": "gear", "price": 12.5, "quantity": 1 });
    match throw {
        0..60 => json!({ "type": "track", "event": "Product Viewed", "properties": item }),
        60..70 => json!({ "type": "track", "event": "Product Added", "properties": item }),
        _ => json!({ "type": "page" }),
    }
}
