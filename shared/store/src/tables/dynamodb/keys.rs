//! ConfigTable: the keys that people make (`keys` / `active`), as a list of maps; AuditTable: each change (`keys` / the
//! number).

use super::changes::{NUMBER, following};
use super::config::{ACTIVE, AT};
use super::rulesets::saved;
use super::schema::{PK, SK};
use super::{DynamoTables, Item, corrupt, get_number, get_text, get_time, text, time};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{KeyAction, KeyChange, KeySet, KeyStore, Save};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use beckon_domain::SourceId;
use beckon_domain::id::KeyId;
use beckon_domain::key::{KeyKind, KeyMaterial, MadeKey, Origin, WriteKeyKind};

/// Partition of everything about keys, in both tables.
const KEYS: &str = "keys";
const LIST: &str = "list";
const ID: &str = "id";
const KIND: &str = "kind";
const SOURCE: &str = "source";
const DIGEST: &str = "sha256";
const PEPPER: &str = "pepper";
const LABEL: &str = "label";
const ORIGINS: &str = "origins";
const CREATED_AT: &str = "created_at";
const EXPIRES_AT: &str = "expires_at";
const REVOKED_AT: &str = "revoked_at";
const ACTION: &str = "action";
const KEY: &str = "key";
const ABOUT: &str = "about";
const WHO: &str = "who";
const BY: &str = "by";
const NOTE: &str = "note";
const READ: &str = "read the keys";
const CHANGE: &str = "change the keys";

