//! The event bus behind the network: it notes what others were told.

use super::ground::{Fate, Net, Reach};
use super::ports::store_error;
use beckon_domain::{Profile, ProfileKey};
use beckon_store::StoreError;
use beckon_store::bus::{BusEvent, EventBus};
use beckon_wire::bus::event_of;

/// The bus of a simulation. Clones are the same bus.
#[derive(Clone)]
pub(crate) struct SimBus {
    pub(crate) net: Net,
}

impl EventBus for SimBus {
    async fn put(&self, events: Vec<BusEvent>) -> Result<(), StoreError> {
        const NAME: &str = "put events on the bus";
        let fate = self.net.arrive(NAME, Reach::All, false).await;
        if matches!(fate, Fate::Throttled | Fate::Lost) {
            return Err(store_error(NAME, fate));
        }
        {
            let mut ground = self.net.lock();
            for event in &events {
                ground.trace.mix_text(&event.detail);
                ground.book.heard(event);
            }
        }
        self.net.leave().await;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(()) }
    }
}

/// The known-bad variant that tells others before the state is written.
pub(crate) fn tell_early(net: &Net, key: &ProfileKey, profile: &Profile) {
    for effect in &profile.rules.outbox {
        if let Ok((detail_type, detail)) = event_of(key, effect) {
            net.lock().book.heard(&BusEvent { detail_type, at: effect.at, detail });
        }
    }
}
