//! What became of decisions.

use crate::operation::{Operation, query};
use beckon_wire::engagement::{EngagementAnswer, EngagementBy, REPORT_DAYS, REPORT_DAYS_MAX};
use serde_json::json;

pub(super) fn operation() -> Operation {
    let day = json!({ "type": "string", "format": "date" });
    let told =
        format!("The first day (UTC), of {REPORT_DAYS_MAX} at most; {REPORT_DAYS} days when left out.");
    let by = json!({ "enum": EngagementBy::ALL.map(EngagementBy::name), "default": "rule" });
    super::operation::<EngagementAnswer>(
        ("get", "/admin/v1/reports/engagement", "engagementReport"),
        "Say what became of decisions",
        "How often they were seen and clicked, the orders that are credited to them, and which rules stopped paying.",
        &[400],
    )
    .description(
        "A decision seen twice counts once. An order is credited to the decision that it names (`direct`), and to the \
         `first` and the `last` touch before it: of clicks within seven days, else of views within one. A rule stopped \
         paying when its clicks or conversions of the last seven days are below those of the 28 before by more than chance, \
         which is held at 5 % for all rules and a year of looking every day (Holm's procedure).",
    )
    .parameters([
        query("from", &told, day.clone()),
        query("to", "The last day, included; today when left out.", day),
        query("by", "How decisions are grouped.", by),
    ])
    .tag("reports")
}
