//! `beckon serve` as a process of its own, and how much memory it has.

use super::client::Client;
use crate::error::CliError;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use serde::Serialize;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to begin.
const START_TIME: Duration = Duration::from_secs(60);
/// How often it is looked whether it has begun.
const LOOK_EACH: Duration = Duration::from_millis(50);
/// Files that a process has open beside connections.
const OTHER_FILES: u64 = 256;

/// The running process. It is ended when this is dropped.
pub(super) struct Served {
    child: Child,
    address: SocketAddr,
}

/// Memory of a process that is resident, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(in crate::bench) struct Memory {
    /// Now (`VmRSS`).
    pub now_bytes: u64,
    /// At most since it began (`VmHWM`).
    pub most_bytes: u64,
}

impl Memory {
    /// Of a process; `None` where there is no `/proc`.
    pub(in crate::bench) fn of(process: u32) -> Option<Self> {
        memory_of(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?)
    }
}

/// Lets this process and those that it starts have as many files as the system allows. Returns how many connections that are.
pub(super) fn raise_file_limit() -> u32 {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Where that is refused, what is allowed is enough for fewer.
    let _ = setrlimit(Resource::Nofile, wanted);
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::from(u32::MAX));
    u32::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(u32::MAX)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl Served {
    /// Starts it on a free port, with nothing kept and no limits of events, and waits until it answers.
    pub(super) async fn start() -> Result<Self, CliError> {
        let unable = |e: std::io::Error| CliError::failed(format!("`beckon serve` cannot be started: {e}"));
        let port = free_port().map_err(unable)?;
        let program = std::env::current_exe().map_err(unable)?;
        let child = Command::new(program)
            .args(["serve", "--memory", "--unlimited", "--no-archive", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(unable)?;
        let mut served = Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) };
        let began = Instant::now();
        while Client::connect(served.address).await.is_err() {
            if let Ok(Some(status)) = served.child.try_wait() {
                return Err(CliError::failed(format!("`beckon serve` ended with {status}: see above")));
            }
            if began.elapsed() > START_TIME {
                return Err(CliError::failed("`beckon serve` does not answer"));
            }
            tokio::time::sleep(LOOK_EACH).await;
        }
        Ok(served)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its memory; `None` where there is no `/proc`.
    pub(super) fn memory(&self) -> Option<Memory> {
        Memory::of(self.child.id())
    }

    /// Asks it to end, and returns how many records it has left undone.
    pub(super) fn end(mut self) -> Result<u64, CliError> {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // One that has ended already says so below.
            let _ = kill_process(pid, Signal::TERM);
        }
        let mut said = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            // It says few lines, and ends by itself.
            let _ = stdout.read_to_string(&mut said);
        }
        let status = self.child.wait().map_err(|e| CliError::caused("`beckon serve`", &e))?;
        let undone = said.lines().find_map(undone);
        undone.ok_or_else(|| {
            CliError::failed(format!("`beckon serve` ended with {status} and did not say how"))
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn undone(line: &str) -> Option<u64> {
    line.strip_prefix("stopped; ")?.strip_suffix(" records left undone")?.parse().ok()
}

/// Reads `/proc/<pid>/status`.
fn memory_of(status: &str) -> Option<Memory> {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    };
    Some(Memory { now_bytes: bytes("VmRSS:")?, most_bytes: bytes("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_says_of_itself_is_read() {
        let status = "Name:\tbeckon\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!(memory_of(status), Some(Memory { now_bytes: 1 << 20, most_bytes: 2 << 20 }));
        assert_eq!(memory_of("Name:\tbeckon\n"), None);
        assert_eq!(undone("stopped; 7 records left undone"), Some(7));
        assert_eq!(undone("Ctrl-C ends it."), None);
    }
}
