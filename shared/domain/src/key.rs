//! Keys made from secrets: profile keys, contact hashes, unsubscribe tokens, discount codes, write keys.
//!
//! A person's id never leaves the collector: what is stored and streamed is its HMAC-SHA-256 under a pepper from
//! the secret store. The pepper's id is part of the key, so that a new pepper applies to new ids only.

mod made;
mod origin;
mod signing;
mod token;

pub use made::{
    KEY_COUNT_MAX, KeyKind, KeyMaterial, KeyState, MadeKey, ORIGIN_COUNT_MAX, key_id, write_key_material,
    write_key_text,
};
pub use origin::Origin;
pub use signing::{hs256, is_hs256};

use crate::id::{AnonymousId, EpisodeId, SourceId, UserId};
use crate::time::Timestamp;
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not of the form `{a|c}{pepper id}_{43 base64url characters}`.
    #[error("not a profile key")]
    ProfileKey,
    /// Not of the form `{pepper id}_{27 base64url characters}`.
    #[error("not the hash of an address")]
    ContactHash,
    /// The pepper's id is not 1 to 8 lower-case letters or digits, or the pepper is shorter than 16 bytes.
    #[error("a pepper needs an id of 1 to 8 lower-case letters or digits and at least 16 bytes")]
    Pepper,
    /// A write key does not start with `pk_` or `sk_`.
    #[error("a write key starts with pk_ (publishable) or sk_ (secret)")]
    WriteKey,
    /// Not of the form `scheme://host` or `scheme://host:port`.
    #[error("an origin is a scheme and a host, such as https://shop.example")]
    Origin,
}

/// Whether a profile belongs to a visitor we cannot name or to a known customer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum ProfileKind {
    /// A visitor, by the id that their browser made.
    Anonymous,
    /// A customer, by the shop's own id.
    Customer,
}

impl ProfileKind {
    const fn letter(self) -> char {
        match self {
            Self::Anonymous => 'a',
            Self::Customer => 'c',
        }
    }
}

/// Characters of the digest in [`ProfileKey::shortened`], six bits each.
const SHORTENED_CHARS: usize = 12;

/// The key of a profile: its row's key in ProfileTable and the partition key of its events.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProfileKey(String);

impl ProfileKey {
    /// Parses a key that [`Pepper`] made.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (head, digest) = text.split_once('_').ok_or(KeyError::ProfileKey)?;
        let mut head = head.chars();
        let kind_ok = matches!(head.next(), Some('a' | 'c'));
        let is_digest = BASE64URL_NOPAD.decode_len(digest.len()) == Ok(32)
            && BASE64URL_NOPAD.decode_mut(digest.as_bytes(), &mut [0; 32]).is_ok();
        if kind_ok && is_digest && is_pepper_id(head.as_str()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::ProfileKey)
        }
    }

    /// The key that stands where an erased person's was: no HMAC is all zeros.
    #[must_use]
    pub fn nobody() -> Self {
        Self(format!("c0_{}", BASE64URL_NOPAD.encode(&[0; 32])))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What reports tell people apart by: kind, pepper and 72 bits of the digest. Nobody is found by it alone.
    #[must_use]
    pub fn shortened(&self) -> &str {
        let digest = self.0.find('_').map_or(0, |at| at + 1);
        self.0.get(..digest + SHORTENED_CHARS).unwrap_or(&self.0)
    }

    /// Whose profile it is.
    #[must_use]
    pub fn kind(&self) -> ProfileKind {
        if self.0.starts_with('c') { ProfileKind::Customer } else { ProfileKind::Anonymous }
    }

    /// A stable number from 0 to `shard_count − 1`, to spread an index that would otherwise have one hot key.
    #[must_use]
    pub fn shard(&self, shard_count: u32) -> u32 {
        (xxhash_rust::xxh3::xxh3_64(self.0.as_bytes()) % u64::from(shard_count.max(1))) as u32
    }
}

impl fmt::Display for ProfileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProfileKey {
    /// The first characters only: a log line needs to tell two profiles apart, not to name one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProfileKey({}…)", self.0.get(..9).unwrap_or(&self.0))
    }
}

/// The HMAC of a normalised e-mail address: what suppression is kept under, so that it outlives an erased contact.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ContactHash(String);

impl ContactHash {
    /// Parses a hash that [`Pepper::contact`] made.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (pepper, digest) = text.split_once('_').ok_or(KeyError::ContactHash)?;
        let is_digest = BASE64URL_NOPAD.decode_len(digest.len()) == Ok(20)
            && BASE64URL_NOPAD.decode_mut(digest.as_bytes(), &mut [0; 20]).is_ok();
        if is_digest && is_pepper_id(pepper) { Ok(Self(text.to_owned())) } else { Err(KeyError::ContactHash) }
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The secret under which ids are hashed, with the id that tells which one it was.
#[derive(Clone)]
pub struct Pepper {
    id: String,
    secret: Vec<u8>,
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper({})", self.id)
    }
}

