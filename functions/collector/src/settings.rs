//! What analytics.js asks for when a page loads it: where this source's events go.

use crate::error::CollectError;
use crate::process::Collector;
use beckon_domain::key::WriteKeyKind;
use beckon_wire::capture::source_settings;
use beckon_wire::problem::Problem;
use serde_json::Value;

impl<S, C> Collector<S, C> {
    /// The settings of a publishable key's source. They name the configured address and nothing of the request, because
    /// the answer is cached: a forged `Host` must not lead anybody's events elsewhere.
    ///
    /// # Errors
    /// 404 for any other key, 503 when nobody can say. A secret key has no business in an address, so it is not found either.
    pub async fn settings(&self, write_key: &str) -> Result<Value, CollectError> {
        let found = self.secrets.find_key(Some(write_key), self.clock.now()).await?;
        match found.filter(|key| key.kind == WriteKeyKind::Publishable) {
            Some(_) => Ok(source_settings(write_key, &self.public_url)),
            None => {
                let detail = "no source has this publishable key: look for a typo, or ask for a live key";
                Err(Problem::not_found(detail).into())
            }
        }
    }
}
