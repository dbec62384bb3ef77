//! The content of mails becomes live as a ruleset does: checked first, then live together with the record of who did it,
//! against the change that was read.

use crate::change::{Change, Noted};
use crate::error::AdminError;
use crate::process::{Admin, Caller};
use beckon_mail::{Content, Files, Problems};
use beckon_store::ErrorKind;
use beckon_store::tables::{ChangeKind, MailChange, MailContentStore, MailDocument, Save, TestCount};
use beckon_wire::admin::PublishAsk;
use beckon_wire::format_time;
use beckon_wire::problem::{Fault, Problem};
use serde_json::{Value, json};

/// Changes that are shown with what is live.
const CHANGE_COUNT: u32 = 20;

fn refused(problems: &Problems) -> AdminError {
    let problem = Problem::mail_content_refused("the content of mails is not valid; what is live stays");
    let faults = problems.0.iter().map(|p| Fault::new(&p.file, "mail.invalid", p.to_string()));
    faults.fold(problem, Problem::with).into()
}

/// Reads and checks a document.
fn checked(document: &str) -> Result<MailDocument, AdminError> {
    let files = Files::parse(document).map_err(|error| Problem::bad_request(error.to_string()))?;
    Content::parse(&files).map_err(|problems| refused(&problems))?;
    Ok(MailDocument { version: files.version(), body: files.document() })
}

impl<T: MailContentStore, O> Admin<T, O> {
    /// Makes content live, if it is valid.
    ///
    /// # Errors
    /// When it is not, other content became live in between, or a table fails.
    pub(crate) async fn publish_mail(
        &self,
        document: &str,
        ask: PublishAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<Value>, AdminError> {
        let document = checked(document)?;
        let live = self.tables.live_mail_content().await?;
        let version = live.as_ref().map(|live| live.document.version.clone());
        if ask.expect.is_some() && ask.expect != version {
            return Err(conflict(version.as_deref()));
        }
        let is_new = version.as_ref() != Some(&document.version);
        let told = |changed: bool| {
            let answer = json!({ "request_id": caller.request_id, "changed": changed, "dry_run": ask.dry_run,
                "version": document.version, "from": version });
            let after = if ask.dry_run { version.as_deref() } else { Some(document.version.as_str()) };
            Noted { answer, change: Change::of_value("version", version.as_deref(), after) }
        };
        if ask.dry_run || !is_new {
            return Ok(told(is_new));
        }
        let change = MailChange {
            number: live.as_ref().map_or(0, |live| live.number) + 1,
            id: caller.request_id.to_owned(),
            at: self.clock.now(),
            kind: ChangeKind::Publish,
            from: version.clone(),
            to: document.version.clone(),
            who: caller.source.as_str().to_owned(),
            by: ask.by.clone(),
            note: ask.note.clone(),
            tests: TestCount::default(),
            forced: false,
        };
        let error = match self.tables.change_mail_content(&document, &change).await {
            Ok(Save::Saved) => return Ok(told(true)),
            Ok(Save::Conflict) => None,
            Err(error) if error.kind == ErrorKind::Ambiguous => Some(error),
            Err(error) => return Err(error.into()),
        };
        // Was it we, after an answer that got lost, or somebody else?
        let latest = self.tables.mail_content_changes(1).await?.into_iter().next();
        match (latest, error) {
            (Some(latest), _) if latest.id == change.id => Ok(told(true)),
            (_, Some(error)) => Err(error.into()),
            (latest, None) => Err(conflict(latest.map(|latest| latest.to).as_deref())),
        }
    }

    /// What is live, with its files and the latest changes; the built-in content where nothing was published.
    ///
    /// # Errors
    /// When a table fails.
    pub(crate) async fn live_mail(&self, request_id: &str) -> Result<Value, AdminError> {
        let live = self.tables.live_mail_content().await?;
        let changes = self.tables.mail_content_changes(CHANGE_COUNT).await?;
        let files = match &live {
            Some(live) => Files::parse(&live.document.body).unwrap_or_default(),
            None => Content::built_in_files(),
        };
        let change = |change: MailChange| {
            json!({ "number": change.number, "at": format_time(change.at), "from": change.from, "to": change.to,
                "who": change.who, "by": change.by, "note": change.note })
        };
        Ok(json!({ "request_id": request_id, "published": live.is_some(), "version": files.version(),
            "files": files.files, "changes": changes.into_iter().map(change).collect::<Vec<_>>() }))
    }
}

fn conflict(live: Option<&str>) -> AdminError {
    let live = live.unwrap_or("nothing");
    Problem::conflict(format!("{live} is live by now: look at it, and ask again if it still holds")).into()
}

/// Says what is wrong with content, and changes nothing.
pub(super) fn check(document: &str, request_id: &str) -> Result<Value, AdminError> {
    let document = checked(document)?;
    Ok(json!({ "request_id": request_id, "valid": true, "version": document.version }))
}

#[cfg(test)]
mod tests;
