//! Keys that people make: what is kept of each. A write key's text is kept nowhere; a signing key's follows from a pepper.

use super::{KeyError, Origin, Pepper, WriteKey, WriteKeyKind};
use crate::id::{KeyId, SourceId};
use crate::time::Timestamp;
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

/// Keys that are kept at most, revoked ones included: they are read together.
pub const KEY_COUNT_MAX: usize = 100;
/// Origins of one key at most.
pub const ORIGIN_COUNT_MAX: usize = 20;

/// What a key is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// `pk_…`: a write key that pages may show.
    Publishable,
    /// `sk_…`: a write key that servers keep to themselves.
    Secret,
    /// `ts_…`: with it a shop's server signs who a visitor is.
    Token,
}

impl KeyKind {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Publishable => "publishable",
            Self::Secret => "secret",
            Self::Token => "token",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Publishable, Self::Secret, Self::Token].into_iter().find(|kind| kind.name() == name)
    }
}

/// What a key is known by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyMaterial {
    /// A write key, by the SHA-256 of its text. A key has 256 bits of chance, so nobody finds it by guessing, and a slow
    /// hash, which is for passwords, would protect nothing more.
    Write {
        /// What it may do.
        kind: WriteKeyKind,
        /// SHA-256 of the key as it is presented.
        digest: [u8; 32],
    },
    /// A signing key, by the pepper from which its text follows ([`Pepper::signing_secret`]).
    Token {
        /// The id of that pepper.
        pepper: String,
    },
}

/// Whether a key opens anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// It does.
    Live,
    /// Its time is over.
    Expired,
    /// Somebody took it back.
    Revoked,
}

impl KeyState {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A key that somebody made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MadeKey {
    /// Its public name; of a signing key the `kid` of its tokens.
    pub id: KeyId,
    /// The source that it names; a token holds with write keys of its own source alone.
    pub source: SourceId,
    /// What it is known by.
    pub material: KeyMaterial,
    /// What it is for, in the words of whoever made it.
    pub label: Option<String>,
    /// Origins of pages that may use it; any when empty.
    pub origins: Vec<Origin>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl MadeKey {
    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match &self.material {
            KeyMaterial::Write { kind: WriteKeyKind::Publishable, .. } => KeyKind::Publishable,
            KeyMaterial::Write { kind: WriteKeyKind::Secret, .. } => KeyKind::Secret,
            KeyMaterial::Token { .. } => KeyKind::Token,
        }
    }

    /// Whether it opens anything at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> KeyState {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => KeyState::Revoked,
            (None, Some(end)) if end <= now => KeyState::Expired,
            _ => KeyState::Live,
        }
    }

    /// The write key that it is, unless it signs tokens or was taken back.
    #[must_use]
    pub fn write_key(&self) -> Option<WriteKey> {
        match self.material {
            KeyMaterial::Write { kind, digest } if self.revoked_at.is_none() => Some(WriteKey {
                digest,
                kind,
                source: self.source.clone(),
                origins: self.origins.clone(),
                expires_at: self.expires_at,
            }),
            _ => None,
        }
    }
}

/// The text of a new write key, from 32 bytes that nobody can predict.
#[must_use]
pub fn write_key_text(kind: WriteKeyKind, seed: &[u8; 32]) -> String {
    format!("{}{}", kind.prefix(), BASE32_NOPAD.encode(seed).to_lowercase())
}

/// What is kept of a write key's text.
///
/// # Errors
/// When it starts with neither `pk_` nor `sk_`.
pub fn write_key_material(text: &str) -> Result<KeyMaterial, KeyError> {
    let kind = WriteKeyKind::of(text)?;
    Ok(KeyMaterial::Write { kind, digest: Sha256::digest(text.as_bytes()).into() })
}

/// The id of a new key, from bytes that nobody else has.
///
/// # Errors
/// Never: the text has the form of an id.
pub fn key_id(seed: &[u8; 32]) -> Result<KeyId, crate::id::IdError> {
    KeyId::new(&format!("key_{}", BASE32_NOPAD.encode(&seed[..10]).to_lowercase()))
}

impl Pepper {
    /// The text of a signing key (`ts_…`, 256 bits), whose bytes are the key of HS256. It is kept nowhere: whoever has the
    /// pepper and the key's id and source comes to the same text, and the text says nothing about the pepper.
    #[must_use]
    pub fn signing_secret(&self, id: &KeyId, source: &SourceId) -> String {
        let mac = self.mac("key/token", &format!("{id} {source}"));
        format!("ts_{}", BASE32_NOPAD.encode(&mac).to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyRing;

    fn made(text: &str, expires_at: Option<i64>, revoked_at: Option<i64>) -> MadeKey {
        MadeKey {
            id: key_id(&[1; 32]).unwrap(),
            source: SourceId::new("web").unwrap(),
            material: write_key_material(text).unwrap(),
            label: None,
            origins: Vec::new(),
            created_at: Timestamp::EPOCH,
            expires_at: expires_at.map(Timestamp::from_ms),
            revoked_at: revoked_at.map(Timestamp::from_ms),
        }
    }

    #[test]
    fn a_made_key_opens_until_it_ends_and_never_once_revoked() {
        let text = write_key_text(WriteKeyKind::Secret, &[7; 32]);
        assert_eq!((text.len(), &text[..3]), (55, "sk_"));
        let (open, ended, revoked) =
            (made(&text, Some(10), None), made(&text, None, Some(3)), Timestamp::EPOCH);
        let ring = |key: &MadeKey| KeyRing::new(key.write_key().into_iter().collect());
        let found = ring(&open);
        let found = found.find(&text).unwrap();
        assert!(found.is_live(Timestamp::from_ms(9)) && !found.is_live(Timestamp::from_ms(10)));
        assert_eq!(open.state(Timestamp::from_ms(10)), KeyState::Expired);
        assert!(ring(&ended).find(&text).is_none());
        assert_eq!(ended.state(revoked), KeyState::Revoked);
        assert!(!format!("{open:?}").contains(&text), "a key's text is kept nowhere");
    }

    #[test]
    fn a_signing_key_follows_from_pepper_id_and_source_alone() {
        let pepper = |secret: &[u8]| Pepper::new("1", secret).unwrap();
        let (id, web) = (key_id(&[1; 32]).unwrap(), SourceId::new("web").unwrap());
        let text = pepper(b"0123456789abcdef").signing_secret(&id, &web);
        assert_eq!(text, pepper(b"0123456789abcdef").signing_secret(&id, &web));
        assert!(text.starts_with("ts_") && text.len() == 55, "{text}");
        let others = [
            pepper(b"another-pepper-16").signing_secret(&id, &web),
            pepper(b"0123456789abcdef").signing_secret(&key_id(&[2; 32]).unwrap(), &web),
            pepper(b"0123456789abcdef").signing_secret(&id, &SourceId::new("app").unwrap()),
        ];
        assert!(others.iter().all(|other| *other != text));
    }
}
