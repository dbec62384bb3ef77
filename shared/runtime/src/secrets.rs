//! The secrets: the pepper under which ids are hashed, and the write keys that are live.
//!
//! On AWS they are one JSON document in Secrets Manager, read once at start:
//! `{"pepper_id": "1", "pepper": "…", "keys": [{"derived": "publishable", "source": "web"}, {"key": "sk_…", "source": "shop"}]}`.
//! CloudFormation generates one random text for a secret, so the pepper is that text and the first keys are derived from
//! it. Such a key is revoked by taking its entry out, and added by an entry with the `key` itself. Keys that people make
//! (`beckon keys`) are in a table, by their hashes: [`MadeKeys`].
//!
//! The pepper is changed by writing another one in its place and moving the old one into
//! `"previous": [{"pepper_id": "1", "pepper": "…"}]`: unsubscribe links of mails that were sent with it stay valid, and who
//! unsubscribed through one stays unsubscribed, for as long as it is listed there.

use crate::keys::{KeysUnavailable, MadeKeys};
use beckon_domain::id::{IdError, KeyId};
use beckon_domain::key::{KeyMaterial, KeyRing, WriteKey, WriteKeyKind};
use beckon_domain::{ContactHash, Pepper, SourceId, Timestamp};
use serde::Deserialize;

/// Why there are no secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Secrets Manager did not answer.
    #[error("failed to read the secret {arn}")]
    Read {
        /// Which secret.
        arn: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The document is not of the expected form. Says where, never what.
    #[error("the secret is not of the expected form: {0}")]
    Form(String),
}

