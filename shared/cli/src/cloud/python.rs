//! Which Python the tools are installed with.

use crate::error::CliError;
use std::process::Command;

/// The oldest Python that the pinned tools run on.
const OLDEST: (u32, u32) = (3, 10);
/// Names under which a Python may be found, the usual one first.
const NAMES: [&str; 6] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/// The first Python on the path that is young enough.
pub(crate) fn find() -> Result<&'static str, CliError> {
    let mut too_old = None;
    for name in NAMES {
        let Some(version) = version_of(name) else { continue };
        if version >= OLDEST {
            return Ok(name);
        }
        too_old.get_or_insert((name, version));
    }
    let (major, minor) = OLDEST;
    Err(CliError::usage(match too_old {
        Some((name, (had_major, had_minor))) => format!(
            "{name} is Python {had_major}.{had_minor}, and the tools need {major}.{minor} or later: install one beside it"
        ),
        None => format!(
            "no python3 on the path, and the emulator and SAM CLI are written in it: install Python {major}.{minor} or later"
        ),
    }))
}

fn version_of(name: &str) -> Option<(u32, u32)> {
    let output = Command::new(name).arg("--version").output().ok().filter(|o| o.status.success())?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// `Python 3.11.7` as (3, 11).
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix("Python ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.trim_end_matches(['+', 'a', 'b']).parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse_version("Python 3.11.7\n"), Some((3, 11)));
        assert_eq!(parse_version("Python 3.15.0a2"), Some((3, 15)));
        assert_eq!(parse_version("pyenv: python3.12: command not found"), None);
        assert_eq!(parse_version(""), None);
        assert!(parse_version("Python 3.9.6") < Some(OLDEST), "9 is before 10");
        assert!(parse_version("Python 3.10.0") >= Some(OLDEST));
    }
}
