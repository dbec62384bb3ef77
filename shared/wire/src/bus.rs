//! What others hear of on the event bus: the detail of each kind of event. It names a profile by its key, and nobody.

use crate::format_time;
use beckon_domain::ProfileKey;
use beckon_domain::reaction::{Effect, Happened};
use serde::Serialize;

/// A rule matched that publishes.
pub const RULE_MATCHED: &str = "beckon.rule-matched";
/// A person entered a segment.
pub const SEGMENT_ENTERED: &str = "beckon.segment-entered";
/// A person left a segment.
pub const SEGMENT_EXITED: &str = "beckon.segment-exited";

/// The detail of an event on the bus.
#[derive(Serialize)]
struct Detail<'a> {
    /// The same whenever the event is put again.
    id: String,
    /// Profile key.
    profile: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    /// The name that the rule publishes.
    #[serde(skip_serializing_if = "Option::is_none")]
    publish: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<&'a str>,
    /// When it happened, RFC 3339.
    at: String,
    /// The version of the ruleset that says so.
    ruleset: &'a str,
}

/// The detail type and the detail, as JSON, of what happened to a person by the rules.
///
/// # Errors
/// When it cannot be written as JSON, which no effect causes.
pub fn event_of(key: &ProfileKey, effect: &Effect) -> Result<(&'static str, String), serde_json::Error> {
    let (detail_type, rule, publish, segment) = match &effect.happened {
        Happened::RuleMatched { rule, publish } => (RULE_MATCHED, Some(rule), Some(publish), None),
        Happened::SegmentEntered(segment) => (SEGMENT_ENTERED, None, None, Some(segment)),
        Happened::SegmentExited(segment) => (SEGMENT_EXITED, None, None, Some(segment)),
    };
    let detail = Detail {
        id: effect.id.to_string(),
        profile: key.as_str(),
        rule: rule.map(|name| name.as_str()),
        publish: publish.map(|name| name.as_str()),
        segment: segment.map(|name| name.as_str()),
        at: format_time(effect.at),
        ruleset: &effect.ruleset,
    };
    Ok((detail_type, serde_json::to_string(&detail)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::id::{EffectId, UserId};
    use beckon_domain::{EventId, Pepper, SourceId, Timestamp};

    #[test]
    fn the_detail_says_who_what_when_and_by_which_rules() {
        let key = Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("c").unwrap());
        let (source, event) = (SourceId::new("web").unwrap(), EventId::new("m").unwrap());
        let told = |happened: Happened| {
            let id = EffectId::of(&key, &source, &event, &happened);
            let at = Timestamp::from_ms(1_763_800_000_000);
            let (detail_type, detail) =
                event_of(&key, &Effect { id, at, ruleset: "Shop@1".into(), happened }).unwrap();
            assert!(detail.contains(&id.to_string()) && detail.contains(key.as_str()));
            (detail_type, detail.replace(&id.to_string(), "ID").replace(key.as_str(), "KEY"))
        };
        let matched = Happened::RuleMatched { rule: "r-17".into(), publish: "high-intent".into() };
        let at = r#""at":"2025-11-22T08:26:40.000Z","ruleset":"Shop@1"}"#;
        let detail = r#"{"id":"ID","profile":"KEY","rule":"r-17","publish":"high-intent","#.to_owned() + at;
        assert_eq!(told(matched), (RULE_MATCHED, detail));
        let detail = r#"{"id":"ID","profile":"KEY","segment":"vip","#.to_owned() + at;
        assert_eq!(told(Happened::SegmentEntered("vip".into())), (SEGMENT_ENTERED, detail.clone()));
        assert_eq!(told(Happened::SegmentExited("vip".into())), (SEGMENT_EXITED, detail));
    }
}
