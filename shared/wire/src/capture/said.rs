//! What a call says: of a `track` Segment's own event, or one of GA4's, which may be several of Segment's.

use super::event::{EventType, Received};
use super::{commerce, ga4, page};
use crate::fields::Fields;
use crate::problem::Fault;
use crate::stream::Properties;
use serde_json::{Map, Value};

/// What a call says.
#[derive(Debug, Default)]
pub struct Said {
    /// The event's name in Segment's spec, of a `track`.
    pub event: Option<String>,
    /// What it says.
    pub properties: Properties,
    /// The further items of an event of GA4's, each of which is the same event once more.
    pub more: Vec<Properties>,
}

/// Reads the properties of a call.
pub fn said(
    event: Option<String>,
    event_type: EventType,
    call: &Fields<'_>,
    received: &Received<'_>,
    ids: &[&str],
) -> Result<Said, Fault> {
    let object = call.object("properties")?;
    match (event, event_type) {
        (Some(event), _) => tracked(event, object.unwrap_or(&Map::new()), received, ids),
        (None, EventType::Page | EventType::Screen) => {
            let extra = page::properties(call, object, ids);
            Ok(Said { properties: Properties { extra, ..Properties::default() }, ..Said::default() })
        }
        (None, _) => Ok(Said::default()),
    }
}

fn tracked(
    event: String,
    object: &Map<String, Value>,
    received: &Received<'_>,
    ids: &[&str],
) -> Result<Said, Fault> {
    let Some(mapped) = ga4::mapped(&event, object, received.room)? else {
        let properties = commerce::properties(&event, object, received.currency, ids)?;
        return Ok(Said { event: Some(event), properties, more: Vec::new() });
    };
    let read = mapped.properties.iter().enumerate().map(|(index, properties)| {
        commerce::properties(mapped.event, properties, received.currency, ids).map_err(|fault| {
            let pointer = ga4::pointer_sent(&fault.pointer, index, object);
            Fault { pointer, ..fault }
        })
    });
    let mut read = read.collect::<Result<Vec<_>, _>>()?.into_iter();
    let properties = read.next().unwrap_or_default();
    Ok(Said { event: Some(mapped.event.to_owned()), properties, more: read.collect() })
}
