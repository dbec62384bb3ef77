//! Erasing: pages of ProfileTable, OutreachTable and ExperimentTable, what is taken out of them, and ConfigTable's requests (`erasure` / the
//! id, one JSON text).

use super::codes::code_of;
use super::conversions::row;
use super::experiments::FILTER_KEYS_MAX;
use super::outreach::recipient_key;
use super::profiles::from_item;
use super::schema::{PK, SK, STATE, VERSION};
use super::{DynamoTables, Item, condition_held, corrupt, get_number, get_text, number, text};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{
    ContactRow, ErasureRequest, ErasureStore, LedgerRow, PersonStore, ProfilePage, Save, Trace, TracePage,
    Versioned,
};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::packed::pack;
use beckon_domain::{ContactHash, EpisodeId, Erasure, ErasureId, Profile, ProfileKey, Timestamp};

const PROFILES: &str = "list profiles";
const REPLACE: &str = "replace the state of a profile";
const TRACES: &str = "look for what is held of a person";
const ERASE: &str = "take a person out";
const READ: &str = "read the requests to erase";
const SAVE: &str = "save a request to erase";
const ERASURES: &str = "erasure";
const BODY: &str = "body";
const PROFILE: &str = "profile";
/// Where the pages of OutreachTable end and those of ExperimentTable begin.
const RUNS: &str = "runs\n";
/// Keys that one filter may name (AWS: 100 operands of IN).
const KEYS_MAX: usize = 100;

fn cursor(key: &Item) -> String {
    format!("{}|{}", get_text(key, PK).unwrap_or_default(), get_text(key, SK).unwrap_or_default())
}

impl DynamoTables {
    fn trace_of(item: &Item) -> Result<Option<Trace>, StoreError> {
        if let Some(found) = row(item)? {
            return Ok(Some(match found {
                LedgerRow::Reminder(id, row) => Trace::Reminder(id, row),
                LedgerRow::Conversion(row) => Trace::Order(row),
            }));
        }
        if let Some(record) = code_of(TRACES, item)? {
            return Ok(Some(Trace::Code(Box::new(record))));
        }
        let place = get_text(item, PK).zip(get_text(item, SK));
        Ok(place.map(|(part, code)| Trace::Listed { part, code }))
    }

    async fn delete_outreach(&self, pk: String, sk: String) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.names.outreach);
        let deleted = delete.key(PK, text(pk)).key(SK, text(sk)).send().await;
        deleted.map_err(|e| StoreError::from_sdk(ERASE, e))?;
        Ok(())
    }

    /// Leaves of an item of a code that somebody was given it.
    async fn forget_holder(&self, pk: String, sk: String, of: &[ProfileKey]) -> Result<(), StoreError> {
        let names: Vec<String> = (0..of.len()).map(|n| format!(":k{n}")).collect();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.names.outreach)
            .key(PK, text(pk))
            .key(SK, text(sk))
            .update_expression("SET #profile = :nobody, #episode = :none REMOVE #order")
            .condition_expression(format!("#profile IN ({})", names.join(", ")))
            .expression_attribute_names("#profile", PROFILE)
            .expression_attribute_names("#episode", "episode")
            .expression_attribute_names("#order", "order")
            .expression_attribute_values(":nobody", text(ProfileKey::nobody().as_str()))
            .expression_attribute_values(":none", text(EpisodeId::NOBODY.to_string()));
        for (name, key) in names.iter().zip(of) {
            update = update.expression_attribute_values(name, text(key.as_str()));
        }
        // Who has it by now is another: left alone.
        condition_held(ERASE, update.send().await).map(|_| ())
    }

    /// A page of what OutreachTable holds of these people.
    async fn scan_outreach(&self, of: &[ProfileKey], after: Option<&str>) -> Result<TracePage, StoreError> {
        // Beyond what one filter may name, the page is read again for the rest: its size does not depend on the filter.
        let (mut traces, mut next) = (Vec::new(), None);
        for keys in of.chunks(KEYS_MAX) {
            let names: Vec<String> = (0..keys.len()).map(|n| format!(":k{n}")).collect();
            let mut scan = self
                .client
                .scan()
                .table_name(&self.names.outreach)
                .consistent_read(true)
                .filter_expression(format!("#profile IN ({})", names.join(", ")))
                .expression_attribute_names("#profile", PROFILE);
            for (name, key) in names.iter().zip(keys) {
                scan = scan.expression_attribute_values(name, text(key.as_str()));
            }
            if let Some((pk, sk)) = after.and_then(|after| after.split_once('|')) {
                scan = scan.exclusive_start_key(PK, text(pk)).exclusive_start_key(SK, text(sk));
            }
            let page = scan.send().await.map_err(|e| StoreError::from_sdk(TRACES, e))?;
            for item in page.items.unwrap_or_default() {
                traces.extend(Self::trace_of(&item)?);
            }
            next = page.last_evaluated_key.filter(|key| !key.is_empty()).map(|key| cursor(&key));
        }
        Ok(TracePage { traces, next })
    }
}

impl PersonStore for DynamoTables {
    async fn erase_contact(&self, key: &ProfileKey, erasure: &Erasure) -> Result<(), StoreError> {
        self.change_contact(key, |before| ContactRow::erased(before, erasure)).await.map(|_| ())
    }

    async fn release_contact(&self, key: &ProfileKey, at: Timestamp) -> Result<(), StoreError> {
        self.change_contact(key, |before| before?.released(at)).await.map(|_| ())
    }

