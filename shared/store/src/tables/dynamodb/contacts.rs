//! ContactTable: the only place with an e-mail address. Its rows are encrypted under their own key on AWS.

use super::schema::{PK, TTL};
use super::{DynamoTables, Item, condition_held, get_text, get_time, text, time, ttl};
use crate::error::StoreError;
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

impl ContactStore for DynamoTables {
    async fn put_contact(&self, key: &ProfileKey, contact: &Contact) -> Result<bool, StoreError> {
        const OPERATION: &str = "put a contact";
        let fields = [
            (EMAIL, &contact.email),
            (PHONE, &contact.phone),
            (FIRST_NAME, &contact.first_name),
            (LAST_NAME, &contact.last_name),
        ];
        let mut set = vec!["#verified = :verified".to_owned(), "#at = :at".to_owned()];
        let mut update =
            self.client.update_item().table_name(&self.names.contact).key(PK, text(key.as_str()));
        for (name, value) in fields.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?))) {
            set.push(format!("#{name} = :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), text(value));
        }
        let expression = match contact.expires_at {
            Some(at) => {
                set.push("#expires = :expires".to_owned());
                set.push("#ttl = :ttl".to_owned());
                update = update
                    .expression_attribute_values(":expires", time(at))
                    .expression_attribute_values(":ttl", ttl(at));
                format!("SET {}", set.join(", "))
            }
            None => format!("SET {} REMOVE #expires, #ttl", set.join(", ")),
        };
        // Newer only, and what a browser says never replaces what a server vouched for.
        let condition = "attribute_not_exists(#k) OR (#at < :at AND (#verified = :no OR :verified = :yes))";
        let result = update
            .update_expression(expression)
            .condition_expression(condition)
            .expression_attribute_names("#k", PK)
            .expression_attribute_names("#at", AT)
            .expression_attribute_names("#verified", VERIFIED)
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":at", time(contact.at))
            .expression_attribute_values(":verified", AttributeValue::Bool(contact.verified))
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .send()
            .await;
        condition_held(OPERATION, result)
    }

    async fn contact(&self, key: &ProfileKey, now: Timestamp) -> Result<Option<Contact>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.names.contact)
            .key(PK, text(key.as_str()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| StoreError::from_sdk("get a contact", e))?;
        let contact = answer.item.as_ref().map(from_item);
        Ok(contact.filter(|c| c.expires_at.is_none_or(|at| now < at)))
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
    }
}
