//! OutreachTable: who must not be mailed (`suppression#…` / `-`).

use super::schema::{PK, SK};
use super::{DynamoTables, condition_held, corrupt, get_text, get_time, text, time};
use crate::error::StoreError;
use crate::tables::{Suppression, SuppressionReason, SuppressionStore};
use beckon_domain::{ContactHash, Timestamp};

const REASON: &str = "reason";
const AT: &str = "at";
const GET: &str = "look up a suppression";

fn key(contact: &ContactHash) -> String {
    format!("suppression#{}", contact.as_str())
}

impl SuppressionStore for DynamoTables {
    async fn suppress(&self, contact: &ContactHash, suppression: Suppression) -> Result<(), StoreError> {
        let weaker = SuppressionReason::ALL.into_iter().filter(|reason| *reason < suppression.reason);
        let weaker: Vec<(String, &str)> =
            weaker.enumerate().map(|(n, r)| (format!(":weaker{n}"), r.name())).collect();
        let mut condition = "attribute_not_exists(#k) OR (#reason = :reason AND #at > :at)".to_owned();
        if !weaker.is_empty() {
            let names: Vec<&str> = weaker.iter().map(|(name, _)| name.as_str()).collect();
            condition.push_str(&format!(" OR #reason IN ({})", names.join(", ")));
        }
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.outreach)
            .item(PK, text(key(contact)))
            .item(SK, text("-"))
            .item(REASON, text(suppression.reason.name()))
            .item(AT, time(suppression.at))
            .condition_expression(condition)
            .expression_attribute_names("#k", PK)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_names("#at", AT)
            .expression_attribute_values(":reason", text(suppression.reason.name()))
            .expression_attribute_values(":at", time(suppression.at));
        for (name, reason) in weaker {
            put = put.expression_attribute_values(name, text(reason));
        }
        condition_held("suppress a contact", put.send().await).map(|_| ())
    }

    async fn suppression(&self, contact: &ContactHash) -> Result<Option<Suppression>, StoreError> {
        let get = self.client.get_item().table_name(&self.names.outreach).consistent_read(true);
        let get = get.key(PK, text(key(contact))).key(SK, text("-"));
        let answer = get.send().await.map_err(|e| StoreError::from_sdk(GET, e))?;
        let Some(item) = answer.item else { return Ok(None) };
        let reason = get_text(&item, REASON).and_then(|name| SuppressionReason::parse(&name));
        Ok(Some(Suppression {
            reason: reason.ok_or_else(|| corrupt(GET, "reason"))?,
            at: get_time(&item, AT).ok_or_else(|| corrupt(GET, "time"))?,
        }))
    }

    async fn resubscribe(
        &self,
        contact: &ContactHash,
        unsubscribed_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.names.outreach)
            .key(PK, text(key(contact)))
            .key(SK, text("-"))
            .condition_expression("#reason = :unsubscribed AND #at = :at")
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_names("#at", AT)
            .expression_attribute_values(":unsubscribed", text(SuppressionReason::Unsubscribed.name()))
            .expression_attribute_values(":at", time(unsubscribed_at));
        condition_held("take a suppression back", delete.send().await)
    }
}
