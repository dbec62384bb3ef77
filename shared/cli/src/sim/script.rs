//! What happens in a seed: visitors who browse, fill carts, log in, buy; servers that report; clients that resend; shards
//! that split. Written before the run, so that parts of it can be left out to see what a failure needs.

mod leaving;

use super::fault::Fault;
use crate::dice::Dice;
use beckon_domain::{DurationMs, Timestamp};
use beckon_wire::format_time;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// When a script begins: any day will do.
pub(crate) const START: Timestamp = Timestamp::from_ms(1_763_800_000_000);
/// Events of a script at least.
pub(crate) const EVENT_COUNT_MIN: usize = 400;
const PRODUCTS: [&str; 6] = ["tent", "mat", "bag", "mug", "stove", "tarp"];
const YEAR: DurationMs = DurationMs::from_days(365);

/// An event as its client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) happened_at: Timestamp,
    pub(crate) valid: bool,
}

/// A request to the collector.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) secret: bool,
    pub(crate) body: Value,
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) events: Vec<Sent>,
    /// Its record ends every function that it is given to.
    pub(crate) killer: bool,
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Request(Request),
    Poison {
        key_of: usize,
        data: Vec<u8>,
    },
    Split,
    Merge,
    /// Sending is paused for so long.
    Pause(DurationMs),
    Unsubscribe {
        customer: usize,
    },
    /// The person is erased, and perhaps let back so long after that was answered.
    Erase {
        customer: usize,
        back_after: Option<DurationMs>,
    },
}

/// What happens, and when.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) at: Timestamp,
    pub(crate) what: What,
    /// What is wrong with it, for the table.
    pub(crate) faults: Vec<Fault>,
}

/// A script.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// In order of time.
    pub(crate) ops: Vec<Op>,
    pub(crate) visitor_count: usize,
    /// Who each visitor turns out to be.
    pub(crate) customers: Vec<Option<usize>>,
}

/// A person with a device.
struct Visitor {
    index: usize,
    customer: Option<usize>,
    second_customer: Option<usize>,
    /// How wrong the clock is.
    skew_ms: i64,
    tells_sent_at: bool,
}

struct Writer {
    dice: Dice,
    busy_moments: Vec<Timestamp>,
    ops: Vec<Op>,
    next_id: usize,
}

const PANICS: &str = "panics-";

/// Whether applying the event of this id panics.
pub(crate) fn panics_the_fold(id: &str) -> bool {
    id.starts_with(PANICS)
}

/// The id of a visitor.
pub(crate) fn visitor_id(index: usize) -> String {
    format!("visitor-{index}")
}

/// Customers of a script at most.
pub(crate) const CUSTOMER_COUNT_MAX: usize = 9;

/// The id of a customer.
pub(crate) fn customer_id(index: usize) -> String {
    format!("customer-{index}")
}

/// The address of a customer; two share theirs.
pub(crate) fn address(customer: usize) -> String {
    format!("customer-{}@shop.example", customer.max(1))
}

/// Writes the script of a seed.
pub(crate) fn write(seed: u64) -> Script {
    let mut dice = Dice::new(seed, 1);
    let busy = |dice: &mut Dice| START + DurationMs::from_ms(dice.below(3 * 3_600_000));
    let busy_moments = (0..dice.between(4, 10)).map(|_| busy(&mut dice)).collect();
    let mut writer = Writer { dice, busy_moments, ops: Vec::new(), next_id: 0 };
    let visitor_count = usize::try_from(writer.dice.between(12, 16)).unwrap_or(12);
    let customer_count = writer.dice.between(6, CUSTOMER_COUNT_MAX as u64);
    let visitors: Vec<Visitor> = (0..visitor_count).map(|i| writer.visitor(i, customer_count)).collect();
    while writer.next_id < EVENT_COUNT_MIN {
        let visitor = &visitors[writer.dice.index(visitor_count)];
        writer.visit(visitor);
    }
    let mut seen = BTreeSet::new();
    for visitor in &visitors {
        let is_second = visitor.customer.is_some_and(|customer| !seen.insert(customer));
        writer.log_in(visitor, is_second);
    }
    writer.disturb(visitor_count);
    writer.leave(seed, &visitors);
    let mut ops = writer.ops;
    ops.sort_by_key(|op| op.at);
    let customers = visitors.iter().map(|visitor| visitor.customer).collect();
    Script { ops, visitor_count, customers }
}

