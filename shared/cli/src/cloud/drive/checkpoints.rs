//! How far each shard is done, kept in a file for each mapping of an emulator in `target/stack`, so that a driver that
//! begins again does not deliver everything again.

use crate::cloud::folder::Folder;
use crate::cloud::state::checkpoints_folder;
use crate::error::CliError;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Sequence numbers by shard, by stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Checkpoints {
    file: PathBuf,
    streams: BTreeMap<String, BTreeMap<String, String>>,
}

impl Checkpoints {
    /// Reads the file of an emulator's mapping. What cannot be read counts as nothing: records come again, which is
    /// harmless.
    pub(super) fn load(folder: &Folder, endpoint_url: &str, mapping: &str) -> Result<Self, CliError> {
        let path = checkpoints_folder(folder, endpoint_url);
        std::fs::create_dir_all(&path)
            .map_err(|e| CliError::usage(format!("cannot make the folder {}: {e}", path.display())))?;
        let file = path.join(format!("{mapping}.json"));
        let text = std::fs::read(&file).unwrap_or_default();
        Ok(Self { streams: serde_json::from_slice(&text).unwrap_or_default(), file })
    }

    /// Up to where a shard is done.
    pub(super) fn of(&self, stream: &str, shard: &str) -> Option<&str> {
        self.streams.get(stream)?.get(shard).map(String::as_str)
    }

    /// Notes how far a shard is done. Returns whether that is news.
    pub(super) fn set(&mut self, stream: &str, shard: &str, sequence: &str) -> bool {
        let shards = self.streams.entry(stream.to_owned()).or_default();
        shards.insert(shard.to_owned(), sequence.to_owned()).as_deref() != Some(sequence)
    }

    /// Forgets a shard: it is read from its beginning.
    pub(super) fn forget(&mut self, stream: &str, shard: &str) {
        if let Some(shards) = self.streams.get_mut(stream) {
            shards.remove(shard);
        }
    }

    /// Writes the file: whole, or not at all.
    pub(super) fn save(&self) -> Result<(), CliError> {
        let fresh = self.file.with_extension("json.new");
        let written = serde_json::to_vec_pretty(&self.streams)
            .map_err(std::io::Error::other)
            .and_then(|text| std::fs::write(&fresh, text))
            .and_then(|()| std::fs::rename(&fresh, &self.file));
        written.map_err(|e| CliError::usage(format!("cannot write {}: {e}", self.file.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::folder::remove;

    const HERE: &str = "http://127.0.0.1:4588";
    const EVENTS: &str = "ProfilerFunctionEvents";

    #[test]
    fn checkpoints_come_back_by_stream_and_shard_and_a_spoilt_file_is_none() {
        let root = std::env::temp_dir().join(format!("beckon-checkpoints-{}", std::process::id()));
        let folder = Folder::at(root.clone());
        let mut checkpoints = Checkpoints::load(&folder, HERE, EVENTS).unwrap();
        assert_eq!(checkpoints.of("arn:a", "shard-0"), None);
        assert!(checkpoints.set("arn:a", "shard-0", "17"));
        assert!(!checkpoints.set("arn:a", "shard-0", "17"), "no progress is no news");
        assert!(checkpoints.set("arn:b", "shard-0", "3"));
        checkpoints.save().unwrap();
        let again = Checkpoints::load(&folder, HERE, EVENTS).unwrap();
        assert_eq!((again.of("arn:a", "shard-0"), again.of("arn:b", "shard-0")), (Some("17"), Some("3")));
        assert_eq!(again.of("arn:b", "shard-1"), None);
        let elsewhere = Checkpoints::load(&folder, "http://127.0.0.1:4566", EVENTS).unwrap();
        assert_eq!(elsewhere.of("arn:a", "shard-0"), None, "another emulator names its streams the same");
        let mut signals = Checkpoints::load(&folder, HERE, "TrendsFunctionSignals").unwrap();
        assert_eq!(signals.of("arn:a", "shard-0"), None, "another mapping reads for itself");
        assert!(signals.set("arn:s", "shard-0", "1"));
        signals.save().unwrap();
        assert_eq!(Checkpoints::load(&folder, HERE, EVENTS).unwrap(), again, "and writes nobody else's file");
        std::fs::write(checkpoints_folder(&folder, HERE).join("ProfilerFunctionEvents.json"), "{").unwrap();
        assert_eq!(Checkpoints::load(&folder, HERE, EVENTS).unwrap().of("arn:a", "shard-0"), None);
        remove(&root).unwrap();
    }
}
