//! The system's table of processes: who has a pid, whether anybody is in a group, and which life of the system this is.

#[cfg(not(target_os = "linux"))]
use std::process::Command;

/// A process as the table shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    /// Only its entry is left, until somebody waits for it.
    pub(super) has_ended: bool,
    /// When it started.
    pub(super) started: String,
    /// Its group.
    group: i32,
}

/// The process with this pid; `None` when there is none.
#[cfg(target_os = "linux")]
pub(super) fn look(pid: i32) -> Option<Seen> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The process with this pid; `None` when there is none.
#[cfg(not(target_os = "linux"))]
pub(super) fn look(pid: i32) -> Option<Seen> {
    parse_ps(&ps(&["-p", &pid.to_string()]))
}

/// Whether anybody runs in this group. Asking with a signal would count entries of processes that have ended.
#[cfg(target_os = "linux")]
pub(super) fn group_runs(group: i32) -> bool {
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(look).any(|seen| seen.group == group && !seen.has_ended)
}

/// Whether anybody runs in this group. Asking with a signal would count entries of processes that have ended.
#[cfg(not(target_os = "linux"))]
pub(super) fn group_runs(group: i32) -> bool {
    ps(&["-A"]).lines().filter_map(parse_ps).any(|seen| seen.group == group && !seen.has_ended)
}

/// Which life of the system this is: its boot, and the start of its first process, which tells containers apart.
pub(super) fn system() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let first = look(1).map(|seen| seen.started).unwrap_or_default();
    format!("{} {first}", boot.trim()).trim().to_owned()
}

#[cfg(not(target_os = "linux"))]
fn ps(which: &[&str]) -> String {
    let output = Command::new("ps").args(["-o", "stat=,pgid=,lstart="]).args(which).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// `/proc/PID/stat`: state, group and start time are fields 3, 5 and 22. The name, field 2, may hold spaces and
/// parentheses.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn parse_stat(stat: &str) -> Option<Seen> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let group = fields.nth(1)?.parse().ok()?;
    let started = fields.nth(16)?.to_owned();
    Some(Seen { has_ended: matches!(state, "Z" | "X"), started, group })
}

/// One line of `ps -o stat=,pgid=,lstart=`.
#[cfg_attr(target_os = "linux", allow(dead_code))]
fn parse_ps(line: &str) -> Option<Seen> {
    let mut fields = line.split_whitespace();
    let state = fields.next()?;
    let group = fields.next()?.parse().ok()?;
    let started = fields.collect::<Vec<_>>().join(" ");
    Some(Seen { has_ended: state.starts_with('Z'), started, group })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(has_ended: bool, started: &str) -> Option<Seen> {
        Some(Seen { has_ended, started: started.to_owned(), group: 40 })
    }

    #[test]
    fn group_and_start_time_are_read_behind_any_name_and_a_zombie_has_ended() {
        let line = |name: &str, state: &str| {
            format!(
                "42 ({name}) {state} 1 40 41 0 -1 4194560 1 0 0 0 7 1 0 0 20 0 1 0 183920 1000 200 18446744"
            )
        };
        assert_eq!(parse_stat(&line("cat", "S")), seen(false, "183920"));
        assert_eq!(parse_stat(&line("a) S 1 (b", "R")), seen(false, "183920"));
        assert_eq!(parse_stat(&line("cat", "Z")), seen(true, "183920"));
        assert_eq!(parse_stat(""), None);
        assert_eq!(parse_ps("Ss   40 Sun Nov  1 09:40:00 2026\n"), seen(false, "Sun Nov 1 09:40:00 2026"));
        assert_eq!(parse_ps("Z    40 Sun Nov  1 09:40:00 2026\n"), seen(true, "Sun Nov 1 09:40:00 2026"));
        assert_eq!(parse_ps(""), None);
    }
}
