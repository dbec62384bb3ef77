//! `beckon reconcile`: the archive of some hours against what became of their events.

use crate::error::CliError;
use crate::model::place::{Place, PlaceArgs};
use crate::model::train::invoke;
use beckon_domain::Timestamp;
use beckon_runtime::Clock;
use beckon_store::archive::reader::FolderReader;
use beckon_store::objects::folder::FolderFailedEvents;
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;
use trainer::{Reconciler, reconcile};

/// Columns of the table: the heading, and the name in the report.
const COLUMNS: [(&str, &str); 11] = [
    ("HOUR", "hour"),
    ("STATUS", "status"),
    ("ARCHIVED", "archived"),
    ("APPLIED", "applied"),
    ("REPEATED", "repeated"),
    ("FAILED", "failed"),
    ("UNCERTAIN", "uncertain"),
    ("COPIED", "copied"),
    ("UNSEEN", "unseen"),
    ("MISSING", "missing"),
    ("SURPLUS", "surplus"),
];

/// Arguments of `beckon reconcile`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon reconcile                                              the last hour that is settled, of `beckon serve`
  beckon reconcile --from 2026-11-23T08:00:00Z --to 2026-11-23T12:00:00Z
  beckon reconcile --from 2026-11-23T08:00:00Z --to 2026-11-23T12:00:00Z --unsettled   while nothing is under way
  beckon reconcile --stack-name beckon-dev --json               of a stack on AWS: its trainer looks

Exit codes: 0 every line that can be seen is accounted for; 1 some are lost or counted twice, or something could not be read;
2 an argument to mend. An hour that is younger than seven hours is shown as settling, and judged only with --unsettled.

