//! What a `track` says: Segment's own event, or one of GA4's, which may be several of Segment's.

use super::event::Received;
use super::{commerce, ga4};
use crate::problem::Fault;
use crate::stream::Properties;
use serde_json::{Map, Value};

/// An event by its name in Segment's spec.
#[derive(Debug)]
pub struct Tracked {
    /// The name.
    pub event: String,
    /// What it says.
    pub properties: Properties,
    /// The further items of an event of GA4's, each of which is the same event once more.
    pub more: Vec<Properties>,
}

/// Reads the properties of an event.
pub fn tracked(
    event: String,
    object: &Map<String, Value>,
    received: &Received<'_>,
    ids: &[&str],
) -> Result<Tracked, Fault> {
    let Some(mapped) = ga4::mapped(&event, object)? else {
        let properties = commerce::properties(&event, object, received.currency, ids)?;
        return Ok(Tracked { event, properties, more: Vec::new() });
    };
    let read = mapped.properties.iter().enumerate().map(|(index, properties)| {
        commerce::properties(mapped.event, properties, received.currency, ids).map_err(|fault| {
            let pointer = ga4::pointer_sent(&fault.pointer, index, object);
            Fault { pointer, ..fault }
        })
    });
    let mut read = read.collect::<Result<Vec<_>, _>>()?.into_iter();
    let properties = read.next().unwrap_or_default();
    Ok(Tracked { event: mapped.event.to_owned(), properties, more: read.collect() })
}
