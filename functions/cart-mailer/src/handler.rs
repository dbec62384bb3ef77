//! A scheduled event in, a report out.

use crate::error::MailerError;
use crate::process::{MailTables, Mailer, Report};
use crate::send::{SendAccount, SendEmail};
use beckon_store::streams::EventStream;
use serde_json::{Value, json};

/// Runs once, whatever the schedule's input says: what is due is found in the index. The scheduler may call twice or miss
/// a call; neither matters.
///
/// # Errors
/// When the run could not begin or go on; EventBridge Scheduler then tries again.
pub async fn handle<T, S, M, A>(mailer: &Mailer<T, S, M, A>, _input: Value) -> Result<Value, MailerError>
where
    T: MailTables,
    S: EventStream,
    M: SendEmail,
    A: SendAccount,
{
    let Report {
        due_count,
        timer_count,
        conversion_count,
        sent_count,
        not_sent,
        failed_count,
        stopped,
        throttled,
        is_paused,
        ..
    } = mailer.run().await?;
    Ok(json!({
        "due": due_count,
        "timers": timer_count,
        "conversions": conversion_count,
        "sent": sent_count,
        "notSent": not_sent,
        "failed": failed_count,
        "stopped": stopped,
        "throttled": throttled,
        "paused": is_paused,
    }))
}