fn is_pepper_id(id: &str) -> bool {
    (1..=8).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

impl Pepper {
    /// A pepper from the secret store.
    ///
    /// # Errors
    /// When the id has another form or the secret is shorter than 16 bytes.
    pub fn new(id: &str, secret: &[u8]) -> Result<Self, KeyError> {
        if is_pepper_id(id) && secret.len() >= 16 {
            Ok(Self { id: id.to_owned(), secret: secret.to_vec() })
        } else {
            Err(KeyError::Pepper)
        }
    }

    /// The id that tells which pepper it is.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// HMAC-SHA-256 over a purpose and a text. The length prefix keeps (purpose, text) pairs apart.
    fn mac(&self, purpose: &str, text: &str) -> [u8; 32] {
        // HMAC takes keys of any length, so the error case cannot arise; an empty MAC would still be no key.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else { return [0; 32] };
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn profile_key(&self, kind: ProfileKind, purpose: &str, text: &str) -> ProfileKey {
        let digest = BASE64URL_NOPAD.encode(&self.mac(purpose, text));
        ProfileKey(format!("{}{}_{digest}", kind.letter(), self.id))
    }

    /// The key of a visitor's profile.
    #[must_use]
    pub fn anonymous(&self, id: &AnonymousId) -> ProfileKey {
        self.profile_key(ProfileKind::Anonymous, "profile/anonymous", id.as_str())
    }

    /// The key of a customer's profile.
    #[must_use]
    pub fn customer(&self, id: &UserId) -> ProfileKey {
        self.profile_key(ProfileKind::Customer, "profile/customer", id.as_str())
    }

    /// An event id that stands for one with a person's id in it: the same for the same text, so that a repetition is
    /// still recognised.
    #[must_use]
    pub fn event_id(&self, text: &str) -> String {
        format!("{}_{}", self.id, BASE64URL_NOPAD.encode(&self.mac("event/id", text)[..20]))
    }

    /// The hash of an e-mail address, the same for `Jo@Example.com ` and `jo@example.com`.
    #[must_use]
    pub fn contact(&self, email: &str) -> ContactHash {
        let digest = self.mac("contact/email", &email.trim().to_lowercase());
        ContactHash(format!("{}_{}", self.id, BASE64URL_NOPAD.encode(&digest[..20])))
    }

    /// A discount code for one episode: deterministic, and unguessable without the pepper (50 bits).
    #[must_use]
    pub fn discount_code(&self, prefix: &str, episode: &EpisodeId) -> String {
        let mac = self.mac("code/discount", &episode.to_string());
        let code = BASE32_NOPAD.encode(&mac[..7]);
        format!("{prefix}{}", &code[..10])
    }

    /// The write key of a source that is derived instead of kept: a secret store generates one random text when a stack is
    /// made, so the first keys follow from it. Unguessable without the pepper (160 bits), and says nothing about it.
    #[must_use]
    pub fn write_key(&self, kind: WriteKeyKind, source: &SourceId) -> String {
        let mac = self.mac(&format!("write-key/{}", kind.prefix()), source.as_str());
        format!("{}{}", kind.prefix(), BASE32_NOPAD.encode(&mac[..20]).to_lowercase())
    }
}

/// What a write key may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WriteKeyKind {
    /// `pk_…`: may be seen by anyone; acts for the anonymous id it is sent with, and for nobody else.
    Publishable,
    /// `sk_…`: held by the shop's servers; may say who somebody is.
    Secret,
}

impl WriteKeyKind {
    /// What keys of this kind start with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Publishable => "pk_",
            Self::Secret => "sk_",
        }
    }

    /// What the key of this text may do.
    ///
    /// # Errors
    /// When it starts with neither `pk_` nor `sk_`.
    pub fn of(text: &str) -> Result<Self, KeyError> {
        [Self::Publishable, Self::Secret]
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))
            .ok_or(KeyError::WriteKey)
    }
}

/// One write key: its SHA-256 (never the key itself), what it may do, and the source it names.
#[derive(Clone, Debug)]
pub struct WriteKey {
    digest: [u8; 32],
    /// What the key may do.
    pub kind: WriteKeyKind,
    /// The source of the events sent with it.
    pub source: SourceId,
    /// Origins of pages that may use it; any when empty.
    pub origins: Vec<Origin>,
    /// From when on it opens nothing.
    pub expires_at: Option<Timestamp>,
}

impl WriteKey {
    /// A key from its secret text.
    ///
    /// # Errors
    /// When it starts with neither `pk_` nor `sk_`.
    pub fn new(text: &str, source: SourceId) -> Result<Self, KeyError> {
        let (kind, digest) = (WriteKeyKind::of(text)?, Sha256::digest(text.as_bytes()).into());
        Ok(Self { digest, kind, source, origins: Vec::new(), expires_at: None })
    }

    /// Whether it opens anything at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether a page of this `Origin` may use it. A request without one comes from no page; a secret key is held by
    /// servers, which have none.
    #[must_use]
    pub fn allows(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin.filter(|_| !self.origins.is_empty()) else { return true };
        Origin::new(origin).is_ok_and(|origin| self.origins.contains(&origin))
    }
}

/// The write keys that are live.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(Vec<WriteKey>);

impl KeyRing {
    /// A ring of keys.
    #[must_use]
    pub fn new(keys: Vec<WriteKey>) -> Self {
        Self(keys)
    }

    /// The key that a caller presented. Takes the same time whichever key it is, and whether or not it is one.
    #[must_use]
    pub fn find(&self, presented: &str) -> Option<&WriteKey> {
        let digest: [u8; 32] = Sha256::digest(presented.as_bytes()).into();
        let mut found = None;
        for key in &self.0 {
            if bool::from(key.digest.ct_eq(&digest)) {
                found = Some(key);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
