//! ContactTable: the only place with an e-mail address. Its rows are encrypted under their own key on AWS.

use super::schema::{PK, TTL};
use super::{DynamoTables, Item, condition_held, get_text, get_time, text, time, ttl};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{Contact, ContactStore};
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::{ProfileKey, Timestamp};

const EMAIL: &str = "email";
const PHONE: &str = "phone";
const FIRST_NAME: &str = "first_name";
const LAST_NAME: &str = "last_name";
const VERIFIED: &str = "verified";
const AT: &str = "at";
/// Expiry in milliseconds; the TTL attribute has seconds only.
const EXPIRES_AT: &str = "expires_at";

/// Attempts against somebody who tells of the same person at the same time.
const ATTEMPTS_MAX: u32 = 4;
const PUT: &str = "put a contact";

impl DynamoTables {
    async fn contact_row(&self, key: &ProfileKey) -> Result<Option<Contact>, StoreError> {
        let get = self.client.get_item().table_name(&self.names.contact).key(PK, text(key.as_str()));
        let answer = get.consistent_read(true).send().await;
        let answer = answer.map_err(|e| StoreError::from_sdk("get a contact", e))?;
        Ok(answer.item.as_ref().map(from_item))
    }

    /// Writes a row if it is still what was read.
    async fn put_contact_row(
        &self,
        key: &ProfileKey,
        before: Option<&Contact>,
        contact: &Contact,
    ) -> Result<bool, StoreError> {
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.contact)
            .item(PK, text(key.as_str()))
            .item(VERIFIED, AttributeValue::Bool(contact.verified))
            .item(AT, time(contact.at));
        let fields = [
            (EMAIL, &contact.email),
            (PHONE, &contact.phone),
            (FIRST_NAME, &contact.first_name),
            (LAST_NAME, &contact.last_name),
        ];
        for (name, value) in fields.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?))) {
            put = put.item(name, text(value));
        }
        if let Some(at) = contact.expires_at {
            put = put.item(EXPIRES_AT, time(at)).item(TTL, ttl(at));
        }
        let put = match before {
            None => put.condition_expression("attribute_not_exists(#k)").expression_attribute_names("#k", PK),
            Some(before) => put
                .condition_expression("#at = :at AND #verified = :verified")
                .expression_attribute_names("#at", AT)
                .expression_attribute_names("#verified", VERIFIED)
                .expression_attribute_values(":at", time(before.at))
                .expression_attribute_values(":verified", AttributeValue::Bool(before.verified)),
        };
        condition_held(PUT, put.send().await)
    }
}

impl ContactStore for DynamoTables {
    async fn put_contact(&self, key: &ProfileKey, contact: &Contact) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.contact_row(key).await?;
            let Some(told) = Contact::told(before.as_ref(), contact) else { return Ok(false) };
            if self.put_contact_row(key, before.as_ref(), &told).await? {
                return Ok(true);
            }
        }
        Err(StoreError::new(PUT, ErrorKind::Throttled, "others told of the same contact at the same time"))
    }

    async fn contact(&self, key: &ProfileKey, now: Timestamp) -> Result<Option<Contact>, StoreError> {
        Ok(self.contact_row(key).await?.filter(|c| c.expires_at.is_none_or(|at| now < at)))
    }
}

fn from_item(item: &Item) -> Contact {
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
