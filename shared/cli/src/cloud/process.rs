//! Processes that outlive the command that started them: told apart by pid and start time, and ended by process group.
//!
//! A pid alone is not enough: after a restart of the machine it belongs to somebody else. A process whose start time is
//! another one is never signalled.

use crate::error::CliError;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

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
}

impl ProcessId {
    /// The process that has this pid now; `None` when there is none.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        Some(Self { pid, started: start_time(pid)? })
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&self) -> bool {
        start_time(self.pid).is_some_and(|started| started == self.started)
    }

    /// Ends the process group that it leads: first asked, then made to. Returns whether there was anything to end.
    pub(crate) async fn end(&self) -> bool {
        if !self.is_alive() {
            return false;
        }
        self.signal(Signal::TERM);
        let looks = GRACE.as_millis() / LOOK_EVERY.as_millis();
        for _ in 0..looks {
            if !self.is_alive() {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        // Also when the leader has ended: a group keeps its number as long as anybody is left in it.
        self.signal(Signal::KILL);
        true
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

/// When the process with this pid started; `None` when there is none, or only what is left of one.
#[cfg(target_os = "linux")]
fn start_time(pid: i32) -> Option<String> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// When the process with this pid started; `None` when there is none, or only what is left of one.
#[cfg(not(target_os = "linux"))]
fn start_time(pid: i32) -> Option<String> {
    let output = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output().ok()?;
    parse_ps(&String::from_utf8_lossy(&output.stdout))
}

/// Field 22 of `/proc/PID/stat`. The name, field 2, may hold spaces and parentheses.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn parse_stat(stat: &str) -> Option<String> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    (!matches!(state, "Z" | "X")).then(|| fields.nth(18).map(ToOwned::to_owned))?
}

/// One line of `ps -o stat=,lstart=`.
#[cfg_attr(target_os = "linux", allow(dead_code))]
fn parse_ps(line: &str) -> Option<String> {
    let (state, started) = line.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_with_another_start_time_it_is_somebody_else() {
        let this = ProcessId::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(this.is_alive());
        let other = ProcessId { started: format!("{}0", this.started), ..this };
        assert!(!other.is_alive());
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

    #[test]
    fn the_start_time_is_read_behind_any_name_and_a_zombie_is_dead() {
        let line = |name: &str, state: &str| {
            format!(
                "42 ({name}) {state} 1 42 42 0 -1 4194560 1 0 0 0 7 1 0 0 20 0 1 0 183920 1000 200 18446744"
            )
        };
        assert_eq!(parse_stat(&line("cat", "S")).as_deref(), Some("183920"));
        assert_eq!(parse_stat(&line("a) S 1 (b", "R")).as_deref(), Some("183920"));
        assert_eq!(parse_stat(&line("cat", "Z")), None);
        assert_eq!(parse_ps("Ss   Sun Nov  1 09:40:00 2026\n").as_deref(), Some("Sun Nov 1 09:40:00 2026"));
        assert_eq!(parse_ps("Z    Sun Nov  1 09:40:00 2026\n"), None);
        assert_eq!(parse_ps(""), None);
    }
}
