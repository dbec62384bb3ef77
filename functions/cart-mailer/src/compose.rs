//! A reminder becomes an e-mail.

use crate::error::MailerError;
use crate::mail::{Material, Offered};
use crate::process::{MailTables, Mailer, Run};
use crate::send::Email;
use crate::situation::Reading;
use beckon_domain::outreach::Offer;
use beckon_domain::{ProfileKey, ReminderId};

impl<T: MailTables, S, M, A> Mailer<T, S, M, A> {
    pub(crate) async fn compose(
        &self,
        run: &Run,
        (key, id): (&ProfileKey, ReminderId),
        reading: &Reading,
        offer: Option<&Offer>,
    ) -> Result<Email, MailerError> {
        let (contact, hash) = reading.contact.as_ref().ok_or(MailerError::NoAddress)?;
        let unsubscribe_url =
            format!("{}/u/{}", self.public_url, self.secrets.pepper.unsubscribe_token(hash));
        let discount = offer.map(|offer| Offered {
            percent: offer.percent,
            code: &offer.code,
            valid_until: offer.expires_at,
        });
        let material = Material {
            profile: &reading.profile,
            contact,
            ruleset: &run.ruleset,
            facts: &reading.facts,
            discount,
            sender: &self.from,
            unsubscribe_url: &unsubscribe_url,
            reminder: (&id.episode, id.step),
            now: run.now,
        };
        let content = self.content.get(&self.tables, run.now).await?;
        let content = match run.assigned(key, &reading.profile).overlay().mail() {
            Some(version) => self.content.version(&self.tables, version).await?.unwrap_or(content),
            None => content,
        };
        let rendered = material.render(&content)?;
        Ok(Email {
            from: self.from.clone(),
            to: contact.email.clone().unwrap_or_default(),
            subject: rendered.subject.into_string(),
            text: rendered.text,
            html: rendered.html,
            headers: vec![
                ("List-Unsubscribe".to_owned(), format!("<{unsubscribe_url}>")),
                ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
            ],
            tags: vec![
                ("episode".to_owned(), id.episode.to_string()),
                ("step".to_owned(), id.step.to_string()),
            ],
        })
    }
}
