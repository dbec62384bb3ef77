//! The report for people.

use super::journey::Journey;
use super::report::{Mails, Report, SlotReport};
use std::fmt::Write;

/// Kinds of change that are told of each slot; the JSON document has all.
const CHANGES_TOLD_MAX: usize = 10;

/// The report, in lines.
pub(super) fn text(report: &Report, redeem: u32, seconds: f64) -> String {
    let mut out = String::new();
    let Report { from, to, events, people, .. } = report;
    let _ = writeln!(out, "from  {} ({})\nto    {} ({})", from.file, from.ruleset, to.file, to.ruleset);
    let _ = writeln!(
        out,
        "{events} events of {people} people, in {seconds:.1} s; {} of them see something change",
        report.people_affected
    );
    if report.bad_rows > 0 {
        let _ = writeln!(
            out,
            "{} rows are no events, such as: {}",
            report.bad_rows,
            report.bad_row_samples.join("; ")
        );
    }
    for (code, count) in &report.rejected_by_code {
        let _ = writeln!(out, "{count} events would have been refused: {code}");
    }
    for slot in &report.slots {
        slot_text(&mut out, slot);
    }
    if !report.segments.is_empty() {
        let _ = writeln!(out, "\nSegments at the end");
    }
    for size in &report.segments {
        let _ = writeln!(
            out,
            "  {:<24} {} -> {} people ({} left, {} entered)",
            size.segment, size.from, size.to, size.left, size.entered
        );
    }
    mails_text(&mut out, &report.mails, redeem);
    if !report.journeys.is_empty() {
        let _ = writeln!(out, "\nSample journeys");
    }
    for (index, journey) in report.journeys.iter().enumerate() {
        journey_text(&mut out, index + 1, journey);
    }
    out
}

fn slot_text(out: &mut String, slot: &SlotReport) {
    let _ = writeln!(
        out,
        "\nSlot {}\n  {} decisions, {} changed ({}), {} of them show something else; {} people",
        slot.slot,
        slot.compared,
        slot.changed,
        share(slot.changed, slot.compared),
        slot.shown_differently,
        slot.people
    );
    for decided in &slot.decided {
        let _ = writeln!(out, "  {:<24} {} -> {}", decided.by, decided.from, decided.to);
    }
    for change in slot.changes.iter().take(CHANGES_TOLD_MAX) {
        let _ = writeln!(
            out,
            "    {} -> {}: {} decisions, {} people",
            change.from, change.to, change.count, change.people
        );
    }
    if slot.changes.len() > CHANGES_TOLD_MAX {
        let _ =
            writeln!(out, "    and {} rarer kinds of change (--json)", slot.changes.len() - CHANGES_TOLD_MAX);
    }
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    format!("{:.1} %", part as f64 * 100.0 / whole as f64)
}

fn mails_text(out: &mut String, [old, new]: &[Mails; 2], redeem: u32) {
    let _ = writeln!(
        out,
        "\nReminders\n  sent                     {} -> {}\n  people                   {} -> {} ({} only before, {} only after)",
        old.sent, new.sent, old.people, new.people, old.people_only, new.people_only
    );
    for (name, side) in [("before", old), ("after", new)] {
        for (reason, count) in &side.not_sent {
            let _ = writeln!(out, "  not sent {name}: {count} {reason}");
        }
        for discount in &side.discounts {
            let _ = writeln!(
                out,
                "  discount {name}: from nothing to {} on carts of {}; an estimate: {} if {redeem} % of the codes are redeemed",
                discount.at_most, discount.carts, discount.estimate
            );
        }
        if side.without_value > 0 {
            let _ = writeln!(
                out,
                "  discount {name}: {} of {} carts have no known value and are in no sum",
                side.without_value, side.with_discount
            );
        }
    }
}

fn journey_text(out: &mut String, number: usize, journey: &Journey) {
    let _ = writeln!(out, "  {number}. slot {}, after row {}", journey.slot, journey.row);
    for event in &journey.events {
        let _ = writeln!(out, "       {event}");
    }
    let _ = writeln!(out, "     before: {}\n     after:  {}", journey.from, journey.to);
}
