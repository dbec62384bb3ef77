//! OutreachTable: what became of mails, by the hour. A fact and the figure that counts it are one transaction, so that
//! nothing is counted twice. An hour has several items, because transactions on one item get in each other's way.

use super::rulesets::saved;
use super::schema::{PK, SK, TTL};
use super::{DynamoTables, get_number, get_text, number, text, ttl};
use crate::error::{ErrorKind, StoreError};
use crate::tables::reputation::{FACT_RETENTION, FIGURES_RETENTION};
use crate::tables::{MailFact, ReputationStore, Save};
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use beckon_domain::Timestamp;
use beckon_domain::reputation::{Figures, Outcome, hour_of};

const REPUTATION: &str = "reputation";
const SENDS: &str = "sends";
const DELIVERIES: &str = "deliveries";
const BOUNCES: &str = "bounces";
const COMPLAINTS: &str = "complaints";
const COUNT: &str = "count what became of a mail";
const READ: &str = "read what became of mails";
/// Items of an hour.
const PART_COUNT: u8 = 4;

const fn attribute(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Sent => SENDS,
        Outcome::Delivered => DELIVERIES,
        Outcome::HardBounced => BOUNCES,
        Outcome::Complained => COMPLAINTS,
    }
}

/// An hour as a text that sorts as hours do: `2026112208`.
fn hour(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(hour_of(at).as_ms()).unwrap_or_default();
    at.strftime("%Y%m%d%H").to_string()
}

fn sort_key(fact: &MailFact) -> String {
    let part = fact.id.bytes().last().unwrap_or_default() % PART_COUNT;
    format!("{}#{}#{part}", hour(fact.at), fact.counting_since.as_ms())
}

impl DynamoTables {
    fn put_fact(&self, fact: &MailFact, now: Timestamp) -> Result<Put, BuildError> {
        Put::builder()
            .table_name(&self.names.outreach)
            .item(PK, text(format!("mail-fact#{}", fact.id)))
            .item(SK, text("-"))
            .item(TTL, ttl(now + FACT_RETENTION))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", PK)
            .build()
    }

    fn add_one(&self, fact: &MailFact) -> Result<Update, BuildError> {
        Update::builder()
            .table_name(&self.names.outreach)
            .key(PK, text(REPUTATION))
            .key(SK, text(sort_key(fact)))
            .update_expression("ADD #count :one SET #x = :x")
            .expression_attribute_names("#count", attribute(fact.outcome))
            .expression_attribute_names("#x", TTL)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":x", ttl(fact.at + FIGURES_RETENTION))
            .build()
    }
}

impl ReputationStore for DynamoTables {
    async fn count_fact(&self, fact: &MailFact, now: Timestamp) -> Result<bool, StoreError> {
        let refused = |error: BuildError| StoreError::new(COUNT, ErrorKind::Refused, error);
        let put = TransactWriteItem::builder().put(self.put_fact(fact, now).map_err(refused)?).build();
        let add = TransactWriteItem::builder().update(self.add_one(fact).map_err(refused)?).build();
        let write = self.client.transact_write_items().transact_items(put).transact_items(add);
        Ok(saved(COUNT, write.send().await)? == Save::Saved)
    }

    async fn figures(&self, first_hour: Timestamp, counting_since: Timestamp) -> Result<Figures, StoreError> {
        let (mut sum, mut from) = (Figures::default(), None);
        let counting = format!("#{}#", counting_since.as_ms());
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.names.outreach)
                .key_condition_expression("#k = :reputation AND #hour >= :first")
                .expression_attribute_names("#k", PK)
                .expression_attribute_names("#hour", SK)
                .expression_attribute_values(":reputation", text(REPUTATION))
                .expression_attribute_values(":first", text(hour(first_hour)))
                .consistent_read(true)
                .set_exclusive_start_key(from);
            let page = query.send().await.map_err(|e| StoreError::from_sdk(READ, e))?;
            for item in page.items.unwrap_or_default() {
                if get_text(&item, SK).is_some_and(|key| key.contains(&counting)) {
                    let count = |name| get_number(&item, name).map_or(0, i64::unsigned_abs);
                    sum = sum.plus(Figures {
                        sends: count(SENDS),
                        deliveries: count(DELIVERIES),
                        bounces: count(BOUNCES),
                        complaints: count(COMPLAINTS),
                    });
                }
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(sum);
            }
        }
    }
}
