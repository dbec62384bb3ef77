//! What SES allows the account: how many mails a second and a day, and whether it may send to anybody at all.

use super::SendError;
use super::ses::not_answered;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::operation::get_account::GetAccountOutput;
use beckon_domain::Timestamp;
use beckon_domain::send_limits::{SendLimits, Standing};
use beckon_store::tables::LimitsStore;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// Tells what SES allows.
pub trait SendAccount: Send + Sync {
    /// What SES allows the account now. Looking changes nothing, so it may be tried again.
    fn limits(&self) -> impl Future<Output = Result<SendLimits, SendError>> + Send;
}

/// Asks SES v2 (`GetAccount`, once a run at most: SES takes one such call a second).
#[derive(Clone, Debug)]
pub struct SesAccount {
    client: Client,
}

impl SesAccount {
    /// By the function's AWS configuration; unlike a send, this may be tried again.
    #[must_use]
    pub fn from_config(config: &aws_config::SdkConfig) -> Self {
        Self::new(Client::new(config))
    }

    /// Behind a client.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }
}

impl SendAccount for SesAccount {
    async fn limits(&self) -> Result<SendLimits, SendError> {
        match self.client.get_account().send().await {
            Ok(account) => Ok(limits_of(&account)),
            Err(error) => Err(not_answered(&error)),
        }
    }
}

/// What an answer says. What it leaves out is taken for the sandbox's, which is the least.
fn limits_of(account: &GetAccountOutput) -> SendLimits {
    let quota = account.send_quota();
    let whole = |number: f64| if number > 0.0 { number as u64 } else { 0 };
    SendLimits {
        // A rate below one a second, if there were one, must not become none.
        per_second: quota.map_or(1, |q| u32::try_from(whole(q.max_send_rate())).unwrap_or(u32::MAX).max(1)),
        per_day: match quota.map(|q| q.max24_hour_send()) {
            // SES: -1 is no limit.
            Some(max) if max < 0.0 => None,
            Some(max) => Some(whole(max)),
            None => Some(200),
        },
        sent_last_day: quota.map_or(0, |q| whole(q.sent_last24_hours())),
        is_sending_enabled: account.sending_enabled(),
        has_production_access: account.production_access_enabled(),
        standing: account.enforcement_status().map_or(Standing::Unknown, Standing::parse),
    }
}

/// An account that allows what it is told to: a laptop's, and a test's. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryAccount(Arc<Mutex<Result<SendLimits, SendError>>>);

impl Default for MemoryAccount {
    /// Out of the sandbox, with the limits of a small shop.
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Ok(SendLimits {
            per_second: 14,
            per_day: Some(50_000),
            sent_last_day: 0,
            is_sending_enabled: true,
            has_production_access: true,
            standing: Standing::Healthy,
        }))))
    }
}

impl MemoryAccount {
    /// From now on the account allows this, or does not answer.
    pub fn set(&self, limits: Result<SendLimits, SendError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = limits;
    }
}

impl SendAccount for MemoryAccount {
    async fn limits(&self) -> Result<SendLimits, SendError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Asks what SES allows, says in the log what somebody should do about it, and writes it down for `beckon mail status`.
/// `None` when SES did not say: then a run goes on as if nothing were known, because each send says for itself.
pub async fn look<T: LimitsStore, A: SendAccount>(
    tables: &T,
    account: &A,
    now: Timestamp,
) -> Option<SendLimits> {
    let limits = match account.limits().await {
        Ok(limits) => limits,
        Err(error) => {
            tracing::warn!(error = %error, "SES did not say what it allows");
            return None;
        }
    };
    if let Some(advice) = limits.advice() {
        tracing::warn!(advice, mail.left_today = ?limits.left_today(), "the SES account needs attention");
    }
    if let Err(error) = tables.record_limits(&limits, now).await {
        tracing::warn!(error = ?error, "what SES allows was not written down");
    }
    Some(limits)
}