The archive of `beckon serve` is written each minute: what waits there is not seen yet.")]
pub struct ReconcileArgs {
    /// Begin with the hour of this instant (RFC 3339)
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// End before this instant; at most 31 days later
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// Judge hours that are not settled, too: what is still under way shows as missing
    #[arg(long)]
    unsettled: bool,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Runs `beckon reconcile`.
///
/// # Errors
/// When an hour does not balance, something cannot be read, or the hours are none.
pub async fn run(args: ReconcileArgs) -> Result<(), CliError> {
    let ReconcileArgs { from, to, unsettled, json, place } = args;
    let mut input = json!({ "schedule": trainer::RECONCILE });
    if let (Some(from), Some(to)) = (from, to) {
        check(&from, &to)?;
        (input["from"], input["to"]) = (json!(from), json!(to));
    }
    let place = place.open().await?;
    let mut reports = match &place {
        Place::Folder { folder, tables } => {
            let reconciler = Reconciler {
                tables: tables.as_ref().clone(),
                archive: FolderReader::new(folder.join("archive")),
                failed: FolderFailedEvents::new(folder),
                clock: Clock::system(),
            };
            let reports = reconcile(&reconciler, &input, None).await;
            reports.map_err(|e| CliError::caused("the hours could not be reconciled", &e))?
        }
        Place::Stack(remote) => invoke(remote, &input.to_string()).await?,
    };
    if unsettled {
        reports.as_array_mut().into_iter().flatten().for_each(judge);
    }
    if json {
        crate::say(format_args!("{reports:#}"));
    } else {
        crate::say(table(&reports).trim_end());
    }
    verdict(&reports)
}

/// Whether there are hours between two instants: said before anything is read.
fn check(from: &str, to: &str) -> Result<(), CliError> {
    let time = |name: &str, text: &str| -> Result<Timestamp, CliError> {
        beckon_wire::parse_time(&json!(text)).ok_or_else(|| {
            CliError::usage(format!("--{name} {text} is no time: write one such as 2026-11-23T08:00:00Z"))
        })
    };
    match trainer::Hours::between(time("from", from)?, time("to", to)?) {
        Some(_) => Ok(()),
        None => Err(CliError::usage("--to must be later than --from, by 31 days at most")),
    }
}

/// An hour as it would be judged if it were settled.
fn judge(report: &mut Value) {
    if report["status"] == "settling" {
        let holds = report["missing"] == 0 && report["surplus"] == 0;
        report["status"] = json!(if holds { "balanced" } else { "gap" });
    }
}

fn table(reports: &Value) -> String {
    let cell = |report: &Value, name: &str| match &report[name] {
        Value::String(text) => text.replace(":00.000Z", "Z"),
        other => other.to_string(),
    };
    let mut rows = vec![COLUMNS.map(|(heading, _)| heading.to_owned())];
    let hours = reports.as_array().map(Vec::as_slice).unwrap_or_default();
    rows.extend(hours.iter().map(|report| COLUMNS.map(|(_, name)| cell(report, name))));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        for (number, (cell, width)) in row.iter().zip(widths).enumerate() {
            let _ =
                if number < 2 { write!(text, "{cell:<width$}  ") } else { write!(text, "{cell:>width$}  ") };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    for one in hours.iter().flat_map(|report| report["differing"].as_array().into_iter().flatten()) {
        let whose = one["profile"].as_str().unwrap_or("lines that name no profile");
        let _ = writeln!(text, "{whose}: {} missing, {} surplus", one["missing"], one["surplus"]);
    }
    text
}

/// The exit: what is wrong with any hour.
fn verdict(reports: &Value) -> Result<(), CliError> {
    let hours = reports.as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |status: &'static str| hours.iter().filter(move |report| report["status"] == status);
    let sum = |name: &str| of("gap").filter_map(|report| report[name].as_u64()).sum::<u64>();
    match (of("gap").count(), of("cut").count()) {
        (0, 0) => Ok(()),
        (0, cut) => Err(CliError::failed(format!(
            "{cut} hours could not be read in full: name fewer, or read the log of the trainer"
        ))),
        (gaps, _) => Err(CliError::failed(format!(
            "hours that do not balance: {gaps}; events missing: {}, surplus: {}",
            sum("missing"),
            sum("surplus")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(status: &str, missing: u64) -> Value {
        json!({ "hour": "2026-11-23T08:00:00.000Z", "status": status, "profiles": 2, "archived": 12, "applied": 10,
                "repeated": 1, "failed": 0, "uncertain": 0, "copied": 0, "unseen": 0, "missing": missing,
                "surplus": 0, "differing": if missing > 0 { json!([{ "profile": "1.a.x", "missing": missing, "surplus": 0 }]) }
                else { json!([]) } })
    }

    #[test]
    fn a_gap_and_what_could_not_be_read_end_with_1_and_what_is_settling_does_not() {
        let message = |reports: Value| verdict(&reports).err().map(|error| error.to_string());
        assert_eq!(message(json!([hour("balanced", 0), hour("settling", 3)])), None);
        let gap = message(json!([hour("gap", 1), hour("cut", 0)])).unwrap();
        assert_eq!(gap, "hours that do not balance: 1; events missing: 1, surplus: 0");
        assert!(message(json!([hour("cut", 0)])).unwrap().contains("in full"));
        let mut settling = hour("settling", 3);
        judge(&mut settling);
        assert_eq!(settling["status"], "gap");
    }

    #[test]
    fn the_table_names_the_profiles_that_differ() {
        let text = table(&json!([hour("gap", 1), hour("balanced", 0)]));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("HOUR") && lines[0].ends_with("SURPLUS"), "{text}");
        assert!(lines[1].starts_with("2026-11-23T08:00Z  gap"), "{text}");
        assert_eq!((lines.len(), lines[3]), (4, "1.a.x: 1 missing, 0 surplus"));
        assert!(lines.iter().all(|line| line.len() <= 120), "{text}");
    }

    #[test]
    fn hours_that_are_none_are_refused_before_anything_is_read() {
        for (from, to) in [
            ("yesterday", "2026-11-23T08:00:00Z"),
            ("2026-11-23T09:00:00Z", "2026-11-23T08:00:00Z"),
            ("2025-11-23T09:00:00Z", "2026-11-23T08:00:00Z"),
        ] {
            assert!(check(from, to).unwrap_err().to_string().contains("--"), "{from}");
        }
        assert!(check("2026-11-23T08:00:00Z", "2026-11-23T12:00:00Z").is_ok());
    }
}
