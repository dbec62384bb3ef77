//! A landing from a mail: its links carry `decision_id=mail.<episode>.<step>`, and the address of a page loses its query
//! before the stream. So the id is read here, and becomes an event of its own, `Email Link Clicked`.

use crate::fields::Fields;
use crate::stream::{Line, LineType, Properties, Scalar};
use beckon_domain::ReminderId;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The event's name, as Segment's spec for e-mail has it
/// (<https://segment.com/docs/connections/spec/email/>).
pub const EMAIL_LINK_CLICKED: &str = "Email Link Clicked";
/// The parameter of a link, and the property of the event.
const DECISION_ID: &str = "decision_id";

/// The id of a mail's link in the address that a call tells: in its context's page, or in its own properties.
pub fn decision_id(context: &Map<String, Value>, properties: Option<&Map<String, Value>>) -> Option<String> {
    let page = context.get("page").and_then(Value::as_object);
    let objects = [page, properties].into_iter().flatten();
    objects
        .flat_map(|object| ["url", "search"].map(|name| object.get(name).and_then(Value::as_str)))
        .flatten()
        .find_map(of_address)
}

/// The id in an address or in its query.
fn of_address(address: &str) -> Option<String> {
    let address = address.split('#').next().unwrap_or_default();
    let query = address.split_once('?').map(|(_, query)| query)?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(DECISION_ID)?.strip_prefix('='))?;
    // Nothing else may become a property, whatever stands in an address.
    ReminderId::of_decision_id(value).map(|reminder| reminder.decision_id())
}

/// The click that a line stands for; whoever knows whose it is gives it an id.
pub fn click(line: &Line, id: String) -> Line {
    let extra = BTreeMap::from([(DECISION_ID.to_owned(), Scalar::Text(id))]);
    Line {
        kind: LineType::Track,
        event: Some(EMAIL_LINK_CLICKED.to_owned()),
        properties: Properties { extra, ..Properties::default() },
        traits: BTreeMap::new(),
        ..line.clone()
    }
}

/// Reads the id for a call; one that is such a click already stands for no other.
pub(super) fn of_call(
    event: Option<&str>,
    context: &Map<String, Value>,
    fields: &Fields<'_>,
) -> Option<String> {
    let properties = fields.get("properties").and_then(Value::as_object);
    decision_id(context, properties).filter(|_| event != Some(EMAIL_LINK_CLICKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_id_of_a_mail_or_none() {
        let id = "mail.0123456789abcdef0123456789abcdef.2";
        for address in [
            format!("https://s.example/c?a=1&decision_id={id}#top"),
            format!("?decision_id={id}"),
            format!("https://s.example/?decision_id={id}&utm=x"),
        ] {
            assert_eq!(of_address(&address).as_deref(), Some(id), "{address}");
        }
        for address in [
            format!("https://s.example/decision_id={id}"),
            format!("https://s.example/?a=1#decision_id={id}"),
            format!("https://s.example/?xdecision_id={id}"),
            "https://s.example/?decision_id=d-1".to_owned(),
            "https://s.example/?decision_id=mail.jo@example.com.1".to_owned(),
            format!("https://s.example/?decision_id={id}56"),
            "https://s.example/?decision_id=mail.0123456789abcdef0123456789abcdef.02".to_owned(),
            "https://s.example/?decision_id=mail.0123456789abcdef0123456789abcdef.0".to_owned(),
            "https://s.example/?decision_id=mail.0123456789abcdef0123456789abcdef.+2".to_owned(),
            "https://s.example/?decision_id=mail.0123456789ABCDEF0123456789ABCDEF.2".to_owned(),
        ] {
            assert_eq!(of_address(&address), None, "{address}");
        }
    }
}
