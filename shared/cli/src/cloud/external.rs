//! Other programs: run to their end with their output in a file, of which the end is shown when they fail.

use super::phases::Phases;
use crate::error::CliError;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// Lines of a log that are shown when a program fails.
const TAIL_LINES: usize = 15;
/// Bytes at the end of a log that are read for them.
const TAIL_BYTES: u64 = 16 * 1024;
/// How often a program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs a program to its end, with its output in `log`.
pub(crate) fn run(phases: &Phases, command: &mut Command, log: &Path, hint: &str) -> Result<(), CliError> {
    let what = name(command);
    let file =
        File::create(log).map_err(|e| CliError::usage(format!("cannot write {}: {e}", log.display())))?;
    let copy = file.try_clone().map_err(|e| CliError::caused("the log cannot be shared", &e))?;
    let child = command.stdin(Stdio::null()).stdout(file).stderr(copy).spawn();
    let mut child = child.map_err(|e| CliError::failed(format!("{what} did not start: {e}")))?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|e| CliError::caused("waiting for a program", &e))? {
            break status;
        }
        std::thread::sleep(LOOK_EVERY);
        phases.note(tail(log, 1).trim());
    };
    finish(phases, &what, status, log, hint)
}

/// Takes all that the person told AWS's tools out of what a program sees: an emulator must not see real credentials,
/// and one service's own end point would lead past it.
pub(crate) fn forget_aws(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_for_aws) {
            command.env_remove(name);
        }
    }
}

/// AWS_LC_* are settings of a library that is compiled, and of no service.
fn is_for_aws(name: &str) -> bool {
    name.starts_with("AWS_") && !name.starts_with("AWS_LC_")
}

fn finish(phases: &Phases, what: &str, status: ExitStatus, log: &Path, hint: &str) -> Result<(), CliError> {
    if status.success() {
        return Ok(());
    }
    phases.say(tail(log, TAIL_LINES).trim_end());
    Err(CliError::failed(format!("{what} failed ({status}): {hint}; all it said is in {}", log.display())))
}

/// The last lines of a file; empty when there is none. What went before a carriage return was meant to be overwritten.
pub(crate) fn tail(log: &Path, lines: usize) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    last_lines(&String::from_utf8_lossy(&read().unwrap_or_default()), lines)
}

fn last_lines(text: &str, count: usize) -> String {
    let shown = |line: &str| line.trim_end().rsplit('\r').next().unwrap_or_default().to_owned();
    let lines: Vec<String> = text.lines().map(shown).filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// `sam build`, `python3 -m venv`: the program without its folder, and what it is asked to do.
fn name(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let mut words = vec![program.into_owned()];
    for argument in command.get_args() {
        let word = argument.to_string_lossy().into_owned();
        let goes_on = word == "-m" || word == "lambda";
        words.push(word);
        if !goes_on {
            break;
        }
    }
    format!("`{}`", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_its_last_lines_as_a_terminal_would_show_them() {
        assert_eq!(last_lines("a\nb\n\n10 %\r50 %\r100 %\nc\n", 2), "100 %\nc");
        assert_eq!(last_lines("only\n", 15), "only");
        assert_eq!(last_lines("", 15), "");
    }

    #[test]
    fn everything_that_is_told_to_the_tools_of_aws_is_for_aws() {
        for name in [
            "AWS_PROFILE",
            "AWS_ENDPOINT_URL_S3",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
        ] {
            assert!(is_for_aws(name), "{name}");
        }
        assert!(!is_for_aws("AWS_LC_SYS_CMAKE_BUILDER") && !is_for_aws("PATH"));
    }

    #[test]
    fn a_program_that_fails_is_named_with_what_to_do_and_where_to_read_on() {
        let log = std::env::temp_dir().join(format!("beckon-external-{}.log", std::process::id()));
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo broken; exit 3"]);
        let error = run(&Phases::new(), &mut command, &log, "mend it").unwrap_err().to_string();
        assert!(error.starts_with("`sh -c` failed (exit status: 3): mend it; all it said is in "), "{error}");
        assert_eq!(tail(&log, 1), "broken");
        std::fs::remove_file(&log).unwrap();
        assert_eq!(name(Command::new("/a/python").args(["-m", "pip", "install"])), "`python -m pip`");
        assert_eq!(name(Command::new("/a/sam").args(["deploy", "-t"])), "`sam deploy`");
    }
}
