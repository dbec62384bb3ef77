//! Who is erased in a seed, what of theirs was given up and is put again, and whether they come back. By dice of its own, so
//! that all else of a seed is as it would be without.

use super::{CUSTOMER_COUNT_MAX, Op, START, Visitor, What, Writer, customer_id, proof};
use crate::dice::Dice;
use beckon_domain::{DurationMs, Timestamp};
use serde_json::json;

const MINUTE_MS: u64 = 60_000;

impl Writer {
    /// In some seeds a customer is erased while there is traffic.
    pub(super) fn leave(&mut self, seed: u64, visitors: &[Visitor]) {
        self.dice = Dice::new(seed, 9);
        let at = START + DurationMs::from_ms(self.dice.below(4 * 60 * MINUTE_MS));
        let customer = self.dice.index(CUSTOMER_COUNT_MAX);
        if !self.dice.chance(400) {
            return;
        }
        let back_after = self.dice.chance(500).then(|| self.dice.between(1, 120 * MINUTE_MS));
        let back_after = back_after.map(DurationMs::from_ms);
        let what = What::Erase { customer, back_after };
        self.ops.push(Op { at, what, faults: Vec::new() });
        if self.dice.chance(700) {
            self.give_up(customer, at, visitors);
        }
        for _ in 0..self.dice.below(4) {
            // Before they are let back, or after it.
            let later = at + DurationMs::from_ms(self.dice.below(180 * MINUTE_MS));
            let person = json!({ "userId": customer_id(customer) });
            self.request(&server(visitors.first()), later, 3, &person, true);
        }
        let theirs: Vec<&Visitor> = visitors.iter().filter(|v| v.customer == Some(customer)).collect();
        if let Some(visitor) = self.dice.pick(&theirs).copied()
            && self.dice.chance(300)
        {
            let later = at + DurationMs::from_ms(self.dice.below(180 * MINUTE_MS));
            self.prove(visitor, customer, later, false);
        }
    }

    /// A record that names the person ends its function until it is given up; an operator puts it again when the person may
    /// be gone, or back.
    fn give_up(&mut self, customer: usize, erased_at: Timestamp, visitors: &[Visitor]) {
        let since = erased_at - DurationMs::from_ms(8 * MINUTE_MS);
        let at = since + DurationMs::from_ms(self.dice.below(30 * MINUTE_MS));
        let theirs: Vec<&Visitor> = visitors.iter().filter(|v| v.customer == Some(customer)).collect();
        match self.dice.pick(&theirs).copied() {
            Some(visitor) if self.dice.chance(300) => self.prove(visitor, customer, at, true),
            _ => {
                let (mut events, mut sent) = (Vec::new(), Vec::new());
                let shop = server(visitors.first());
                for _ in 0..self.dice.between(1, 3) {
                    let (mut event, valid) = self.behaviour();
                    event["userId"] = json!(customer_id(customer));
                    self.push(&shop, at, event, valid, &mut events, &mut sent);
                }
                self.send(&shop, at, (events, sent), true, true);
            }
        }
    }

    /// The shop's server says who a visitor is.
    fn prove(&mut self, visitor: &Visitor, customer: usize, at: Timestamp, killer: bool) {
        let (mut events, mut sent) = (Vec::new(), Vec::new());
        let shop = server(Some(visitor));
        self.push(&shop, at, proof(visitor, customer), true, &mut events, &mut sent);
        self.send(&shop, at, (events, sent), true, killer);
    }
}

/// The shop's server, whose clock is right.
fn server(visitor: Option<&Visitor>) -> Visitor {
    Visitor {
        index: visitor.map_or(0, |visitor| visitor.index),
        customer: None,
        second_customer: None,
        skew_ms: 0,
        tells_sent_at: true,
    }
}
