//! How sending stands: `GET /admin/v1/mail/status`.

use super::switch::{REFUSAL, figures_told, told};
use crate::error::AdminError;
use crate::handler::{Shared, answer, user};
use crate::process::Admin;
use axum::extract::{Request, State};
use axum::response::Response;
use beckon_domain::Timestamp;
use beckon_domain::reputation::{
    BOUNCES_PER_10_000_MAX, COMPLAINTS_PER_10_000_MAX, SENDS_MIN, WINDOW, first_hour, share_percent,
};
use beckon_domain::send_limits::SendLimits;
use beckon_runtime::fresh_id;
use beckon_store::tables::{LimitsStore, ReputationStore, SwitchStore};
use beckon_wire::format_time;
use beckon_wire::sending::{AccountAnswer, MailStatusAnswer, WindowAnswer};

/// Turns of the switch that are told.
const TURN_COUNT: u32 = 5;

impl<T: SwitchStore + ReputationStore + LimitsStore, O> Admin<T, O> {
    /// How sending stands: the switch, the figures that the brake looks at, and what SES allows.
    ///
    /// # Errors
    /// When the tables fail.
    pub async fn mail_status(&self, request_id: &str) -> Result<MailStatusAnswer, AdminError> {
        let sending = self.tables.sending().await?;
        let since = sending.counting_since();
        let figures = self.tables.figures(first_hour(self.clock.now()), since).await?;
        let turns = self.tables.sending_changes(TURN_COUNT).await?;
        let account = self.tables.limits().await?;
        Ok(MailStatusAnswer {
            request_id: request_id.to_owned(),
            paused: sending.is_paused(),
            window: WindowAnswer {
                hours: WINDOW.as_ms() / 3_600_000,
                counting_since: (since > Timestamp::EPOCH).then(|| format_time(since)),
                figures: figures_told(figures),
                bounce_rate: share_percent(figures.bounces, figures.sends),
                complaint_rate: share_percent(figures.complaints, figures.sends),
                sends_min: SENDS_MIN,
                bounce_rate_max: share_percent(BOUNCES_PER_10_000_MAX, 10_000),
                complaint_rate_max: share_percent(COMPLAINTS_PER_10_000_MAX, 10_000),
            },
            account: account.map(|(limits, at)| account_told(&limits, at)),
            turns: turns.into_iter().map(told).collect(),
        })
    }
}

fn account_told(limits: &SendLimits, asked_at: Timestamp) -> AccountAnswer {
    AccountAnswer {
        asked_at: format_time(asked_at),
        sandbox: !limits.has_production_access,
        sending_enabled: limits.is_sending_enabled,
        standing: limits.standing.name(),
        per_second: limits.per_second,
        per_day: limits.per_day,
        sent_last_day: limits.sent_last_day,
        advice: limits.advice(),
    }
}

pub(crate) async fn status<T, O>(State(admin): Shared<T, O>, request: Request) -> Response
where
    T: SwitchStore + ReputationStore + LimitsStore,
{
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        admin.mail_status(&request_id).await
    };
    answer(result.await, &request_id)
}
