//! Labelled examples: what a profile looked like after so many events of a session, and whether the person bought later in
//! it. They are made beside the fold that makes profiles, event by event.

use super::Features;
use beckon_domain::event::{Event, EventKind};
use beckon_domain::{Policy, Profile, Timestamp};

/// One example.
#[derive(Clone, PartialEq, Debug)]
pub struct Example {
    /// When the features were true.
    pub at: Timestamp,
    /// The features, in the order of [`super::features::NAMES`] or of another table's columns.
    pub values: Vec<f64>,
    /// Whether the person bought later in the session.
    pub bought: bool,
}

/// An example of a session, and what is known of that session at its end.
#[derive(Clone, PartialEq, Debug)]
pub struct SessionExample {
    /// The example.
    pub example: Example,
    /// When the session began.
    pub session_began_at: Timestamp,
    /// Whether the person had bought in it before.
    pub had_bought: bool,
    /// Whether it went on after the example was taken.
    pub went_on: bool,
}

/// The open examples of one person: those of the session that is under way.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SessionLabels {
    session_count: u32,
    has_bought: bool,
    open: Vec<SessionExample>,
}

impl SessionLabels {
    /// An event was folded into the profile, which is as it is after it. `depths` are the numbers of events after which an
    /// example is taken. Returns the examples that are settled by that.
    pub fn observe(
        &mut self,
        profile: &Profile,
        event: &Event,
        depths: &[u32],
        policy: &Policy,
    ) -> Vec<SessionExample> {
        let Some(session) = &profile.sessions.latest else { return Vec::new() };
        let settled = if self.session_count == profile.sessions.count { Vec::new() } else { self.finish() };
        self.session_count = profile.sessions.count;
        // What came late changes what was known then; it is no step of the session that is open.
        if event.kind.is_internal() || event.occurred_at < session.last_at {
            return settled;
        }
        let is_order = matches!(event.kind, EventKind::OrderCompleted { .. });
        for open in &mut self.open {
            open.went_on = true;
            open.example.bought |= is_order;
        }
        self.has_bought |= is_order;
        if depths.contains(&session.event_count) {
            let at = event.occurred_at;
            let values = Features::of(profile, at, policy).as_slice().to_vec();
            self.open.push(SessionExample {
                example: Example { at, values, bought: false },
                session_began_at: session.started_at,
                had_bought: self.has_bought,
                went_on: false,
            });
        }
        settled
    }

    /// No more events: what is open is settled.
    pub fn finish(&mut self) -> Vec<SessionExample> {
        self.has_bought = false;
        std::mem::take(&mut self.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::consent::ConsentChoices;
    use beckon_domain::event::{EventKind, Item};
    use beckon_domain::fold::{Item as Folding, fold_into};
    use beckon_domain::id::{AnonymousId, EventId, ProductId, SourceId};
    use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
    use beckon_domain::reaction::NoRules;
    use beckon_domain::{DurationMs, Pepper};

    /// What comes of a person who does these things at these minutes: `v` views, `o` orders.
    fn settled(events: &[(u64, char)], depths: &[u32]) -> Vec<(u32, bool, bool, bool)> {
        let key = Pepper::new("1", b"0123456789abcdef").unwrap().anonymous(&AnonymousId::new("v").unwrap());
        let (mut profile, mut labels, policy) =
            (Profile::default(), SessionLabels::default(), Policy::default());
        let mut found = Vec::new();
        for (index, (minute, kind)) in events.iter().enumerate() {
            let at = Timestamp::from_ms(1_763_800_000_000) + DurationMs::from_minutes(*minute);
            let product = ProductId::new("p").unwrap();
            let item = Item { product, category: None, brand: None, name: None, price: None, quantity: 1 };
            let kind = match kind {
                'o' => {
                    EventKind::OrderCompleted { order: None, total: None, items: vec![item], coupon: None }
                }
                _ => EventKind::ProductViewed(item),
            };
            let event = Event {
                id: EventId::new(&format!("e{index}")).unwrap(),
                source: SourceId::new("web").unwrap(),
                occurred_at: at,
                received_at: at,
                consent: ConsentChoices::default(),
                timezone: None,
                locale: None,
                claim: None,
                device: None,
                details: None,
                kind,
            };
            let sequence = SequenceNumber::parse(&(index + 1).to_string()).unwrap();
            let position = Position { shard: ShardKey::new("1", "s"), sequence, offset: 0 };
            let item = Folding { position, internal: false, event };
            let folded = fold_into(&mut profile, &key, std::slice::from_ref(&item), &policy, &NoRules);
            assert_eq!(folded.applied.len(), 1);
            found.append(&mut labels.observe(&profile, &item.event, depths, &policy));
        }
        found.append(&mut labels.finish());
        let minute =
            |at: Timestamp| u32::try_from((at.as_ms() - 1_763_800_000_000) / 60_000).unwrap_or(u32::MAX);
        found.iter().map(|e| (minute(e.example.at), e.example.bought, e.had_bought, e.went_on)).collect()
    }

    #[test]
    fn an_order_counts_for_what_was_before_it_in_its_session_and_for_nothing_else() {
        let events = [(0, 'v'), (1, 'v'), (2, 'o'), (3, 'v'), (100, 'v'), (101, 'v'), (200, 'v'), (201, 'o')];
        let expected = [
            (1, true, false, true),
            (3, false, true, false),
            (101, false, false, false),
            (201, false, true, false),
        ];
        assert_eq!(settled(&events, &[2, 4]), expected);
    }

    #[test]
    fn what_comes_late_is_no_step_of_the_session() {
        let events = [(10, 'v'), (11, 'v'), (5, 'o'), (12, 'v')];
        assert_eq!(settled(&events, &[2]), [(11, false, false, true)]);
    }
}
