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

/// Levels of nesting in a JSON text, found without recursion and without building anything.
#[must_use]
pub fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
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
}
