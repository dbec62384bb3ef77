//! Whether a program opened a mail or followed a link, and no person: proxies of mail providers, and scanners of links.
//!
//! It is a guess in both directions, on which nothing but figures of engagement rests: no reminder and no suppression.

use beckon_domain::{DurationMs, Timestamp};
use serde_json::Value;

/// Nobody reads a mail so soon after SES took it; scanners follow its links at once.
const AT_ONCE: DurationMs = DurationMs::from_secs(2);

/// Programs, by a part of what they call themselves, in lower case. A provider's proxy fetches pictures for a person or
/// ahead of one; which, cannot be told.
const PROGRAMS: [&str; 12] = [
    "googleimageproxy",
    "yahoomailproxy",
    "bot",
    "crawler",
    "spider",
    "headless",
    "scanner",
    "preview",
    "curl/",
    "wget/",
    "python-",
    "go-http-client",
];

/// All that Apple's Mail Privacy Protection says of itself. A browser says more.
const APPLE_PRIVACY: &str = "mozilla/5.0";

/// Names of SES's own flag for it. SES has one since August 2026; its exact name is not in the guide as it is known here,
/// so any flag whose name begins so counts.
const FLAGS: [&str; 6] = ["automat", "isautomat", "machine", "ismachine", "bot", "isbot"];

/// Whether an open or a click (`about`) was a program's.
pub(super) fn is_machine(about: &Value, sent_at: Timestamp, at: Timestamp) -> bool {
    at.since(sent_at) < AT_ONCE || is_flagged(about) || is_program(about["userAgent"].as_str())
}

fn is_flagged(about: &Value) -> bool {
    about.as_object().into_iter().flatten().any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let is_set = *value == true || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"));
        is_set && FLAGS.iter().any(|flag| name.starts_with(flag))
    })
}

fn is_program(user_agent: Option<&str>) -> bool {
    let Some(user_agent) = user_agent.map(|text| text.trim().to_ascii_lowercase()) else { return false };
    user_agent == APPLE_PRIVACY || PROGRAMS.iter().any(|program| user_agent.contains(program))
}
