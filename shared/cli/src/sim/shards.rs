//! The stream's shards: each a range of hashes, with what was put into it, in order; they split and merge.

use super::book::Origin;
use beckon_domain::Timestamp;
use beckon_store::streams::NewRecord;
use beckon_store::streams::memory::StreamRecord;

/// Numbers begin shortly before they get another digit: nobody may compare them as texts.
const FIRST_NUMBER: u128 = 99_999_999_999_999_999_999_999_999_999_999_999_990;

/// A shard.
pub(crate) struct Shard {
    /// Its name.
    pub(crate) name: String,
    low: u64,
    high: u64,
    /// Records of it, by their places in the log.
    pub(crate) log: Vec<usize>,
    /// How many of them were read.
    pub(crate) read: usize,
    /// Nothing more is put into it.
    pub(crate) closed: bool,
    /// The mapping knows that it is closed.
    pub(crate) close_told: bool,
    /// What it came of.
    pub(crate) parents: Vec<String>,
    /// It is not read before.
    pub(crate) read_at: Timestamp,
}

impl Shard {
    /// Whether there is something in it that its mapping was not told.
    pub(crate) fn has_unread(&self) -> bool {
        self.read < self.log.len() || (self.closed && !self.close_told)
    }

    /// Everything of it was told, and if nothing follows that too.
    pub(crate) fn were_read(&mut self, close: impl FnOnce(&str)) {
        self.read = self.log.len();
        if self.closed {
            self.close_told = true;
            close(&self.name);
        }
    }
}

/// All shards, oldest first.
pub(crate) struct Shards {
    list: Vec<Shard>,
    next_number: u128,
}

/// A put record: where it went, and as what.
pub(crate) struct Placed {
    pub(crate) record: StreamRecord,
    pub(crate) shard: usize,
    pub(crate) origin: Origin,
}

impl Shards {
    /// A stream of so many shards.
    pub(crate) fn new(count: u64) -> Self {
        let mut shards = Self { list: Vec::new(), next_number: FIRST_NUMBER };
        let width = u64::MAX / count.max(1);
        for index in 0..count {
            let high = if index + 1 == count { u64::MAX } else { (index + 1) * width - 1 };
            shards.open(index * width, high, Vec::new());
        }
        shards
    }

    fn open(&mut self, low: u64, high: u64, parents: Vec<String>) {
        let name = format!("shardId-{:012}", self.list.len());
        self.list.push(Shard {
            name,
            low,
            high,
            log: Vec::new(),
            read: 0,
            closed: false,
            close_told: false,
            parents,
            read_at: Timestamp::EPOCH,
        });
    }

    /// Every shard.
    pub(crate) fn list(&self) -> &[Shard] {
        &self.list
    }

    /// One shard.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut Shard> {
        self.list.get_mut(index)
    }

    /// The open shard of a key.
    pub(crate) fn shard_of(&self, partition_key: &str) -> usize {
        let hash = partition_key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // The low bits of FNV are the good ones.
        let hash = hash.rotate_left(32);
        let holds = |s: &Shard| !s.closed && (s.low..=s.high).contains(&hash);
        self.list.iter().position(holds).unwrap_or(0)
    }

    /// Gives a record its shard and its number. The caller adds it to the log.
    pub(crate) fn place(&mut self, new: NewRecord, origin: Origin, arrived_at: Timestamp) -> Placed {
        let shard = self.shard_of(&new.partition_key);
        let sequence = format!("{}{:017}", self.next_number, 0);
        self.next_number += 1;
        let name = self.list.get(shard).map(|s| s.name.clone()).unwrap_or_default();
        let NewRecord { partition_key, data } = new;
        let record = StreamRecord { shard: name, sequence, partition_key, data, arrived_at };
        Placed { record, shard, origin }
    }

    /// Splits the widest open shard in two.
    pub(crate) fn split(&mut self) -> bool {
        let open = self.list.iter().enumerate().filter(|(_, s)| !s.closed);
        let Some((index, _)) = open.max_by_key(|(_, s)| s.high - s.low) else { return false };
        let Some(shard) = self.list.get_mut(index) else { return false };
        shard.closed = true;
        let (low, high, name) = (shard.low, shard.high, shard.name.clone());
        let middle = low + (high - low) / 2;
        self.open(low, middle, vec![name.clone()]);
        self.open(middle + 1, high, vec![name]);
        true
    }

    /// Merges two open neighbours.
    pub(crate) fn merge(&mut self) -> bool {
        let pair = self.list.iter().enumerate().filter(|(_, s)| !s.closed).find_map(|(left, a)| {
            let right = self.list.iter().position(|b| !b.closed && a.high < b.low && a.high + 1 == b.low)?;
            Some((left, right))
        });
        let Some((left, right)) = pair else { return false };
        let (low, high) = (self.list[left].low, self.list[right].high);
        let parents = vec![self.list[left].name.clone(), self.list[right].name.clone()];
        self.list[left].closed = true;
        self.list[right].closed = true;
        self.open(low, high, parents);
        true
    }
}
