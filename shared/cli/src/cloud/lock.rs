//! One command at a time changes the stack of a checkout: `up` and `down` hold `target/stack/lock` while they work.

use super::folder::Folder;
use crate::error::CliError;
use std::fs::{File, OpenOptions, TryLockError};

const FILE: &str = "lock";

/// The lock, held for as long as this lives. The system takes it back however the program ends, and programs that are
/// started do not inherit it.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says that somebody else has it.
    pub(crate) fn take(folder: &Folder) -> Result<Self, CliError> {
        let path = folder.make("")?.join(FILE);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file =
            opened.map_err(|e| CliError::usage(format!("cannot write {}: {e}", folder.show(&path))))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(CliError::usage("another `beckon stack` is at work in this folder: wait for it"))
            }
            Err(TryLockError::Error(e)) => {
                Err(CliError::usage(format!("cannot lock {}: {e}", folder.show(&path))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::folder::remove;
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn the_second_is_refused_until_the_first_is_done_whatever_it_started() {
        let root = std::env::temp_dir().join(format!("beckon-lock-{}", std::process::id()));
        let folder = Folder::at(root.clone());
        let first = Lock::take(&folder).unwrap();
        // As the driver: started under the lock, and still there after it.
        let mut started = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let message = Lock::take(&folder).unwrap_err().to_string();
        assert_eq!(message, "another `beckon stack` is at work in this folder: wait for it");
        drop(first);
        // Another test may be starting a program: until that is executed, its copy of this process has the lock as well.
        let again = || Lock::take(&folder).inspect_err(|_| std::thread::yield_now()).ok();
        let second = (0..100_000).find_map(|_| again());
        drop(started.stdin.take());
        started.wait().unwrap();
        second.unwrap();
        remove(&root).unwrap();
    }
}
