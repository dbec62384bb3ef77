//! What runs in the background, kept in `target/stack/state.json` from `up` to `down`.

use super::folder::{Folder, remove};
use super::process::ProcessId;
use super::target::{Kind, Target};
use crate::error::CliError;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const FILE: &str = "state.json";

/// What runs in the background.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// The emulator that `up` started.
    pub(crate) ministack: Option<MiniStack>,
    /// The mapping driver.
    pub(crate) driver: Option<Driver>,
}

/// A MiniStack of this checkout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct MiniStack {
    pub(crate) process: ProcessId,
    pub(crate) port: u16,
}

/// A mapping driver of this checkout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Driver {
    pub(crate) process: ProcessId,
    /// Whether its emulator is the MiniStack that `up` started.
    pub(crate) on_ministack: bool,
    pub(crate) endpoint_url: String,
    pub(crate) stack_name: String,
}

impl Driver {
    /// Whether it drives this stack.
    pub(crate) fn is_for(&self, target: &Target) -> bool {
        target.endpoint_url.as_ref() == Some(&self.endpoint_url)
            && self.stack_name == target.stack_name
            && self.on_ministack == (target.kind == Kind::MiniStack)
    }
}

impl State {
    /// Reads the state. What has ended by itself is still in it, until `down`: others of its group may run on.
    pub(crate) fn load(folder: &Folder) -> Result<Self, CliError> {
        let file = folder.stack(FILE);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(CliError::usage(format!("cannot read {}: {e}", folder.show(&file)))),
        };
        serde_json::from_str(&text).map_err(|e| {
            let file = folder.show(&file);
            CliError::usage(format!(
                "{file} is not what `up` wrote ({e}): delete it, and end MiniStack yourself"
            ))
        })
    }

    /// Writes the state: whole, or not at all.
    pub(crate) fn save(&self, folder: &Folder) -> Result<(), CliError> {
        let file = folder.make("")?.join(FILE);
        if *self == Self::default() {
            return remove(&file);
        }
        let fresh = file.with_extension("json.new");
        let written = serde_json::to_vec_pretty(self)
            .map_err(std::io::Error::other)
            .and_then(|text| std::fs::write(&fresh, text))
            .and_then(|()| std::fs::rename(&fresh, &file));
        written.map_err(|e| CliError::usage(format!("cannot write {}: {e}", folder.show(&file))))
    }

    /// The port of the MiniStack that was started.
    pub(crate) fn port(&self) -> Option<u16> {
        self.ministack.as_ref().map(|m| m.port)
    }
}

/// Where it is kept how far the streams of an emulator were read, a file for each mapping: each emulator has a folder of
/// its own, because its streams come and go with it, and are named as another's.
pub(crate) fn checkpoints_folder(folder: &Folder, endpoint_url: &str) -> PathBuf {
    let (_, place) = endpoint_url.split_once("://").unwrap_or(("", endpoint_url));
    let name: String = place.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    folder.stack(&format!("checkpoints-{name}"))
}

/// Where the driver says that it has begun to poll.
pub(crate) fn ready_file(folder: &Folder) -> PathBuf {
    folder.stack("drive.ready")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> (PathBuf, Folder) {
        let root = std::env::temp_dir().join(format!("beckon-state-{name}-{}", std::process::id()));
        (root.clone(), Folder::at(root))
    }

    #[test]
    fn a_state_comes_back_with_what_has_ended_because_its_group_may_run_on() {
        let (root, folder) = scratch("round-trip");
        assert_eq!(State::load(&folder).unwrap(), State::default(), "nothing was ever started");
        let this = ProcessId::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        let reused = ProcessId { started: "before the restart".to_owned(), ..this.clone() };
        let state = State {
            ministack: Some(MiniStack { process: this, port: 4588 }),
            driver: Some(Driver {
                process: reused,
                on_ministack: true,
                endpoint_url: "http://127.0.0.1:4588".to_owned(),
                stack_name: "beckon".to_owned(),
            }),
        };
        state.save(&folder).unwrap();
        let loaded = State::load(&folder).unwrap();
        assert_eq!(loaded, state);
        assert_eq!(loaded.port(), Some(4588));
        State::default().save(&folder).unwrap();
        assert!(!folder.stack(FILE).exists(), "with nothing running there is no file");
        remove(&root).unwrap();
    }

    #[test]
    fn a_state_that_is_no_state_is_told_and_kept() {
        let (root, folder) = scratch("spoilt");
        folder.make("").unwrap();
        std::fs::write(folder.stack(FILE), "{").unwrap();
        let message = State::load(&folder).unwrap_err().to_string();
        assert!(message.starts_with("target/stack/state.json is not what `up` wrote"), "{message}");
        assert!(folder.stack(FILE).exists());
        remove(&root).unwrap();
    }
}
