//! Why somebody was shown what they were: what was written down of a decision, for the shop's own server.

use crate::error::DecideError;
use crate::process::Decider;
use beckon_domain::key::WriteKeyKind;
use beckon_wire::auth::Credentials;
use beckon_wire::decisions::{DecisionId, DecisionRecord, ExplainedDecision};
use beckon_wire::problem::{Fault, Problem};

fn not_found() -> Problem {
    Problem::not_found(
        "nothing is kept of such a decision: it was never made, not written down, or is forgotten",
    )
}

impl<T> Decider<T> {
    /// What was decided and why.
    ///
    /// # Errors
    /// When the key is no secret one, nothing is kept of such a decision, or the table fails.
    pub(crate) async fn explained(
        &self,
        decision_id: &str,
        credentials: &Credentials,
    ) -> Result<ExplainedDecision, DecideError> {
        let now = self.clock.now();
        let key = self.key_of(credentials, None, now).await?;
        credentials.admit(&key)?;
        if key.kind != WriteKeyKind::Secret {
            let detail = "what is kept of a decision names a profile: ask for it with a secret key (sk_)";
            let fault = Fault::new("", "explain.secret", detail);
            return Err(Problem::forbidden(detail).with(fault).into());
        }
        let id = DecisionId::parse(decision_id).ok_or_else(not_found)?;
        let stored =
            self.log.find(&id.request, now).await.map_err(DecideError::Log)?.ok_or_else(not_found)?;
        let record: DecisionRecord = serde_json::from_str(&stored.body).map_err(|error| {
            tracing::error!(error = ?error, "a kept decision cannot be read");
            not_found()
        })?;
        let decision = record.slots.into_iter().find(|slot| slot.number == id.slot).ok_or_else(not_found)?;
        Ok(ExplainedDecision {
            decision_id: decision_id.to_owned(),
            at: record.at,
            config_version: record.config_version,
            state: record.state,
            profile: stored.profile.map(|key| key.as_str().to_owned()),
            page: record.page,
            degraded: record.degraded,
            decision,
            kept_until: beckon_wire::format_time(stored.expires_at),
        })
    }
}
