//! One log entry, for a person or for a script.

use beckon_domain::Timestamp;
use serde_json::{Map, Value, json};

/// Members of an entry that stand in the line's head, or say nothing that helps a reader.
const HEAD: [&str; 9] =
    ["timestamp", "time", "level", "message", "msg", "target", "requestId", "span", "spans"];
/// Beginnings of lines that Lambda itself writes.
const PLATFORM: [&str; 5] =
    ["START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START ", "XRAY TraceId:"];

/// A log entry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Entry {
    pub(crate) at_ms: i64,
    /// The function, as people write it.
    pub(crate) function: &'static str,
    /// The log stream that it is in.
    pub(crate) stream: String,
    pub(crate) message: String,
}

impl Entry {
    /// For a script: the message is JSON where it was.
    pub(crate) fn document(&self) -> Value {
        let message = serde_json::from_str(&self.message).unwrap_or_else(|_| json!(self.message.trim_end()));
        json!({ "at": self.at(), "function": self.function, "message": message })
    }

    fn at(&self) -> String {
        beckon_wire::format_time(Timestamp::from_ms(self.at_ms))
    }
}

/// For a person; `None` for what Lambda itself writes when all is well.
pub(crate) fn show(entry: &Entry) -> Option<String> {
    let text = entry.message.trim_end();
    let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) else {
        let is_platform = PLATFORM.iter().any(|start| text.starts_with(start));
        let went_wrong = text.contains("Status: ");
        let shown = !text.is_empty() && (!is_platform || went_wrong);
        return shown.then(|| format!("{:<11} {} {text}", entry.function, entry.at()));
    };
    if let Some(kind) = members.get("type").and_then(Value::as_str).filter(|t| t.starts_with("platform.")) {
        let record = members.get("record").and_then(Value::as_object)?;
        let status = record.get("status").and_then(Value::as_str).unwrap_or("success");
        return (status != "success")
            .then(|| format!("{:<11} {} ERROR {kind}{}", entry.function, entry.at(), fields(record)));
    }
    let member = |name: &str| members.get(name).and_then(Value::as_str);
    let at = member("timestamp").map_or_else(|| entry.at(), ToOwned::to_owned);
    let level = member("level").unwrap_or("INFO");
    let message = member("message").or_else(|| member("msg")).unwrap_or_default();
    let invocation = invocation(&members).map(|id| format!("  invocation={id}")).unwrap_or_default();
    Some(format!("{:<11} {at} {level:<5} {message}{}{invocation}", entry.function, fields(&members)))
}

/// Lambda's id of the invocation, which the runtime puts into a span around the handler.
fn invocation(members: &Map<String, Value>) -> Option<&str> {
    members.get("spans")?.as_array()?.iter().find_map(|span| span.get("requestId")?.as_str())
}

/// `name=value` for each member that is not in the head. A text with a space in it is quoted.
fn fields(members: &Map<String, Value>) -> String {
    let shown = |(name, value): (&String, &Value)| match value {
        Value::String(text) if !text.is_empty() && !text.contains(char::is_whitespace) => {
            format!("  {name}={text}")
        }
        value => format!("  {name}={value}"),
    };
    members.iter().filter(|(name, _)| !HEAD.contains(&name.as_str())).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: &str) -> Entry {
        Entry { at_ms: 0, function: "collector", stream: String::new(), message: message.to_owned() }
    }

    #[test]
    fn an_entry_of_ours_is_one_line_with_its_fields() {
        let message = r#"{"timestamp":"2026-11-22T08:00:00Z","level":"WARN","message":"event failed",
            "target":"profiler","reason":"too_old","count":2,"why":"two words",
            "spans":[{"name":"Lambda runtime invoke","requestId":"r-1"}]}"#;
        assert_eq!(
            show(&entry(message)).unwrap(),
            "collector   2026-11-22T08:00:00Z WARN  event failed  count=2  reason=too_old  why=\"two words\"  invocation=r-1"
        );
    }

    #[test]
    fn what_lambda_writes_is_left_out_unless_something_went_wrong() {
        for quiet in [
            "START RequestId: 1 Version: $LATEST\n",
            "REPORT RequestId: 1\tDuration: 2 ms\n",
            "",
            r#"{"time":"t","type":"platform.start","record":{"requestId":"1"}}"#,
            r#"{"time":"t","type":"platform.report","record":{"status":"success"}}"#,
        ] {
            assert_eq!(show(&entry(quiet)), None, "{quiet}");
        }
        for loud in [
            "REPORT RequestId: 1\tDuration: 3000 ms\tStatus: timeout\n",
            r#"{"time":"t","type":"platform.report","record":{"requestId":"1","status":"timeout"}}"#,
        ] {
            assert!(show(&entry(loud)).unwrap().contains("timeout"), "{loud}");
        }
    }

    #[test]
    fn any_other_line_is_shown_as_it_is_and_a_script_gets_everything() {
        assert_eq!(
            show(&entry("thread 'main' panicked\n")).unwrap(),
            "collector   1970-01-01T00:00:00.000Z thread 'main' panicked"
        );
        assert_eq!(entry("{\"a\":1}").document()["message"]["a"], 1);
        assert_eq!(entry("END RequestId: 1\n").document()["message"], "END RequestId: 1");
    }
}
