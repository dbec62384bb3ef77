//! The archive of a run: every record that entered the stream, in objects by the hour, as Firehose delivers it; and what must
//! be left of it when people were erased.

use super::bugs::Bug;
use super::fault::Fault;
use super::world::World;
use beckon_domain::settled::Hour;
use beckon_domain::{DurationMs, Timestamp};
use beckon_store::StoreError;
use beckon_store::archive::memory::MemoryArchive;
use beckon_store::archive::{ArchiveObjects, PREFIX, RewriteArchive, day_prefix};
use beckon_store::objects::Kept;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::tables::{ErasureRequest, ErasureStore};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use futures_util::FutureExt;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};

/// How long Firehose gathers records before it delivers them.
const GATHERED_FOR: DurationMs = DurationMs::from_minutes(15);
/// Records of one object.
const OBJECT_RECORDS: usize = 40;

/// The archive, in which a known-bad variant may leave everything as it is. Clones share it.
#[derive(Clone)]
pub(crate) struct SimArchive {
    inner: MemoryArchive,
    bug: Bug,
    /// Records that were delivered.
    delivered: usize,
    /// Objects.
    objects: usize,
}

impl SimArchive {
    pub(crate) fn new(bug: Bug) -> Self {
        Self { inner: MemoryArchive::default(), bug, delivered: 0, objects: 0 }
    }

    /// An object for these lines, named by the hour of the oldest; every other one is compressed.
    fn put(&mut self, at: Timestamp, lines: &[u8]) {
        let hour = at.as_ms() / 3_600_000 % 24;
        let name = format!("{}{hour:02}/{:05}", day_prefix(at), self.objects);
        self.objects += 1;
        if self.objects.is_multiple_of(2) {
            return self.inner.insert(&format!("{name}.jsonl"), lines.to_vec());
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let packed = encoder.write_all(lines).and_then(|()| encoder.finish());
        self.inner.insert(&format!("{name}.jsonl.gz"), packed.unwrap_or_default());
    }

    /// Every line, by its object.
    fn lines(&self) -> BTreeMap<String, Vec<Vec<u8>>> {
        let listed = self.inner.list_archived(PREFIX).now_or_never().and_then(Result::ok);
        let object = |kept: Kept| {
            let document = self.inner.read_archived(&kept.key).now_or_never()?.ok()??;
            let mut text = Vec::new();
            if kept.key.ends_with(".gz") {
                MultiGzDecoder::new(document.as_slice()).read_to_end(&mut text).ok()?;
            } else {
                text = document;
            }
            let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            Some((kept.key, lines.map(<[u8]>::to_vec).collect()))
        };
        listed.unwrap_or_default().into_iter().filter_map(object).collect()
    }
}

impl ArchiveObjects for SimArchive {
    async fn list_archived(&self, prefix: &str) -> Result<Vec<Kept>, StoreError> {
        self.inner.list_archived(prefix).await
    }

    async fn read_archived(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.read_archived(key).await
    }
}

impl RewriteArchive for SimArchive {
    async fn rewrite_archived(&self, key: &str, document: Option<Vec<u8>>) -> Result<(), StoreError> {
        if self.bug == Bug::ArchiveLeft {
            return Ok(());
        }
        self.inner.rewrite_archived(key, document).await
    }
}

impl World {
    /// What was gathered long enough is delivered; at the end, everything.
    pub(crate) fn deliver_archive(&mut self, is_over: bool) {
        let now = self.now();
        let ground = self.net.lock();
        let waiting = ground.book.log.get(self.archive.delivered..).unwrap_or_default();
        let gathered = |at: Timestamp| is_over || now.since(at) >= GATHERED_FOR;
        let ready = waiting.iter().take_while(|logged| gathered(logged.record.arrived_at));
        let ready: Vec<_> = ready.map(|logged| &logged.record).collect();
        let is_same_hour =
            |a: &&StreamRecord, b: &&StreamRecord| Hour::of(a.arrived_at) == Hour::of(b.arrived_at);
        for records in ready.chunk_by(is_same_hour).flat_map(|of_hour| of_hour.chunks(OBJECT_RECORDS)) {
            let mut lines = Vec::new();
            for record in records {
                lines.extend_from_slice(&record.data);
                lines.push(b'\n');
            }
            self.archive.put(records.first().map_or(now, |record| record.arrived_at), &lines);
        }
        self.archive.delivered += ready.len();
    }

    /// Sweeps at the end, and holds what is left of the archive against what was there: lines of erased people are gone, a
    /// claim to be one of them too, everything else is as it was, and the requests say how many lines went.
    pub(crate) fn archive_violation(&mut self) -> Option<String> {
        let (before, removed) = (self.archive.lines(), self.removed_lines());
        self.sweep();
        let after = self.archive.lines();
        let requests = self.requests();
        let mut gone = 0;
        for (object, lines) in &before {
            let mut left = after.get(object).into_iter().flatten();
            for line in lines {
                let expected = expected(line, &requests);
                gone += u64::from(expected.is_none());
                let Some(expected) = expected else { continue };
                let found = left.next();
                if found.is_none_or(|found| !is_same(found, &expected)) {
                    return Some(format!(
                        "{object}: the sweep changed or lost a line that is of nobody who was erased"
                    ));
                }
            }
            if left.next().is_some() {
                return Some(format!("{object}: a line of an erased person is still there"));
            }
        }
        for _ in 0..gone {
            self.net.lock().count(Fault::ArchiveSwept);
        }
        let told = self.removed_lines() - removed;
        (told != gone).then(|| format!("{gone} archived lines are gone, and the requests say {told}"))
    }

    pub(crate) fn requests(&self) -> Vec<ErasureRequest> {
        let kept = self.tables.inner.erasures().now_or_never().and_then(Result::ok).unwrap_or_default();
        kept.into_iter().map(|kept| kept.state).collect()
    }

    pub(crate) fn removed_lines(&self) -> u64 {
        self.requests().iter().map(|request| request.removed.archive_lines).sum()
    }
}

/// What must be left of a line: `None` when it is of somebody who was erased.
fn expected(line: &[u8], requests: &[ErasureRequest]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(line);
    let names = |value: &Value, request: &ErasureRequest| {
        request.keys.iter().any(|key| Some(key.as_str()) == value.as_str())
    };
    let Ok(mut json) = serde_json::from_slice::<Value>(line) else {
        let mut keys = requests.iter().flat_map(|request| &request.keys);
        return (!keys.any(|key| text.contains(key.as_str()))).then(|| line.to_vec());
    };
    let time = |name: &str| Timestamp::from_ms(json[name].as_i64().unwrap_or_default());
    let (occurred_at, received_at) = (time("occurred_at"), time("received_at"));
    let mut forgets = false;
    for request in requests.iter().filter(|request| request.erasure().keeps_out(occurred_at, received_at)) {
        let of = [&json["key"], &json["link"], &json["merge"]["from"]];
        if of.into_iter().any(|value| names(value, request)) {
            return None;
        }
        forgets |= names(&json["claim"], request);
    }
    if !forgets {
        return Some(line.to_vec());
    }
    json.as_object_mut()?.remove("claim");
    serde_json::to_vec(&json).ok()
}

fn is_same(found: &[u8], expected: &[u8]) -> bool {
    let json = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
    found == expected || json(found).is_some_and(|found| Some(found) == json(expected))
}