#[derive(Deserialize)]
struct Form {
    pepper_id: String,
    pepper: String,
    #[serde(default)]
    previous: Vec<PepperEntry>,
    keys: Vec<KeyEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PepperEntry {
    pepper_id: String,
    pepper: String,
}

impl PepperEntry {
    fn pepper(&self) -> Result<Pepper, SecretsError> {
        Pepper::new(&self.pepper_id, self.pepper.as_bytes()).map_err(|e| SecretsError::Form(e.to_string()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    key: Option<String>,
    derived: Option<Derived>,
    source: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Derived {
    Publishable,
    Secret,
}

/// A secret document, with the keys as they are presented by callers: for whoever hands them out, not for functions.
pub struct Document {
    pepper: Pepper,
    previous: Vec<Pepper>,
    keys: Vec<(String, SourceId)>,
}

impl Document {
    /// Reads a secret document.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(json: &str) -> Result<Self, SecretsError> {
        let form: Form = serde_json::from_str(json).map_err(|error| {
            SecretsError::Form(format!("{:?} error at line {}", error.classify(), error.line()))
        })?;
        let pepper = PepperEntry { pepper_id: form.pepper_id, pepper: form.pepper }.pepper()?;
        let previous: Vec<Pepper> =
            form.previous.iter().map(PepperEntry::pepper).collect::<Result<_, _>>()?;
        if previous.iter().any(|old| old.id() == pepper.id()) {
            let fault = "previous: a new pepper needs an id that no old one has";
            return Err(SecretsError::Form(fault.to_owned()));
        }
        let keys = form.keys.into_iter().enumerate().map(|(index, entry)| {
            let form = |message: String| SecretsError::Form(format!("keys[{index}]: {message}"));
            let source = SourceId::new(&entry.source).map_err(|e| form(e.to_string()))?;
            let key = match (entry.key, entry.derived) {
                (Some(key), None) => key,
                (None, Some(Derived::Publishable)) => pepper.write_key(WriteKeyKind::Publishable, &source),
                (None, Some(Derived::Secret)) => pepper.write_key(WriteKeyKind::Secret, &source),
                _ => return Err(form("it needs `key` or `derived`, and only one of them".to_owned())),
            };
            WriteKey::new(&key, source.clone()).map_err(|e| form(e.to_string()))?;
            if source.is_canary() {
                return Err(form(format!(
                    "the source {source} is Beckon's own: its key follows from the pepper"
                )));
            }
            Ok((key, source))
        });
        let keys = keys.collect::<Result<_, _>>()?;
        Ok(Self { pepper, previous, keys })
    }

    /// The write keys that are live, each with the source that it names.
    #[must_use]
    pub fn write_keys(self) -> Vec<(String, SourceId)> {
        self.keys
    }
}

/// The secrets of a deployment.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// For profile keys, tokens and codes.
    pub pepper: Pepper,
    /// Peppers from before, whose links and suppressions still hold.
    pub previous: Vec<Pepper>,
    /// The write keys of the secret.
    pub keys: KeyRing,
    /// The keys that people made.
    pub made: MadeKeys,
}

impl Secrets {
    /// Reads a secret document.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(json: &str) -> Result<Self, SecretsError> {
        let document = Document::parse(json)?;
        // Every function knows the canary's key and nobody is given it: it follows from the pepper.
        let canary = canary_key(&document.pepper)?;
        let keys = document.keys.into_iter().chain([canary]);
        let keys = keys.map(|(key, source)| WriteKey::new(&key, source));
        let keys = keys.collect::<Result<_, _>>().map_err(|e| SecretsError::Form(e.to_string()))?;
        Ok(Self {
            pepper: document.pepper,
            previous: document.previous,
            keys: KeyRing::new(keys),
            made: MadeKeys::default(),
        })
    }

    /// The same, with keys that people made.
    #[must_use]
    pub fn with_made_keys(self, made: MadeKeys) -> Self {
        Self { made, ..self }
    }

    /// The publishable key of the canary, as it presents it.
    ///
    /// # Errors
    /// Never: the source has the form of one.
    pub fn canary_key(&self) -> Result<String, SecretsError> {
        canary_key(&self.pepper).map(|(key, _)| key)
    }

    /// The write key that a caller presented, if it is live: one of the secret, which needs no table, or a made one.
    ///
    /// # Errors
    /// When nobody can say whether it is one.
    pub async fn find_key(
        &self,
        presented: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<WriteKey>, KeysUnavailable> {
        let Some(presented) = presented else { return Ok(None) };
        match self.keys.find(presented) {
            Some(key) => Ok(Some(key.clone())),
            None => self.made.find(presented, now).await,
        }
    }

    /// The text of a live signing key of a source, by its id; nothing when there is none of it, or of another source.
    ///
    /// # Errors
    /// When nobody can say whether there is one.
    pub async fn signing_secret(
        &self,
        id: &str,
        source: &SourceId,
        now: Timestamp,
    ) -> Result<Option<String>, KeysUnavailable> {
        let Some(key) = self.made.signing(id, now).await?.filter(|key| key.source == *source) else {
            return Ok(None);
        };
        let KeyMaterial::Token { pepper: id } = &key.material else { return Ok(None) };
        let mut peppers = std::iter::once(&self.pepper).chain(&self.previous);
        let pepper = peppers.find(|pepper| pepper.id() == id);
        Ok(pepper.map(|pepper| pepper.signing_secret(&key.id, &key.source)))
    }

    /// The texts of the keys that sign the previews which are made with a secret key: the one to make them with first, then
    /// those of earlier peppers. They are of no one source: who has a secret key may change what all pages show.
    ///
    /// # Errors
    /// When `kid` can be no key's id.
    pub fn preview_secrets(&self, kid: &str) -> Result<Vec<String>, IdError> {
        let (id, source) = (KeyId::new(kid)?, SourceId::new(kid)?);
        let peppers = std::iter::once(&self.pepper).chain(&self.previous);
        Ok(peppers.map(|pepper| pepper.signing_secret(&id, &source)).collect())
    }

    /// The contact and the pepper of an unsubscribe token, which an earlier pepper may have made.
    #[must_use]
    pub fn open_unsubscribe_token(&self, token: &str) -> Option<(ContactHash, &Pepper)> {
        let mut peppers = std::iter::once(&self.pepper).chain(&self.previous);
        peppers.find_map(|pepper| Some((pepper.open_unsubscribe_token(token)?, pepper)))
    }

    /// Every hash under which an address may be suppressed: that of the pepper first, then those of earlier ones.
    #[must_use]
    pub fn contacts(&self, email: &str) -> Vec<ContactHash> {
        std::iter::once(&self.pepper).chain(&self.previous).map(|pepper| pepper.contact(email)).collect()
    }

    /// Reads the secret from Secrets Manager.
    ///
    /// # Errors
    /// When it cannot be read or has another form.
    pub async fn load(config: &aws_config::SdkConfig, arn: &str) -> Result<Self, SecretsError> {
        let read = |source: Box<dyn std::error::Error + Send + Sync>| SecretsError::Read {
            arn: arn.to_owned(),
            source,
        };
        let client = aws_sdk_secretsmanager::Client::new(config);
        let answer = client.get_secret_value().secret_id(arn).send().await.map_err(|e| read(e.into()))?;
        Self::parse(answer.secret_string().ok_or_else(|| read("it is binary".into()))?)
    }

    /// The secrets of a laptop: the keys `pk_local` and `sk_local`, and a pepper that protects nobody.
    ///
    /// # Errors
    /// Never, unless this document is edited.
    pub fn local() -> Result<Self, SecretsError> {
        Self::parse(
            r#"{"pepper_id": "local", "pepper": "a pepper for laptops only",
                "keys": [{"key": "pk_local", "source": "browser"}, {"key": "sk_local", "source": "server"}]}"#,
        )
    }
}

fn canary_key(pepper: &Pepper) -> Result<(String, SourceId), SecretsError> {
    let source = SourceId::new(SourceId::CANARY).map_err(|e| SecretsError::Form(e.to_string()))?;
    Ok((pepper.write_key(WriteKeyKind::Publishable, &source), source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canarys_key_is_live_is_handed_to_nobody_and_no_other_key_names_its_source() {
        let local = Secrets::local().unwrap();
        let key = local.canary_key().unwrap();
        let found = local.keys.find(&key).unwrap();
        assert!(found.source.is_canary() && found.kind == WriteKeyKind::Publishable);
        let document = r#"{"pepper_id":"1","pepper":"0123456789abcdef","keys":[]}"#;
        assert!(Document::parse(document).unwrap().write_keys().is_empty());
        let taken = document.replace("[]", r#"[{"derived":"publishable","source":"beckon.canary"}]"#);
        assert!(Secrets::parse(&taken).unwrap_err().to_string().contains("Beckon's own"));
    }

    #[test]
    fn derived_keys_are_live_until_their_entry_is_gone() {
        let pepper = r#""pepper_id":"1","pepper":"0123456789abcdef""#;
        let both = r#"[{"derived":"publishable","source":"web"},{"derived":"secret","source":"shop"}]"#;
        let document = format!("{{{pepper},\"keys\":{both}}}");
        let keys = Document::parse(&document).unwrap().write_keys();
        assert!(keys[0].0.starts_with("pk_") && keys[1].0.starts_with("sk_"), "{keys:?}");
        let ring = Secrets::parse(&document).unwrap().keys;
        assert_eq!(ring.find(&keys[1].0).unwrap().source.as_str(), "shop");
        let revoked = Secrets::parse(&format!("{{{pepper},\"keys\":[]}}")).unwrap();
        assert!(revoked.keys.find(&keys[1].0).is_none());
        let neither = format!("{{{pepper},\"keys\":[{{\"source\":\"web\"}}]}}");
        assert!(Secrets::parse(&neither).unwrap_err().to_string().contains("`key` or `derived`"));
    }

    #[test]
    fn a_link_of_an_earlier_pepper_stays_valid_while_the_pepper_is_listed() {
        let old = r#"{"pepper_id":"1","pepper":"0123456789abcdef","keys":[]}"#;
        let before = Secrets::parse(old).unwrap();
        let contact = before.pepper.contact("jo@shop.example");
        let token = before.pepper.unsubscribe_token(&contact);
        let new = r#"{"pepper_id":"2","pepper":"fedcba9876543210","keys":[],"previous":[]}"#;
        let listed = r#""previous":[{"pepper_id":"1","pepper":"0123456789abcdef"}]"#;
        let after = Secrets::parse(&new.replace(r#""previous":[]"#, listed)).unwrap();
        let (opened, pepper) = after.open_unsubscribe_token(&token).unwrap();
        assert_eq!((&opened, pepper.id()), (&contact, "1"));
        assert_eq!(after.contacts("jo@shop.example"), [after.pepper.contact("jo@shop.example"), contact]);
        assert!(Secrets::parse(new).unwrap().open_unsubscribe_token(&token).is_none(), "no longer listed");
        let twice = old.replace(r#""keys""#, &format!("{listed},\"keys\""));
        assert!(Secrets::parse(&twice).unwrap_err().to_string().contains("an id that no old one has"));
    }

    #[test]
    fn the_local_document_parses_and_a_bad_one_is_not_quoted() {
        assert!(Secrets::local().unwrap().keys.find("sk_local").is_some());
        let bad = r#"{"pepper_id":"1","pepper":"0123456789abcdef","keys":[{"key":"hunter2","source":"x"}]}"#;
        let message = Secrets::parse(bad).unwrap_err().to_string();
        assert!(message.contains("keys[0]") && !message.contains("hunter2"), "{message}");
    }
}
