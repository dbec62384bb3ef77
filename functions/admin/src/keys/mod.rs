//! Keys: made, listed and taken back. Each change is written down with who made it and why, in one transaction with it.

mod routes;

pub(crate) use routes::{create, list, revoke};

use crate::change::{Change, Noted, Values, values};
use crate::error::AdminError;
use crate::process::{Admin, Caller};
use beckon_domain::id::KeyId;
use beckon_domain::key::{
    KEY_COUNT_MAX, KeyKind, KeyMaterial, KeyState, MadeKey, WriteKeyKind, key_id, write_key_material,
    write_key_text,
};
use beckon_domain::{DurationMs, Timestamp};
use beckon_runtime::fresh_seed;
use beckon_store::tables::{KeyAction, KeyChange, KeySet, KeyStore, Save};
use beckon_store::{ErrorKind, StoreError};
use beckon_wire::format_time;
use beckon_wire::keys::{
    CreateKeyAsk, CreatedKeyAnswer, KeyAnswer, KeyChangeAnswer, KeysAnswer, RevokeKeyAsk, RevokedKeyAnswer,
};
use beckon_wire::problem::Problem;

/// Changes that are told.
const CHANGE_COUNT: u32 = 20;
/// For how long a key is listed that opens nothing any more; the audit keeps its changes.
const DEAD_KEY_RETENTION: DurationMs = DurationMs::from_days(30);
/// Tries of a change that others overtake. Changes of different keys do not contradict each other.
const TRIES: u32 = 5;

/// Who changes a key and why.
struct Told {
    by: Option<String>,
    note: Option<String>,
}

impl<T: KeyStore, O> Admin<T, O> {
    /// All keys, and how they came about.
    ///
    /// # Errors
    /// When a table fails.
    pub async fn made_keys(&self, request_id: &str) -> Result<KeysAnswer, AdminError> {
        let (set, changes) =
            (self.tables.keys_to_change().await?, self.tables.key_changes(CHANGE_COUNT).await?);
        let now = self.clock.now();
        Ok(KeysAnswer {
            request_id: request_id.to_owned(),
            keys: set.keys.iter().map(|key| key_told(key, now)).collect(),
            changes: changes.into_iter().map(change_told).collect(),
        })
    }

