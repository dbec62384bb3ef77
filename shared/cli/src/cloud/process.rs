//! Processes that outlive the command that started them: told apart by pid and start time, and ended by process group.
//!
//! A pid alone is not enough: after a restart of the machine it belongs to somebody else. A process whose start time is
//! another one is never signalled. A leader may end before its group (MiniStack is killed for its memory, and its
//! functions run on): then the group is ended by its number.

mod table;

use crate::error::CliError;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use table::Seen;

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);
/// How often a process is looked at while it ends.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A process, and no other that ever has its pid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    pub(crate) pid: i32,
    /// When it started, as the system tells it.
    pub(crate) started: String,
    /// Which life of the system, or of a container, it started in: the next one gives the same numbers again.
    pub(crate) system: String,
}

impl ProcessId {
    /// The process that has this pid now; `None` when there is none.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let seen = table::look(pid).filter(|seen| !seen.has_ended)?;
        Some(Self { pid, started: seen.started, system: table::system() })
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&self) -> bool {
        table::look(self.pid).is_some_and(|seen| !seen.has_ended && self.is(&seen))
    }

    /// Ends the process group that it leads, or led: first asked, then made to. Returns whether there was anything to
    /// end.
    pub(crate) async fn end(&self) -> bool {
        if !self.has_group() {
            return false;
        }
        self.signal(Signal::TERM);
        // Looked at again before the second signal: once the group is empty, its number may be somebody else's.
        if !self.has_emptied().await {
            self.signal(Signal::KILL);
            self.has_emptied().await;
        }
        true
    }

    /// Waits until nobody runs in its group, with an end. Returns whether that came.
    async fn has_emptied(&self) -> bool {
        let looks = GRACE.as_millis() / LOOK_EVERY.as_millis();
        for _ in 0..looks {
            if !self.has_group() {
                return true;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        !self.has_group()
    }

    /// Whether anybody runs in its group. A pid is not given again while a group has its number, so a group whose
    /// leader is gone is still this one's; with another leader, or after a restart of the system, it is somebody
    /// else's.
    fn has_group(&self) -> bool {
        let is_ours = match table::look(self.pid) {
            Some(leader) => self.is(&leader),
            None => self.system == table::system(),
        };
        is_ours && self.pid > 1 && table::group_runs(self.pid)
    }

    fn is(&self, seen: &Seen) -> bool {
        seen.started == self.started && self.system == table::system()
    }

    fn signal(&self, signal: Signal) {
        // 0 and 1 would mean the caller's own group and every process.
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.pid > 1) {
            // The only failure is that nobody is left.
            let _ = kill_process_group(pid, signal);
        }
    }
}

/// Starts a process in the background, as the leader of its own group, writing to `log`.
pub(crate) fn spawn(command: &mut Command, log: &Path, what: &str) -> Result<ProcessId, CliError> {
    let file =
        File::create(log).map_err(|e| CliError::usage(format!("cannot write {}: {e}", log.display())))?;
    let copy = file.try_clone().map_err(|e| CliError::caused("the log cannot be shared", &e))?;
    let child = command.process_group(0).stdin(Stdio::null()).stdout(file).stderr(copy).spawn();
    let mut child = child.map_err(|e| CliError::failed(format!("{what} did not start: {e}")))?;
    let pid = i32::try_from(child.id()).unwrap_or_default();
    ProcessId::of(pid).ok_or_else(|| {
        let status = child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
        CliError::failed(format!("{what} ended at once ({status}): see {}", log.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    use std::process::Child;

    /// A group whose leader ends when its input does, and leaves another process behind.
    fn group() -> (Child, ProcessId) {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 300 & echo started; read line"]).process_group(0);
        let mut leader = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // One byte: the sleeper holds the other end until it is ended.
        let mut byte = [0];
        std::io::Read::read_exact(leader.stdout.as_mut().unwrap(), &mut byte).unwrap();
        let id = ProcessId::of(i32::try_from(leader.id()).unwrap()).unwrap();
        (leader, id)
    }

    #[test]
    fn this_process_is_alive_and_with_another_start_time_it_is_somebody_else() {
        let this = ProcessId::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(this.is_alive());
        let other = ProcessId { started: format!("{}0", this.started), ..this.clone() };
        assert!(!other.is_alive());
        assert!(!ProcessId { system: "before the restart".to_owned(), ..this }.is_alive());
    }

    #[tokio::test]
    async fn a_pid_with_another_start_time_is_never_signalled() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).process_group(0).spawn().unwrap();
        let id = ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap();
        let stale = ProcessId { started: "1".to_owned(), ..id.clone() };
        assert!(!stale.end().await);
        assert!(id.is_alive() && child.try_wait().unwrap().is_none(), "it was spared");
        assert!(id.end().await, "its own name ends it");
        assert!(!child.wait().unwrap().success());
        assert!(!id.end().await, "a second time there is nothing to end");
    }

    #[tokio::test]
    async fn a_group_is_ended_when_its_leader_is_gone_but_not_after_a_restart_of_the_system() {
        let (mut leader, id) = group();
        drop(leader.stdin.take());
        leader.wait().unwrap();
        assert!(!id.is_alive() && table::group_runs(id.pid), "the leader is gone, the group is not");
        let earlier = ProcessId { system: "before the restart".to_owned(), ..id.clone() };
        assert!(!earlier.end().await && table::group_runs(id.pid), "somebody else's is spared");
        assert!(id.end().await);
        assert!(!table::group_runs(id.pid));
        assert!(!id.end().await, "a second time there is nothing to end");
    }

    #[tokio::test]
    async fn a_leader_that_nobody_has_waited_for_does_not_hide_its_group() {
        let (mut leader, id) = group();
        drop(leader.stdin.take());
        let who = WaitId::Pid(Pid::from_raw(id.pid).unwrap());
        waitid(who, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        assert!(!id.is_alive() && id.end().await);
        assert!(!table::group_runs(id.pid));
        leader.wait().unwrap();
    }

    #[tokio::test]
    async fn a_group_that_does_not_heed_the_request_is_made_to_end() {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; echo started; read line"]).process_group(0);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut byte = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut byte).unwrap();
        let id = ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap();
        assert!(id.end().await);
        assert!(!table::group_runs(id.pid));
        assert!(!child.wait().unwrap().success());
    }
}
