//! `beckon rules schema`: the JSON Schema of a ruleset, for an editor.

/// Prints the schema. Saved beside a ruleset and named in its first line, it makes an editor complete fields.
pub(super) fn run() {
    crate::say(beckon_rules::SCHEMA.trim_end());
}
