//! One file, several batch sizes: what fewer and larger batches save.

use super::report::Report;
use super::{ReplayArgs, ReplayOptions, balanced, replay_with};
use crate::error::CliError;
use serde_json::json;

/// Replays a file once for each batch size, and prints what each costs.
pub(super) async fn run(args: &ReplayArgs, options: &ReplayOptions) -> Result<(), CliError> {
    let mut reports = Vec::new();
    for rows in &options.batch_sizes {
        reports.push(Box::pin(replay_with(args, options, Some(*rows))).await?);
    }
    if args.json {
        let json = serde_json::to_string_pretty(&json!({ "runs": reports }));
        crate::say(json.map_err(|e| CliError::caused("the report", &e))?);
    } else {
        crate::say(table(&reports).trim_end());
    }
    reports.iter().try_for_each(balanced)
}

fn table(reports: &[Report]) -> String {
    let mut text = format!(
        "per 1,000 events, by rows of a batch\n{:>6} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8} {:>8} {:>8} {:>7}  {}\n",
        "rows",
        "writes",
        "units",
        "index",
        "read",
        "w/profile",
        "remind",
        "trends",
        "units",
        "left",
        "item bytes at the end"
    );
    for Report { cost, abandonments, .. } in reports {
        let (events, reminders) = (&cost.events, &cost.reminders);
        text.push_str(&format!(
            "{:>6} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>9.3} {:>8.1} {:>8.1} {:>8.1} {:>7}  {}\n",
            cost.batch_rows.unwrap_or_default(),
            events.write_requests,
            events.write_units,
            events.index_units,
            events.read_units,
            cost.writes_per_profile_flush,
            reminders.write_units + reminders.index_units,
            cost.items.write_requests + cost.categories.write_requests + cost.lists.write_requests,
            cost.items.write_units + cost.categories.write_units + cost.lists.write_units,
            abandonments,
            cost.item_bytes
        ));
    }
    text.push_str(
        "w/profile: writes for each profile and batch. remind: write and index units of the answers to reminders. \
         trends: writes to CatalogTable, and their units. left: carts found left; a cart that is bought in the batch in which it falls due is not found.\n",
    );
    text
}