fn map_of(key: &MadeKey) -> AttributeValue {
    let material = match &key.material {
        KeyMaterial::Write { digest, .. } => (DIGEST, AttributeValue::B(Blob::new(*digest))),
        KeyMaterial::Token { pepper } => (PEPPER, text(pepper)),
    };
    let origins = key.origins.iter().map(|origin| text(origin.as_str())).collect();
    let mut map = vec![
        (ID, text(key.id.as_str())),
        (KIND, text(key.kind().name())),
        (SOURCE, text(key.source.as_str())),
        material,
        (ORIGINS, AttributeValue::L(origins)),
        (CREATED_AT, time(key.created_at)),
    ];
    map.extend(key.label.as_ref().map(|label| (LABEL, text(label))));
    map.extend(key.expires_at.map(|at| (EXPIRES_AT, time(at))));
    map.extend(key.revoked_at.map(|at| (REVOKED_AT, time(at))));
    AttributeValue::M(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A key of the list. What is half there opens nothing: it is an error, not a key with fewer limits.
fn key_of(item: &Item) -> Result<MadeKey, StoreError> {
    let missing = |what: &'static str| corrupt(READ, what);
    let kind = get_text(item, KIND).and_then(|name| KeyKind::parse(&name)).ok_or_else(|| missing("kind"))?;
    let digest = || {
        let blob = item.get(DIGEST)?.as_b().ok()?;
        <[u8; 32]>::try_from(blob.as_ref()).ok()
    };
    let write = |kind| Some(KeyMaterial::Write { kind, digest: digest()? });
    let material = match kind {
        KeyKind::Publishable => write(WriteKeyKind::Publishable),
        KeyKind::Secret => write(WriteKeyKind::Secret),
        KeyKind::Token => get_text(item, PEPPER).map(|pepper| KeyMaterial::Token { pepper }),
    };
    let origins = item.get(ORIGINS).and_then(|value| value.as_l().ok()).ok_or_else(|| missing("origins"))?;
    let origin = |value: &AttributeValue| value.as_s().ok().and_then(|text| Origin::new(text).ok());
    let origins: Option<Vec<Origin>> = origins.iter().map(origin).collect();
    let end = |name: &str, what| match item.get(name) {
        None => Ok(None),
        Some(_) => get_time(item, name).map(Some).ok_or_else(|| missing(what)),
    };
    Ok(MadeKey {
        id: get_text(item, ID).and_then(|id| KeyId::new(&id).ok()).ok_or_else(|| missing("id"))?,
        source: get_text(item, SOURCE)
            .and_then(|id| SourceId::new(&id).ok())
            .ok_or_else(|| missing("source"))?,
        material: material.ok_or_else(|| missing("hash"))?,
        label: get_text(item, LABEL),
        origins: origins.ok_or_else(|| missing("origins"))?,
        created_at: get_time(item, CREATED_AT).ok_or_else(|| missing("time"))?,
        expires_at: end(EXPIRES_AT, "end")?,
        revoked_at: end(REVOKED_AT, "end")?,
    })
}

fn set_of(item: &Item) -> Result<KeySet, StoreError> {
    let list = item.get(LIST).and_then(|value| value.as_l().ok()).ok_or_else(|| corrupt(READ, "list"))?;
    let key = |value: &AttributeValue| key_of(value.as_m().map_err(|_| corrupt(READ, "key"))?);
    Ok(KeySet {
        number: get_number(item, NUMBER).ok_or_else(|| corrupt(READ, "number"))?.unsigned_abs(),
        change: get_text(item, ID).unwrap_or_default(),
        keys: list.iter().map(key).collect::<Result<_, _>>()?,
    })
}

fn change_of(item: &Item) -> Result<KeyChange, StoreError> {
    const OPERATION: &str = "list changes of the keys";
    let missing = |what: &'static str| corrupt(OPERATION, what);
    let action = get_text(item, ACTION).and_then(|name| KeyAction::parse(&name));
    let key = get_text(item, KEY).and_then(|id| KeyId::new(&id).ok());
    Ok(KeyChange {
        number: get_number(item, NUMBER).ok_or_else(|| missing("number"))?.unsigned_abs(),
        id: get_text(item, ID).unwrap_or_default(),
        at: get_time(item, AT).ok_or_else(|| missing("time"))?,
        action: action.ok_or_else(|| missing("action"))?,
        key: key.ok_or_else(|| missing("key"))?,
        about: get_text(item, ABOUT).unwrap_or_default(),
        who: get_text(item, WHO).unwrap_or_default(),
        by: get_text(item, BY),
        note: get_text(item, NOTE),
    })
}

impl DynamoTables {
    async fn key_set(&self, is_strong: bool) -> Result<KeySet, StoreError> {
        let item = self.item_of_config(READ, KEYS, ACTIVE, is_strong).await?;
        Ok(item.as_ref().map(set_of).transpose()?.unwrap_or_default())
    }

    fn put_keys(&self, keys: &[MadeKey], change: &KeyChange) -> Result<Put, StoreError> {
        let put = Put::builder()
            .table_name(&self.names.config)
            .item(PK, text(KEYS))
            .item(SK, text(ACTIVE))
            .item(ID, text(&change.id))
            .item(AT, time(change.at))
            .item(LIST, AttributeValue::L(keys.iter().map(map_of).collect()));
        following(put, change.number).build().map_err(|e| StoreError::new(CHANGE, ErrorKind::Refused, e))
    }

    fn put_key_record(&self, change: &KeyChange) -> Result<Put, StoreError> {
        let mut put = self
            .change_record(KEYS, change.number)
            .item(ID, text(&change.id))
            .item(AT, time(change.at))
            .item(ACTION, text(change.action.name()))
            .item(KEY, text(change.key.as_str()))
            .item(ABOUT, text(&change.about))
            .item(WHO, text(&change.who));
        for (name, value) in [(BY, &change.by), (NOTE, &change.note)] {
            if let Some(value) = value {
                put = put.item(name, text(value));
            }
        }
        put.build().map_err(|e| StoreError::new(CHANGE, ErrorKind::Refused, e))
    }
}

impl KeyStore for DynamoTables {
    async fn made_keys(&self) -> Result<KeySet, StoreError> {
        self.key_set(false).await
    }

    async fn keys_to_change(&self) -> Result<KeySet, StoreError> {
        self.key_set(true).await
    }

    async fn change_keys(&self, keys: &[MadeKey], change: &KeyChange) -> Result<Save, StoreError> {
        let live = TransactWriteItem::builder().put(self.put_keys(keys, change)?).build();
        let record = TransactWriteItem::builder().put(self.put_key_record(change)?).build();
        let write = self.client.transact_write_items().transact_items(live).transact_items(record);
        saved(CHANGE, write.send().await)
    }

    async fn key_changes(&self, limit: u32) -> Result<Vec<KeyChange>, StoreError> {
        let items = self.records_before("list changes of the keys", KEYS, None, limit).await?;
        items.iter().map(change_of).collect()
    }
}
