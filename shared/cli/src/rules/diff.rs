//! `beckon rules diff`: what is different between two rulesets, by what it means.

use super::file;
use crate::error::CliError;
use beckon_rules::diff::{Change, Side, What, diff};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `beckon rules diff`.
#[derive(Args, Debug)]
pub(super) struct DiffArgs {
    /// The ruleset before
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The ruleset after
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

/// Compares two files.
pub(super) fn run(args: &DiffArgs) -> Result<(), CliError> {
    let changes = diff(&file::text(&args.old)?, &file::text(&args.new)?).map_err(|(side, error)| {
        let file = if side == Side::Old { &args.old } else { &args.new };
        CliError::ruleset(file.display(), &error)
    })?;
    if args.json {
        let changes: Vec<Value> = changes.iter().map(document).collect();
        crate::say(format_args!("{:#}", json!({ "changes": changes })));
    } else if changes.is_empty() {
        crate::say("the same rules: nothing that decides anything is different");
    } else {
        for change in &changes {
            crate::say(change);
        }
    }
    Ok(())
}

pub(crate) fn document(change: &Change) -> Value {
    let mut document = json!({ "kind": change.kind, "id": change.id });
    let told = match &change.what {
        What::Added(says) => json!({ "change": "added", "to": says }),
        What::Removed => json!({ "change": "removed" }),
        What::Changed { field, from, to } => {
            json!({ "change": "changed", "field": field, "from": from, "to": to })
        }
        What::Moved { from, to } => json!({ "change": "moved", "from": from, "to": to }),
    };
    if let (Value::Object(document), Value::Object(told)) = (&mut document, told) {
        document.extend(told);
    }
    document
}
