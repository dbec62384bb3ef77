//! The content of mails that is live, compiled, held in memory for a bounded time. Bad content never replaces good one.

use super::{Content, RenderError, Rendered, View};
use beckon_domain::Timestamp;
use beckon_mail::{Files, Problems};
use beckon_store::StoreError;
use beckon_store::ruleset::RULESET_AGE_MAX;
use beckon_store::tables::{ConfigStore, MailDocument};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Why what is live cannot be followed.
#[derive(Debug, thiserror::Error)]
enum Unavailable {
    #[error("failed to load the content of mails")]
    Store(#[source] StoreError),
    #[error("the live content of mails is not valid")]
    Invalid(#[source] Problems),
    #[error("the live content of mails is not valid")]
    Files(#[source] beckon_mail::FilesError),
}

#[derive(Default)]
struct Held {
    content: Option<Arc<Content>>,
    /// The version that was looked at last, good or bad.
    seen: Option<String>,
    checked_at: Timestamp,
    /// Versions that variants of experiments send.
    versions: BTreeMap<String, Arc<Content>>,
}

/// The live content behind a table: what was published last and is valid, else the built-in one.
#[derive(Clone, Default)]
pub struct ActiveMailContent {
    held: Arc<Mutex<Held>>,
}

impl ActiveMailContent {
    /// The content to render by at `now`.
    ///
    /// # Errors
    /// Never, as far as tests of the built-in content tell.
    pub async fn get<C: ConfigStore>(&self, table: &C, now: Timestamp) -> Result<Arc<Content>, Problems> {
        if let Some(content) = self.fresh(now) {
            return Ok(content);
        }
        match self.load(table).await {
            Ok(content) => self.hold(content.map(Arc::new), now),
            Err(error) => {
                // The last good one stays; the table is asked again after the usual time, not at once.
                tracing::error!(error = ?error, "live content of mails not followed");
                self.hold(None, now);
            }
        }
        match self.in_memory() {
            Some(content) => Ok(content),
            None => {
                let content = Arc::new(Content::built_in()?);
                self.hold(Some(Arc::clone(&content)), now);
                Ok(content)
            }
        }
    }

    /// A version that was published at some time; `None` where there is none, or it is not valid: then what is live is sent,
    /// and the log says so.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn version<C: ConfigStore>(
        &self,
        table: &C,
        version: &str,
    ) -> Result<Option<Arc<Content>>, StoreError> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).versions.get(version).cloned();
        if held.is_some() {
            return Ok(held);
        }
        let document = table.mail_content(version).await?;
        let files = document.and_then(|document| Files::parse(&document.body).ok());
        let content = files.and_then(|files| Content::parse(&files).ok()).map(Arc::new);
        match &content {
            Some(content) => {
                let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                held.versions.insert(version.to_owned(), Arc::clone(content));
            }
            None => tracing::error!(mail.content = version, "content of a variant cannot be used"),
        }
        Ok(content)
    }

    fn in_memory(&self) -> Option<Arc<Content>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).content.clone()
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Content>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.content.clone().filter(|_| now.since(held.checked_at) < RULESET_AGE_MAX)
    }

    fn hold(&self, content: Option<Arc<Content>>, now: Timestamp) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.checked_at = now;
        if content.is_some() {
            held.content = content;
        }
    }

    /// Content other than what was looked at last, compiled.
    async fn load<C: ConfigStore>(&self, table: &C) -> Result<Option<Content>, Unavailable> {
        let Some(MailDocument { version, body }) =
            table.active_mail_content().await.map_err(Unavailable::Store)?
        else {
            return Ok(None);
        };
        {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if held.seen.as_ref() == Some(&version) {
                return Ok(None);
            }
            held.seen = Some(version);
        }
        let files = Files::parse(&body).map_err(Unavailable::Files)?;
        Content::parse(&files).map(Some).map_err(Unavailable::Invalid)
    }
}

/// Renders with the live content; what it cannot say of this cart is said by the built-in one, so that a person is not
/// forgotten for a mistake in a template.
///
/// # Errors
/// When the built-in content cannot either.
pub(super) fn render(content: &Content, view: impl Fn(&Content) -> View) -> Result<Rendered, RenderError> {
    let error = match content.render(&view(content)) {
        Ok(rendered) => return Ok(rendered),
        Err(error) => error,
    };
    tracing::error!(error = ?error, mail.content = content.version(), "content of mails failed; the built-in one is sent");
    let Ok(built_in) = Content::built_in() else { return Err(error) };
    built_in.render(&view(&built_in))
}
