//! Whether a request may be answered, for whom, and what it may be told.

use crate::error::DecideError;
use crate::explain;
use crate::person::Who;
use crate::preview;
use crate::process::{Browser, Decider};
use crate::propensity;
use beckon_domain::Timestamp;
use beckon_domain::id::{SourceId, UserId};
use beckon_domain::key::{WriteKey, WriteKeyKind};
use beckon_rules::{Forced, Ruleset};
use beckon_wire::auth::Credentials;
use beckon_wire::decisions::{DecisionsRequest, Preview};
use beckon_wire::problem::{Fault, Problem};
use beckon_wire::token::{self, TokenFault};

/// A request that is answered.
pub(crate) struct Admitted {
    /// Whose profiles may be read.
    pub who: Who,
    /// Whether to say why.
    pub explains: bool,
    /// Whether to say how likely the person is to buy.
    pub tells: bool,
    /// Whether the browser said `Sec-GPC: 1`.
    pub has_gpc: bool,
    /// Whether nobody asks: a program.
    pub is_bot: bool,
    /// Whom and when a preview is of.
    pub preview: Option<Preview>,
    /// The source that the key names. The canary's is decided for by rules of its own, and written down nowhere.
    pub source: SourceId,
    /// What was ignored of the request.
    pub warnings: Vec<Fault>,
}

impl Admitted {
    /// The variants that a preview shows, of the runs that there are.
    pub(crate) fn forced(&self, ruleset: &Ruleset) -> Forced {
        let Some(preview) = &self.preview else { return Forced::default() };
        let runs = ruleset.experiments().iter();
        let of_run = runs.filter_map(|experiment| {
            let variant = preview.variants.get(&experiment.run.experiment)?;
            Some((experiment.run.clone(), variant.clone()))
        });
        Forced(of_run.collect())
    }
}

impl<T> Decider<T> {
    /// Looks at the key, at who is proven by it or a token, and at what else may only be asked with a secret key.
    ///
    /// # Errors
    /// When the key is unknown or may not ask that, or nobody can say whether it is live.
    pub(crate) async fn admit(
        &self,
        bytes: &[u8],
        request: &DecisionsRequest,
        credentials: &Credentials,
        browser: Browser,
        now: Timestamp,
    ) -> Result<Admitted, DecideError> {
        let key = self.key_of(credentials, request.write_key.as_deref(), now).await?;
        let mut warnings: Vec<Fault> = credentials.admit(&key)?.into_iter().collect();
        let proof = self.proof(bytes, request, &key, &mut warnings).await?;
        let explains = explain::may_explain(request.explain, key.kind)?;
        let tells = propensity::may_tell(request.propensity, key.kind)?;
        let preview = match &request.preview {
            Some(asked) => Some(preview::granted(asked, &key, &self.secrets, now).await?),
            None => None,
        };
        let who = Who::from_request(request, key.kind, proof.as_ref(), &self.secrets.pepper)?;
        let who = match &preview {
            // What a page says of itself is not asked of somebody else.
            Some(preview) => preview::who(preview, who),
            None if browser.has_gpc => Who::default(),
            None => who,
        };
        Ok(Admitted {
            who,
            explains,
            tells,
            has_gpc: browser.has_gpc && preview.is_none(),
            is_bot: browser.is_bot && key.kind == WriteKeyKind::Publishable,
            preview,
            source: key.source,
            warnings,
        })
    }

    /// The live key that a caller presents, in the header or else beside it.
    ///
    /// # Errors
    /// When it is unknown, or nobody can say whether it is live.
    pub(crate) async fn key_of(
        &self,
        credentials: &Credentials,
        beside: Option<&str>,
        now: Timestamp,
    ) -> Result<WriteKey, DecideError> {
        let presented = credentials.user.as_deref().or(beside);
        Ok(self.secrets.find_key(presented, now).await?.ok_or_else(Problem::unauthorized)?)
    }

    /// The customer whom the request's token proves. A token that proves nothing, or somebody else than the request names,
    /// is told and does nothing.
    async fn proof(
        &self,
        bytes: &[u8],
        request: &DecisionsRequest,
        key: &WriteKey,
        warnings: &mut Vec<Fault>,
    ) -> Result<Option<UserId>, DecideError> {
        let token = token::of_body(bytes).filter(|_| key.kind == WriteKeyKind::Publishable);
        let Some(token) = token else { return Ok(None) };
        let now = self.clock.now();
        let secret_of = async |kid: String| self.secrets.signing_secret(&kid, &key.source, now).await;
        let fault = match token::prove(&token, secret_of, now).await? {
            Ok(proof) if request.user.as_ref().is_none_or(|user| *user == proof) => return Ok(Some(proof)),
            Ok(_) => TokenFault::OtherPerson,
            Err(fault) => fault,
        };
        warnings.push(fault.into());
        Ok(None)
    }
}
