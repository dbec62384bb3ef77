//! What became of each person's cart, line by line, to be compared with what another program makes of the same file.
//!
//! A line `due` is a cart that was left for the reminder's delay, a line `user` what a profile holds at the end. Lines
//! are sorted as texts, so that two programs that agree write the same file.

use crate::error::CliError;
use beckon_domain::cart::Cart;
use beckon_domain::id::{EventId, SourceId};
use beckon_domain::{DurationMs, EpisodeId, Profile, ProfileKey, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The journal of one replay.
#[derive(Debug)]
pub(super) struct Journal {
    source: SourceId,
    users: BTreeMap<ProfileKey, String>,
    /// Which row would have begun which episode.
    begins: BTreeMap<EpisodeId, (u64, Timestamp)>,
    lines: Vec<String>,
    due_count: u64,
}

impl Journal {
    /// An empty journal of events that come from `source`.
    pub fn new(source: SourceId) -> Self {
        Self { source, users: BTreeMap::new(), begins: BTreeMap::new(), lines: Vec::new(), due_count: 0 }
    }

    /// A row goes out as this event.
    pub fn event(&mut self, key: &ProfileKey, user: &str, row: u64, at: Timestamp, body: &Value) {
        if !self.users.contains_key(key) {
            self.users.insert(key.clone(), user.to_owned());
        }
        let changes_cart = matches!(body["event"].as_str(), Some("Product Added" | "Cart Updated"));
        if let Some(event) = body["messageId"].as_str().filter(|_| changes_cart)
            && let Ok(event) = EventId::new(event)
        {
            self.begins.insert(EpisodeId::derive(key.as_str(), &self.source, &event), (row, at));
        }
    }

    /// A cart is found due.
    pub fn due(&mut self, key: &ProfileKey, profile: &Profile, idle: DurationMs) {
        let Some(episode) = &profile.cart.episode else { return };
        self.due_count += 1;
        let begin = self.begins.get(&episode.id);
        self.lines.push(
            json!({
                "type": "due",
                "user": self.users.get(key),
                "row": begin.map(|(row, _)| row),
                "start": begin.map(|(_, at)| at.as_ms()),
                "changed": profile.cart.changed_at.as_ms(),
                "due": (profile.cart.changed_at + idle).as_ms(),
                "timer": episode.timer,
                "cart": contents(&profile.cart),
            })
            .to_string(),
        );
    }

    /// How many carts were found due.
    pub const fn due_count(&self) -> u64 {
        self.due_count
    }

    /// The whole journal: what was due, and every profile as it is at the end.
    pub fn finish(mut self, profiles: &[(ProfileKey, Profile)]) -> String {
        for (key, profile) in profiles {
            let latest = profile.sessions.latest.as_ref();
            let line = json!({
                "type": "user",
                "user": self.users.get(key),
                "events": profile.counts.events,
                "sessions": profile.sessions.count,
                "last_session": latest.map(|s| [s.started_at.as_ms(), s.last_at.as_ms(), i64::from(s.event_count)]),
                "carts": profile.counts.carts,
                "orders": profile.counts.orders,
                "cart": contents(&profile.cart),
            });
            self.lines.push(line.to_string());
        }
        self.lines.sort_unstable();
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }
}

/// Products and their numbers, in the order they were put there.
fn contents(cart: &Cart) -> Vec<Value> {
    cart.lines.iter().map(|line| json!([line.product.as_str(), line.quantity])).collect()
}

/// Writes a journal to a file.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(path: &std::path::Path, text: &str) -> Result<(), CliError> {
    std::fs::write(path, text).map_err(|e| {
        CliError::usage(format!(
            "the episodes cannot be written to {}: {e}; name another file",
            path.display()
        ))
    })
}
