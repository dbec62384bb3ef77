//! A delivery of EventBridge or SNS in, a report out.

use crate::error::FeedbackError;
use crate::process::{Feedback, FeedbackTables, Report};
use beckon_wire::ses::{Told, read};
use serde_json::{Value, json};

/// Takes over what a delivery tells. One event that fails takes no other with it; the whole delivery then comes again,
/// which changes nothing of what was taken over.
///
/// # Errors
/// What stopped the first event that was not taken over.
pub async fn handle<T: FeedbackTables>(
    feedback: &Feedback<T>,
    payload: Value,
) -> Result<Value, FeedbackError> {
    let (mut report, mut failed) = (Report::default(), None);
    for told in read(&payload)? {
        let result = match told {
            Ok(Told::Event(event)) => feedback.take_over(&event, &mut report).await,
            Ok(Told::Ignored(what)) => {
                tracing::info!(what, "event ignored");
                report.ignored_count += 1;
                Ok(())
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = result {
            tracing::warn!(error = ?error, error.transient = error.is_transient(), "event not taken over");
            failed = failed.or(Some(error));
        }
    }
    feedback.metrics.tell(&report.measures(), feedback.clock.now());
    match failed {
        Some(error) => Err(error),
        None => Ok(json!({
            "events": report.event_count,
            "ignored": report.ignored_count,
            "counted": report.counted_count(),
            "suppressed": report.suppressed_count,
            "paused": report.closed,
        })),
    }
}
