//! What people do while a run of the mailer looks at their cart: they buy it, unsubscribe, or somebody pauses sending.

use super::fault::Fault;
use super::ground::Meddling;
use super::script::{Op, Request, Sent, What, customer_id};
use super::world::{Waiting, World};
use beckon_domain::{DurationMs, ProfileKey};
use beckon_store::tables::SwitchAction;
use beckon_wire::format_time;
use serde_json::json;

impl World {
    /// The person of this profile, or somebody of the shop, does something now.
    pub(crate) fn meddle(&mut self, key: &ProfileKey, what: Meddling) {
        let Some(customer) = self.customers.iter().position(|known| known == key) else { return };
        match what {
            Meddling::Buys => self.buy(customer),
            Meddling::Unsubscribes => self.unsubscribe(customer),
            Meddling::Pauses => {
                self.turn_sending(SwitchAction::Pause);
                self.net.lock().count(Fault::Paused);
                self.wait(self.now() + DurationMs::from_minutes(3), Waiting::Resume);
            }
        }
    }

    /// The shop's server reports an order.
    fn buy(&mut self, customer: usize) {
        let (at, index) = (self.now(), self.script.ops.len());
        let id = format!("bought-{index}");
        let order = json!({
            "type": "track", "event": "Order Completed", "userId": customer_id(customer), "messageId": id,
            "timestamp": format_time(at),
            "properties": { "order_id": id, "total": 25, "products": [{ "product_id": "tent", "quantity": 1 }] },
        });
        let events = vec![Sent { id: id.clone(), happened_at: at, valid: true }];
        let body = json!({ "batch": [order] });
        let request = Request { secret: true, body, sent_at: None, events, killer: false };
        self.net.lock().book.client_times.insert(id, (at, None));
        let faults = vec![Fault::BoughtMeanwhile];
        self.script.ops.push(Op { at, what: What::Request(request), faults });
        self.op(index);
    }
}