impl Writer {
    fn visitor(&mut self, index: usize, customer_count: u64) -> Visitor {
        let dice = &mut self.dice;
        let mut customer = || usize::try_from(dice.below(customer_count)).unwrap_or(0);
        let (first, second) = (customer(), customer());
        let skew = i64::try_from(dice.below(2 * YEAR.as_ms())).unwrap_or(0) - YEAR.as_ms() as i64;
        Visitor {
            index,
            customer: dice.chance(800).then_some(first),
            second_customer: (first != second && dice.chance(250)).then_some(second),
            skew_ms: if dice.chance(250) { skew } else { 0 },
            tells_sent_at: dice.chance(700),
        }
    }

    /// A visit: some minutes of requests.
    fn visit(&mut self, visitor: &Visitor) {
        // Visits gather around busy moments, so that people meet in one batch.
        let moments = self.busy_moments.clone();
        let busy = self.dice.pick(&moments).copied().unwrap_or(START);
        let mut at = busy + DurationMs::from_ms(self.dice.below(20_000));
        for _ in 0..self.dice.between(2, 8) {
            at = at + DurationMs::from_ms(self.dice.between(5, 40_000));
            let count = if self.dice.chance(60) { 24 } else { self.dice.between(1, 5) };
            let person = json!({ "anonymousId": visitor_id(visitor.index) });
            self.request(visitor, at, count, &person, false);
        }
        if let Some(customer) = visitor.customer
            && self.dice.chance(300)
        {
            // The shop's server reports, before the login or after it.
            let at = at + DurationMs::from_ms(self.dice.below(60_000));
            let server = Visitor { skew_ms: 0, ..*visitor };
            self.request(&server, at, 2, &json!({ "userId": format!("customer-{customer}") }), true);
        }
    }

    fn request(&mut self, visitor: &Visitor, at: Timestamp, count: u64, person: &Value, secret: bool) {
        let mut events = Vec::new();
        let mut sent = Vec::new();
        for _ in 0..count {
            let (mut event, valid) = self.behaviour();
            for (name, id) in person.as_object().into_iter().flatten() {
                event[name] = id.clone();
            }
            self.push(visitor, at, event, valid, &mut events, &mut sent);
        }
        let killer = !secret && self.dice.chance(4);
        self.send(visitor, at, (events, sent), secret, killer);
    }

    /// Gives an event its id and its time, which may lie back for as long as a device was offline.
    fn push(
        &mut self,
        visitor: &Visitor,
        at: Timestamp,
        mut event: Value,
        valid: bool,
        events: &mut Vec<Value>,
        sent: &mut Vec<Sent>,
    ) {
        let id = format!("{}{}", if valid && self.dice.chance(2) { PANICS } else { "e" }, self.next_id);
        self.next_id += 1;
        let back_ms =
            if self.dice.chance(80) { self.dice.below(36 * 3_600_000) } else { self.dice.below(3_000) };
        let happened_at = skewed(at - DurationMs::from_ms(back_ms), visitor.skew_ms);
        event["messageId"] = json!(id);
        event["timestamp"] = json!(format_time(happened_at));
        events.push(event);
        sent.push(Sent { id, happened_at, valid });
    }

    fn send(
        &mut self,
        visitor: &Visitor,
        at: Timestamp,
        (events, sent): (Vec<Value>, Vec<Sent>),
        secret: bool,
        killer: bool,
    ) {
        let mut body = json!({ "batch": events });
        let sent_at = (visitor.tells_sent_at).then(|| skewed(at, visitor.skew_ms));
        if let Some(sent_at) = sent_at {
            body["sentAt"] = json!(format_time(sent_at));
        }
        let mut faults = Vec::new();
        if visitor.skew_ms != 0 {
            faults.push(Fault::ClockSkew);
        }
        let request = Request { secret, body, sent_at, events: sent, killer };
        if !killer && self.dice.chance(60) {
            let again = at + DurationMs::from_ms(self.dice.between(1, 1_200_000));
            let faults = vec![Fault::ClientResend];
            self.ops.push(Op { at: again, what: What::Request(request.clone()), faults });
        }
        self.ops.push(Op { at, what: What::Request(request), faults });
    }

    fn behaviour(&mut self) -> (Value, bool) {
        let order = format!("order-{}", self.next_id);
        let dice = &mut self.dice;
        let product = dice.pick(&PRODUCTS).copied().unwrap_or("tent");
        let item = json!({ "product_id": product, "category": "gear", "price": 12.5, "quantity": dice.between(1, 3) });
        let track = |event: &str, properties: Value| json!({ "type": "track", "event": event, "properties": properties });
        match dice.below(100) {
            0..30 => (track("Product Viewed", item), true),
            30..55 => (track("Product Added", item), true),
            55..63 => (track("Product Removed", item), true),
            63..68 => (track("Cart Updated", json!({ "products": [item] })), true),
            68..71 => (
                track("Order Completed", json!({ "order_id": order, "total": 25, "products": [item] })),
                true,
            ),
            71..85 => (json!({ "type": "page" }), true),
            85..93 => (track("Product Dwelled", json!({ "product_id": product, "engaged_ms": 4_000 })), true),
            93..97 => (track("Newsletter Opened", json!({})), true),
            _ => (track("Product Added", json!({ "product_id": product, "price": "free" })), false),
        }
    }