    /// Makes a key. Its text is in the answer and nowhere else. When the answer gets lost, so is the key: it stays in the
    /// list until somebody revokes it.
    ///
    /// # Errors
    /// 409 when there are too many, or when a table fails.
    pub async fn create_key(
        &self,
        ask: CreateKeyAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<CreatedKeyAnswer>, AdminError> {
        let CreateKeyAsk { kind, source, label, origins, expires_at, note, by } = ask;
        let (id_seed, seed) = (seed()?, seed()?);
        let id = key_id(&id_seed).map_err(unexpected)?;
        let (secret, material) = match kind {
            KeyKind::Publishable => written(WriteKeyKind::Publishable, &seed)?,
            KeyKind::Secret => written(WriteKeyKind::Secret, &seed)?,
            KeyKind::Token => {
                let pepper = &self.secrets.pepper;
                (pepper.signing_secret(&id, &source), KeyMaterial::Token { pepper: pepper.id().to_owned() })
            }
        };
        let created_at = self.clock.now();
        let key = MadeKey { id, source, material, label, origins, created_at, expires_at, revoked_at: None };
        let change = |mut keys: Vec<MadeKey>| {
            keys.retain(|old| !is_long_dead(old, created_at));
            if keys.len() >= KEY_COUNT_MAX {
                let detail = format!("there are {KEY_COUNT_MAX} keys: revoke some, and ask again in 30 days");
                return Err(Problem::conflict(detail).into());
            }
            keys.push(key.clone());
            Ok(Some(keys))
        };
        self.change_keys(KeyAction::Create, &key, Told { by, note }, caller, change).await?;
        let key = key_told(&key, created_at);
        let change = Change::new(Values::new(), values(&key));
        let answer = CreatedKeyAnswer { request_id: caller.request_id.to_owned(), key, secret };
        Ok(Noted { answer, change })
    }

    /// Takes a key back. Asked again, it is the same.
    ///
    /// # Errors
    /// 404 when there is no such key, or when a table fails.
    pub async fn revoke_key(
        &self,
        id: &str,
        ask: RevokeKeyAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<RevokedKeyAnswer>, AdminError> {
        let now = self.clock.now();
        let set = self.tables.keys_to_change().await?;
        let found = set.keys.into_iter().find(|key| key.id.as_str() == id);
        let mut key = found.ok_or_else(|| {
            Problem::not_found(
                "there is no key of this id: the list has them all, but for those of the secret",
            )
        })?;
        let (changed, before) = (key.revoked_at.is_none(), key_told(&key, now));
        if changed {
            key.revoked_at = Some(now);
            let change = |keys: Vec<MadeKey>| Ok(revoked(keys, &key.id, now));
            let told = Told { by: ask.by, note: ask.note };
            self.change_keys(KeyAction::Revoke, &key, told, caller, change).await?;
        }
        let request_id = caller.request_id.to_owned();
        let key = key_told(&key, now);
        let change = Change::new(values(&before), values(&key));
        Ok(Noted { answer: RevokedKeyAnswer { request_id, changed, key }, change })
    }

    /// Changes the keys and writes it down. `change` says what they become; nothing when it is done already.
    async fn change_keys(
        &self,
        action: KeyAction,
        key: &MadeKey,
        told: Told,
        caller: Caller<'_>,
        change: impl Fn(Vec<MadeKey>) -> Result<Option<Vec<MadeKey>>, AdminError>,
    ) -> Result<(), AdminError> {
        let label = key.label.as_ref().map_or_else(String::new, |label| format!(": {label}"));
        let mut record = KeyChange {
            number: 0,
            id: caller.request_id.to_owned(),
            at: self.clock.now(),
            action,
            key: key.id.clone(),
            about: format!("{} key of {}{label}", key.kind().name(), key.source),
            who: caller.source.as_str().to_owned(),
            by: told.by,
            note: told.note,
        };
        for _ in 0..TRIES {
            let KeySet { number, keys, .. } = self.tables.keys_to_change().await?;
            let Some(keys) = change(keys)? else { return Ok(()) };
            record.number = number + 1;
            match self.tables.change_keys(&keys, &record).await {
                Ok(Save::Saved) => {}
                Ok(Save::Conflict) => continue,
                Err(error) if error.kind == ErrorKind::Ambiguous => {
                    // Was it we, before the answer got lost?
                    if self.tables.keys_to_change().await?.change != record.id {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
            log(&record, caller);
            return Ok(());
        }
        Err(Problem::conflict("others change keys at the same time: ask again").into())
    }
}

fn log(record: &KeyChange, caller: Caller<'_>) {
    tracing::info!(
        request.id = caller.request_id,
        source = caller.source.as_str(),
        key.action = record.action.name(),
        key.id = record.key.as_str(),
        "a key was changed"
    );
}

fn seed() -> Result<[u8; 32], AdminError> {
    fresh_seed().map_err(unexpected)
}

/// What no table and no caller is at fault for.
fn unexpected(error: impl std::error::Error + Send + Sync + 'static) -> AdminError {
    AdminError::Store(StoreError::new("make a key", ErrorKind::Refused, error))
}

fn written(kind: WriteKeyKind, seed: &[u8; 32]) -> Result<(String, KeyMaterial), AdminError> {
    let text = write_key_text(kind, seed);
    let material = write_key_material(&text).map_err(unexpected)?;
    Ok((text, material))
}

fn is_long_dead(key: &MadeKey, now: Timestamp) -> bool {
    let ended_at = key.revoked_at.or(key.expires_at);
    key.state(now) != KeyState::Live && ended_at.is_some_and(|at| now.since(at) >= DEAD_KEY_RETENTION)
}

/// The keys with one of them revoked; nothing when it is revoked or gone.
fn revoked(mut keys: Vec<MadeKey>, id: &KeyId, now: Timestamp) -> Option<Vec<MadeKey>> {
    let key = keys.iter_mut().find(|key| key.id == *id && key.revoked_at.is_none())?;
    key.revoked_at = Some(now);
    Some(keys)
}

fn key_told(key: &MadeKey, now: Timestamp) -> KeyAnswer {
    KeyAnswer {
        id: key.id.as_str().to_owned(),
        kind: key.kind().name(),
        source: key.source.as_str().to_owned(),
        state: key.state(now).name(),
        label: key.label.clone(),
        origins: key.origins.iter().map(ToString::to_string).collect(),
        created_at: format_time(key.created_at),
        expires_at: key.expires_at.map(format_time),
        revoked_at: key.revoked_at.map(format_time),
    }
}

fn change_told(change: KeyChange) -> KeyChangeAnswer {
    let KeyChange { number, id: _, at, action, key, about, who, by, note } = change;
    let (at, key) = (format_time(at), key.as_str().to_owned());
    KeyChangeAnswer { number, at, action: action.name(), key, about, who, by, note }
}