    async fn profile_page(&self, after: Option<&str>, limit: u32) -> Result<ProfilePage, StoreError> {
        let limit = limit.try_into().unwrap_or(i32::MAX);
        let mut scan = self.client.scan().table_name(&self.names.profile).limit(limit).consistent_read(true);
        if let Some(after) = after {
            scan = scan.exclusive_start_key(PK, text(after));
        }
        let page = scan.send().await.map_err(|e| StoreError::from_sdk(PROFILES, e))?;
        let next = page.last_evaluated_key.and_then(|key| get_text(&key, PK));
        let mut profiles = Vec::new();
        for item in page.items.unwrap_or_default() {
            match from_item(&item) {
                Ok(profile) => profiles.push(profile),
                Err(error) => tracing::error!(error = ?error, "a profile cannot be read"),
            }
        }
        Ok(ProfilePage { profiles, next })
    }

    async fn replace_state(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: u64,
    ) -> Result<Save, StoreError> {
        let state = pack(profile).map_err(|e| StoreError::new(REPLACE, ErrorKind::Refused, e))?;
        let update = self
            .client
            .update_item()
            .table_name(&self.names.profile)
            .key(PK, text(key.as_str()))
            .update_expression("SET #s = :s, #v = :next")
            .condition_expression("#v = :v")
            .expression_attribute_names("#s", STATE)
            .expression_attribute_names("#v", VERSION)
            .expression_attribute_values(":s", AttributeValue::B(Blob::new(state)))
            .expression_attribute_values(":v", number(read_version))
            .expression_attribute_values(":next", number(read_version + 1));
        let held = condition_held(REPLACE, update.send().await)?;
        Ok(if held { Save::Saved } else { Save::Conflict })
    }

    async fn trace_page(&self, of: &[ProfileKey], after: Option<&str>) -> Result<TracePage, StoreError> {
        // OutreachTable from its beginning to its end, then ExperimentTable.
        let Some(after) = after.and_then(|after| after.strip_prefix(RUNS)) else {
            let mut page = self.scan_outreach(of, after).await?;
            page.next.get_or_insert_with(|| RUNS.to_owned());
            return Ok(page);
        };
        let after = Some(after).filter(|after| !after.is_empty());
        let (mut traces, mut next) = (Vec::new(), None);
        for keys in of.chunks(FILTER_KEYS_MAX) {
            let (found, end) = self.scan_runs(keys, after).await?;
            traces.extend(found);
            next = end;
        }
        Ok(TracePage { traces, next: next.map(|next| format!("{RUNS}{next}")) })
    }

    async fn erase_trace(&self, trace: &Trace, of: &[ProfileKey]) -> Result<(), StoreError> {
        match trace {
            Trace::Reminder(id, _) => {
                let (pk, sk) = super::outreach::keys(id);
                self.delete_outreach(pk, sk).await
            }
            Trace::Order(row) => {
                let pk = super::conversions::order_key(row.conversion.id);
                self.delete_outreach(pk, "-".to_owned()).await
            }
            Trace::Code(record) => {
                self.forget_holder(super::codes::row_key(&record.code), "-".to_owned(), of).await
            }
            Trace::Listed { part, code } => self.forget_holder(part.clone(), code.clone(), of).await,
            Trace::Run(run, row) => self.delete_run_row(run, row).await,
        }
    }

    async fn erase_history(&self, recipient: &ContactHash) -> Result<(), StoreError> {
        self.delete_outreach(recipient_key(recipient), "-".to_owned()).await
    }
}

fn request_of(item: &Item) -> Result<Versioned<ErasureRequest>, StoreError> {
    let body = get_text(item, BODY).ok_or_else(|| corrupt(READ, "body"))?;
    let version = get_number(item, VERSION).and_then(|version| u64::try_from(version).ok());
    let state = serde_json::from_str(&body).map_err(|e| StoreError::new(READ, ErrorKind::Corrupt, e))?;
    Ok(Versioned { state, version: version.ok_or_else(|| corrupt(READ, "version"))? })
}

impl ErasureStore for DynamoTables {
    async fn save_erasure(
        &self,
        request: &ErasureRequest,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let body =
            serde_json::to_string(request).map_err(|e| StoreError::new(SAVE, ErrorKind::Refused, e))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.names.config)
            .item(PK, text(ERASURES))
            .item(SK, text(request.id.as_str()))
            .item(VERSION, number(read_version.unwrap_or_default() + 1))
            .item(BODY, text(body));
        self.put_if_version(SAVE, put, read_version).await
    }

    async fn erasures(&self) -> Result<Vec<Versioned<ErasureRequest>>, StoreError> {
        let (mut found, mut start) = (Vec::new(), None);
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.names.config)
                .key_condition_expression("#k = :erasure")
                .expression_attribute_names("#k", PK)
                .expression_attribute_values(":erasure", text(ERASURES))
                .consistent_read(true)
                .set_exclusive_start_key(start);
            let page = query.send().await.map_err(|e| StoreError::from_sdk(READ, e))?;
            for item in page.items.unwrap_or_default() {
                found.push(request_of(&item)?);
            }
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                found.sort_by(|a, b| (a.state.at, &a.state.id).cmp(&(b.state.at, &b.state.id)));
                return Ok(found);
            }
        }
    }

    async fn delete_erasure(&self, id: &ErasureId) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.names.config);
        let deleted = delete.key(PK, text(ERASURES)).key(SK, text(id.as_str())).send().await;
        deleted.map_err(|e| StoreError::from_sdk("delete a request to erase", e))?;
        Ok(())
    }
}
