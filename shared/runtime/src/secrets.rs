//! The secrets: the pepper under which ids are hashed, and the write keys that are live.
//!
//! On AWS they are one JSON document in Secrets Manager, read once at start:
//! `{"pepper_id": "1", "pepper": "…", "keys": [{"key": "pk_…", "source": "web"}, {"key": "sk_…", "source": "shop"}]}`.

use beckon_domain::key::{KeyRing, WriteKey};
use beckon_domain::{Pepper, SourceId};
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
struct Document {
    pepper_id: String,
    pepper: String,
    keys: Vec<KeyEntry>,
}

#[derive(Deserialize)]
struct KeyEntry {
    key: String,
    source: String,
}

/// The secrets of a deployment.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// For profile keys, tokens and codes.
    pub pepper: Pepper,
    /// The write keys that are live.
    pub keys: KeyRing,
}

impl Secrets {
    /// Reads a secret document.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(json: &str) -> Result<Self, SecretsError> {
        let document: Document = serde_json::from_str(json).map_err(|error| {
            SecretsError::Form(format!("{:?} error at line {}", error.classify(), error.line()))
        })?;
        let pepper = Pepper::new(&document.pepper_id, document.pepper.as_bytes())
            .map_err(|e| SecretsError::Form(e.to_string()))?;
        let keys = document.keys.iter().enumerate().map(|(index, entry)| {
            let source = SourceId::new(&entry.source).map_err(|e| e.to_string());
            let key = source.and_then(|source| WriteKey::new(&entry.key, source).map_err(|e| e.to_string()));
            key.map_err(|e| SecretsError::Form(format!("keys[{index}]: {e}")))
        });
        Ok(Self { pepper, keys: KeyRing::new(keys.collect::<Result<_, _>>()?) })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_document_parses_and_a_bad_one_is_not_quoted() {
        assert!(Secrets::local().unwrap().keys.find("sk_local").is_some());
        let bad = r#"{"pepper_id":"1","pepper":"0123456789abcdef","keys":[{"key":"hunter2","source":"x"}]}"#;
        let message = Secrets::parse(bad).unwrap_err().to_string();
        assert!(message.contains("keys[0]") && !message.contains("hunter2"), "{message}");
    }
}
