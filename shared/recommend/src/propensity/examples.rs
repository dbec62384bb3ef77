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
