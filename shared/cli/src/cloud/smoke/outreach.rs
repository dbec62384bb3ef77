//! The mailer of a deployed stack, and its ledger.

use super::world::World;
use crate::cloud::resources::WriteKeyText;
use crate::error::CliError;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use beckon_domain::id::UserId;
use beckon_domain::{EpisodeId, EventId, ProfileKey, SourceId};
use beckon_store::tables::{OutreachStore, ReminderId, ReminderStatus};
use serde_json::{Value, json};

impl World {
    /// The episode of a customer's cart that an event of this run began.
    pub(super) fn episode(&self, user: &str, key: &WriteKeyText, id: &str) -> Result<EpisodeId, CliError> {
        let invalid =
            |what: &str| CliError::failed(format!("the smoke test made {what} that cannot be used"));
        let profile = self.customer(user)?;
        let source = SourceId::new(&key.source).map_err(|_| invalid("a source"))?;
        let event = EventId::new(&format!("{}-{id}", self.run)).map_err(|_| invalid("an event id"))?;
        Ok(EpisodeId::derive(profile.as_str(), &source, &event))
    }

    fn customer(&self, user: &str) -> Result<ProfileKey, CliError> {
        let user = UserId::new(user).map_err(|e| CliError::caused("a customer's id cannot be used", &e))?;
        Ok(self.secrets.pepper.customer(&user))
    }

    /// One run of the mailer, as the schedule makes it. Returns whether it took place: while the schedule's own runs, a
    /// stack with reserved concurrency refuses a second one.
    pub(super) async fn mailer(&self) -> Result<bool, CliError> {
        let input = json!({ "schedule": "cart-mailer" });
        Ok(self.invoke("CartMailerFunction", "the cart mailer", &input).await?.is_some())
    }

    /// One event of SES, told to mail feedback. Returns its report.
    pub(super) async fn tell(&self, event: &Value) -> Result<Value, CliError> {
        let report = self.invoke("MailFeedbackFunction", "mail feedback", event).await?;
        report.ok_or_else(|| CliError::failed("mail feedback is busy: run the smoke test again"))
    }

    /// Invokes a function; `None` when the stack lets no more of it run at once.
    async fn invoke(&self, logical: &str, name: &str, payload: &Value) -> Result<Option<Value>, CliError> {
        let client = aws_sdk_lambda::Client::new(&self.sdk);
        let function = self.deployed.physical(logical)?;
        let payload = Blob::new(payload.to_string());
        let answer = match client.invoke().function_name(function).payload(payload).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("TooManyRequestsException") => return Ok(None),
            Err(error) => return Err(CliError::caused(&format!("{name} could not be invoked"), &error)),
        };
        let body = answer.payload().map(AsRef::as_ref).unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        if answer.function_error().is_none() {
            return Ok(Some(body));
        }
        let message = body["errorMessage"].as_str().unwrap_or("without a message");
        Err(CliError::failed(format!("{name} failed: {message}")))
    }

    /// Where the reminder of an episode stands.
    pub(super) async fn reminder(&self, episode: EpisodeId) -> Result<Option<ReminderStatus>, CliError> {
        let row = self.tables.reminder(&ReminderId { episode, step: 1 }).await;
        Ok(row.map_err(|e| CliError::caused("the ledger could not be read", &e))?.map(|row| row.state.status))
    }
}