    /// The shop's server proves who a visitor is, at the very moment when the visitor goes on.
    fn log_in(&mut self, visitor: &Visitor, is_second: bool) {
        let mut proofs: Vec<(usize, Vec<Fault>)> = Vec::new();
        if let Some(customer) = visitor.customer {
            let second = is_second.then_some(Fault::SecondVisitor);
            proofs.push((customer, [Fault::LinkRace].into_iter().chain(second).collect()));
        }
        if let Some(second) = visitor.second_customer.filter(|_| visitor.customer.is_some()) {
            proofs.push((second, vec![Fault::SecondCustomer]));
        }
        for (customer, faults) in proofs {
            let requests = self.ops.iter().filter(|op| op.faults.is_empty()).collect::<Vec<_>>();
            let beside = self.dice.clone().pick(&requests).map_or(START, |op| op.at);
            self.dice.next();
            let at = beside + DurationMs::from_ms(self.dice.below(50));
            let server = Visitor { skew_ms: 0, tells_sent_at: true, ..*visitor };
            let (mut events, mut sent) = (Vec::new(), Vec::new());
            self.push(&server, at, proof(visitor, customer), true, &mut events, &mut sent);
            for _ in 0..self.dice.below(3) {
                let (mut event, valid) = self.behaviour();
                event["anonymousId"] = json!(visitor_id(visitor.index));
                self.push(&server, at, event, valid, &mut events, &mut sent);
            }
            self.send(&server, at, (events, sent), true, false);
            if let Some(op) = self.ops.last_mut() {
                op.faults.extend(faults);
            }
            let person = json!({ "anonymousId": visitor_id(visitor.index) });
            let beside = at + DurationMs::from_ms(self.dice.below(100));
            self.request(visitor, beside, 3, &person, false);
        }
    }

    /// Shards that split and merge, and records that are no events.
    fn disturb(&mut self, visitor_count: usize) {
        let moment = |dice: &mut Dice| START + DurationMs::from_ms(dice.below(6 * 3_600_000));
        if self.dice.chance(250) {
            let (at, minutes) = (moment(&mut self.dice), self.dice.between(1, 90));
            let what = What::Pause(DurationMs::from_minutes(minutes));
            self.ops.push(Op { at, what, faults: vec![Fault::Paused] });
        }
        if self.dice.chance(300) {
            let (at, customer) = (moment(&mut self.dice), self.dice.index(CUSTOMER_COUNT_MAX));
            self.ops.push(Op { at, what: What::Unsubscribe { customer }, faults: Vec::new() });
        }
        let reshards = self.dice.between(1, 3);
        for n in 0..reshards {
            // While there is traffic: shortly after a request.
            let beside = self.dice.clone().pick(&self.ops).map_or(START, |op| op.at);
            self.dice.next();
            let at = beside + DurationMs::from_ms(self.dice.below(2_000));
            let (what, fault) = if n > 0 && self.dice.chance(500) {
                (What::Merge, Fault::Merge)
            } else {
                (What::Split, Fault::Split)
            };
            self.ops.push(Op { at, what, faults: vec![fault] });
        }
        for _ in 0..self.dice.below(4) {
            let at = START + DurationMs::from_ms(self.dice.below(3 * 3_600_000));
            let kinds: [&[u8]; 4] = [&[0xff, 0xfe], b"", b"{\"v\":9}", b"[[[[[["];
            let data = self.dice.pick(&kinds).map_or(Vec::new(), |data| data.to_vec());
            let what = What::Poison { key_of: self.dice.index(visitor_count), data };
            self.ops.push(Op { at, what, faults: vec![Fault::Poison] });
        }
    }
}

/// What the shop's server says when a visitor has logged in.
fn proof(visitor: &Visitor, customer: usize) -> Value {
    json!({
        "type": "identify", "anonymousId": visitor_id(visitor.index), "userId": customer_id(customer),
        "traits": { "email": address(customer) },
        "context": { "consent": { "marketing_email": true } },
    })
}

fn skewed(at: Timestamp, skew_ms: i64) -> Timestamp {
    Timestamp::from_ms(at.as_ms() + skew_ms)
}
