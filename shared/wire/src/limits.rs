//! Limits on what a stranger may send. They are part of the public contract.

/// Bytes of one event (Segment's limit).
pub const EVENT_BYTES_MAX: usize = 32 * 1024;
/// Bytes of one request's body, after decompression (Segment's limit).
pub const BODY_BYTES_MAX: usize = 500 * 1024;
/// Events in one request. The profile's memory of event ids holds one whole request.
pub const EVENT_COUNT_MAX: usize = 512;
/// Bytes of the context that holds for a whole batch: it is read into memory like an event.
pub const CONTEXT_BYTES_MAX: usize = EVENT_BYTES_MAX;
/// Bytes of all that the items of one event would become, each with what stands beside them: twice the largest event.
pub const ITEMS_BYTES_MAX: usize = 2 * EVENT_BYTES_MAX;
/// Levels of nesting in one event.
pub const NESTING_MAX: usize = 32;
/// Objects in one event: read, the smallest takes ninety times its text.
pub const OBJECT_COUNT_MAX: usize = 500;
/// Products in one event.
pub const PRODUCT_COUNT_MAX: usize = 100;
/// Properties of an event that Beckon does not know itself and keeps for rules and the archive.
pub const EXTRA_PROPERTY_COUNT_MAX: usize = 40;
/// Bytes of one text that is kept.
pub const TEXT_BYTES_MAX: usize = 512;
/// Slots in one decisions request.
pub const SLOT_COUNT_MAX: usize = 20;
/// Products a page may exclude.
pub const EXCLUDE_COUNT_MAX: usize = 200;
/// Bytes of a ruleset: as many as the rule language takes.
pub const RULESET_BYTES_MAX: usize = 1024 * 1024;
/// Changes of one page of the history of rulesets.
pub const CHANGE_COUNT_MAX: u32 = 100;
/// Characters of the note of a change.
pub const NOTE_CHARS_MAX: usize = 500;
/// Characters of who made a change, in the caller's words.
pub const BY_CHARS_MAX: usize = 100;

/// Products in one request to delete some.
pub const DELETE_COUNT_MAX: usize = 1_000;
/// How far ahead of our clock the time of an import may be.
pub const IMPORT_AHEAD_MAX: beckon_domain::DurationMs = beckon_domain::DurationMs::from_minutes(5);

/// What can be told of a JSON text without building anything of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Levels of nesting.
    pub nesting: usize,
    /// Objects, however deep.
    pub objects: usize,
    /// Whether every bracket is closed again.
    pub is_closed: bool,
    /// Bytes of the longest text, name or value, of the outermost object.
    pub outer_text: usize,
}

/// Looks at a JSON text once, without recursion. Of what is no JSON it tells something too.
#[must_use]
pub fn shape(json: &str) -> Shape {
    let mut shape = Shape { nesting: 0, objects: 0, is_closed: false, outer_text: 0 };
    let (mut depth, mut text, mut escaped) = (0_usize, None, false);
    for (at, byte) in json.bytes().enumerate() {
        match (text, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(start), b'"') => {
                text = None;
                shape.outer_text =
                    if depth == 1 { shape.outer_text.max(at - start) } else { shape.outer_text };
            }
            (None, b'"') => text = Some(at + 1),
            (None, b'{' | b'[') => {
                depth += 1;
                shape.nesting = shape.nesting.max(depth);
                shape.objects += usize::from(byte == b'{');
            }
            (None, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if let Some(start) = text.filter(|_| depth == 1) {
        shape.outer_text = shape.outer_text.max(json.len() - start);
    }
    shape.is_closed = depth == 0;
    shape
}

/// Levels of nesting in a JSON text.
#[must_use]
pub fn nesting(json: &str) -> usize {
    shape(json).nesting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_counts_brackets_outside_texts_only() {
        assert_eq!(nesting(r#"{"a":[1,{"b":"[[[\"{{"}]}"#), 3);
        assert_eq!(nesting(&"[".repeat(100_000)), 100_000);
        assert_eq!(nesting("1"), 0);
    }

    #[test]
    fn the_longest_outer_text_is_a_name_or_a_value_of_the_outermost_object() {
        let of = |json: &str| (shape(json).outer_text, shape(json).is_closed);
        assert_eq!(of(r#"{"ab":"cde","f":{"longer":["than all"]}}"#), (3, true));
        assert_eq!(of(r#"{"a\"b":1}"#), (4, true));
        assert_eq!(of(r#"{"a":"not closed"#), (10, false));
        assert_eq!(of(r#"[{"deep":["down"#), (0, false));
        assert_eq!(shape(r#"{"a":[{},{"b":{}}],"c":"{"}"#).objects, 4);
    }
}
