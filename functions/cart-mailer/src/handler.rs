//! A scheduled event in, a report out.

use crate::error::MailerError;
use crate::process::{Mailer, Report};
use crate::send::SendEmail;
use beckon_store::streams::EventStream;
use beckon_store::tables::{ConfigStore, ContactStore, OutreachStore, ProfileStore};
use serde_json::{Value, json};

/// Runs once, whatever the schedule's input says: what is due is found in the index. The scheduler may call twice or miss
/// a call; neither matters.
///
/// # Errors
/// When the run could not begin or go on; EventBridge Scheduler then tries again.
pub async fn handle<T, S, M>(mailer: &Mailer<T, S, M>, _input: Value) -> Result<Value, MailerError>
where
    T: ProfileStore + ContactStore + OutreachStore + ConfigStore,
    S: EventStream,
    M: SendEmail,
{
    let Report { due_count, timer_count, sent_count, not_sent, failed_count, stopped, .. } =
        mailer.run().await?;
    Ok(json!({
        "due": due_count,
        "timers": timer_count,
        "sent": sent_count,
        "notSent": not_sent,
        "failed": failed_count,
        "stopped": stopped,
    }))
}
