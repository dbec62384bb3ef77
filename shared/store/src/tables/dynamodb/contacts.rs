//! ContactTable: the only place with an e-mail address. Its rows are encrypted under their own key on AWS.

use super::schema::{PK, TTL};
use super::{DynamoTables, Item, condition_held, corrupt, get_text, get_time, text, time, ttl};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{Contact, ContactRow, ContactStore};
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::{Erasure, ErasureId, ProfileKey, Timestamp};

const EMAIL: &str = "email";
const PHONE: &str = "phone";
const FIRST_NAME: &str = "first_name";
const LAST_NAME: &str = "last_name";
const VERIFIED: &str = "verified";
const AT: &str = "at";
/// Expiry in milliseconds; the TTL attribute has seconds only.
const EXPIRES_AT: &str = "expires_at";
/// Of a tombstone: which request, since when, until when, and when the person was let back.
const ERASURE: &str = "erasure";
const ERASED_AT: &str = "erased_at";
const ERASED_UNTIL: &str = "erased_until";
const RELEASED_AT: &str = "released_at";

/// Attempts against somebody who tells of the same person at the same time.
const ATTEMPTS_MAX: u32 = 4;
const PUT: &str = "put a contact";
const GET: &str = "get a contact";

/// The attributes of a row, its key apart.
pub(super) fn attributes(row: &ContactRow) -> Vec<(&'static str, AttributeValue)> {
    let mut attributes = Vec::new();
    if let Some(erasure) = &row.erasure {
        attributes.extend([
            (ERASURE, text(erasure.request.as_str())),
            (ERASED_AT, time(erasure.at)),
            (ERASED_UNTIL, time(erasure.until)),
        ]);
        attributes.extend(erasure.released_at.map(|at| (RELEASED_AT, time(at))));
    }
    let Some(contact) = &row.contact else { return attributes };
    attributes.extend([(VERIFIED, AttributeValue::Bool(contact.verified)), (AT, time(contact.at))]);
    let fields = [
        (EMAIL, &contact.email),
        (PHONE, &contact.phone),
        (FIRST_NAME, &contact.first_name),
        (LAST_NAME, &contact.last_name),
    ];
    attributes.extend(fields.into_iter().filter_map(|(name, value)| Some((name, text(value.as_ref()?)))));
    attributes.extend(contact.expires_at.map(|at| (EXPIRES_AT, time(at))));
    attributes
}

/// When nobody needs a row any more: a tombstone, or a contact without consent.
fn expires_at(row: &ContactRow) -> Option<Timestamp> {
    match &row.contact {
        Some(contact) => contact.expires_at,
        None => row.erasure.as_ref().map(|erasure| erasure.until),
    }
}

impl DynamoTables {
    async fn contact_row(&self, key: &ProfileKey) -> Result<Option<ContactRow>, StoreError> {
        let get = self.client.get_item().table_name(&self.names.contact).key(PK, text(key.as_str()));
        let answer = get.consistent_read(true).send().await;
        let answer = answer.map_err(|e| StoreError::from_sdk(GET, e))?;
        answer.item.as_ref().map(from_item).transpose()
    }

    /// Writes a row if it is still what was read.
    async fn put_contact_row(
        &self,
        key: &ProfileKey,
        before: Option<&ContactRow>,
        row: &ContactRow,
    ) -> Result<bool, StoreError> {
        let mut put = self.client.put_item().table_name(&self.names.contact).item(PK, text(key.as_str()));
        for (name, value) in attributes(row) {
            put = put.item(name, value);
        }
        if let Some(at) = expires_at(row) {
            put = put.item(TTL, ttl(at));
        }
        let erasure = before.and_then(|before| before.erasure.as_ref());
        let put = match (before.map(|before| before.contact.as_ref()), erasure) {
            (Some(Some(contact)), _) => put
                .condition_expression("#at = :at AND #verified = :verified")
                .expression_attribute_names("#verified", VERIFIED)
                .expression_attribute_values(":at", time(contact.at))
                .expression_attribute_values(":verified", AttributeValue::Bool(contact.verified))
                .expression_attribute_names("#at", AT),
            (Some(None), Some(erasure)) => put
                .condition_expression("attribute_not_exists(#at) AND #erasure = :erasure")
                .expression_attribute_names("#erasure", ERASURE)
                .expression_attribute_values(":erasure", text(erasure.request.as_str()))
                .expression_attribute_names("#at", AT),
            _ => put.condition_expression("attribute_not_exists(#k)").expression_attribute_names("#k", PK),
        };
        condition_held(PUT, put.send().await)
    }

    /// Changes a row against others who do, until it is as `change` says. Returns whether anything was to change.
    pub(super) async fn change_contact(
        &self,
        key: &ProfileKey,
        change: impl Fn(Option<&ContactRow>) -> Option<ContactRow>,
    ) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.contact_row(key).await?;
            let Some(row) = change(before.as_ref()) else { return Ok(false) };
            if self.put_contact_row(key, before.as_ref(), &row).await? {
                return Ok(true);
            }
        }
        Err(StoreError::new(PUT, ErrorKind::Throttled, "others told of the same contact at the same time"))
    }
}

impl ContactStore for DynamoTables {
    async fn put_contact(&self, key: &ProfileKey, contact: &Contact) -> Result<bool, StoreError> {
        self.change_contact(key, |before| ContactRow::told(before, contact)).await
    }

    async fn contact(&self, key: &ProfileKey, now: Timestamp) -> Result<Option<Contact>, StoreError> {
        let contact = self.contact_row(key).await?.and_then(|row| row.contact);
        Ok(contact.filter(|c| c.expires_at.is_none_or(|at| now < at)))
    }
}

pub(super) fn from_item(item: &Item) -> Result<ContactRow, StoreError> {
    let contact = item.contains_key(AT).then(|| contact_of(item));
    let erasure = item.contains_key(ERASURE).then(|| erasure_of(item));
    let erasure = erasure.map(|erasure| erasure.ok_or_else(|| corrupt(GET, "erasure"))).transpose()?;
    Ok(ContactRow { contact, erasure })
}

fn erasure_of(item: &Item) -> Option<Erasure> {
    let request = ErasureId::new(&get_text(item, ERASURE)?).ok()?;
    let erasure = Erasure::new(request, get_time(item, ERASED_AT)?, get_time(item, ERASED_UNTIL)?);
    Some(Erasure { released_at: get_time(item, RELEASED_AT), ..erasure })
}

fn contact_of(item: &Item) -> Contact {
    Contact {
        email: get_text(item, EMAIL),
        phone: get_text(item, PHONE),
        first_name: get_text(item, FIRST_NAME),
        last_name: get_text(item, LAST_NAME),
        verified: item.get(VERIFIED).and_then(|v| v.as_bool().ok().copied()).unwrap_or(false),
        at: get_time(item, AT).unwrap_or_default(),
        expires_at: get_time(item, EXPIRES_AT),
        consent: None,
    }
}
