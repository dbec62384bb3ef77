//! `beckon stack logs`: what the functions logged, of all of them, by time.

use super::log_line::{Entry, show};
use super::resources::{Deployed, unreachable};
use super::target::{Kind, Target};
use crate::error::CliError;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata;
use beckon_runtime::Clock;
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// How often a log that is followed is read on an emulator.
const READ_EVERY: Duration = Duration::from_secs(1);
/// How often it is read on AWS, where nine functions share five reads a second with everybody in the account.
const READ_EVERY_ON_AWS: Duration = Duration::from_secs(5);
/// How late an entry may arrive in a log that is followed.
const LATE_MAX_MS: i64 = 15_000;

/// Arguments of `beckon stack logs`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon stack logs                              the last 10 minutes of all functions
  beckon stack logs profiler --since 2h
  beckon stack logs --follow --stack-name NAME   of a stack on AWS, until Ctrl-C
  beckon stack logs --json | jq .message         a JSON document for each entry

What Lambda itself writes (START, END, REPORT) is left out, except in --json.")]
pub struct LogsArgs {
    /// Only this function
    #[arg(value_enum)]
    pub function: Option<Function>,
    /// Go on with what comes, until Ctrl-C
    #[arg(long, short)]
    pub follow: bool,
    /// How far back, such as 30s, 10m, 2h or 1d
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_since)]
    pub since: SinceMs,
    /// Print each entry as a JSON document
    #[arg(long)]
    pub json: bool,
}

/// How far back, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SinceMs(i64);

/// A function of the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Function {
    /// Takes events
    Collector,
    /// Folds them into profiles
    Profiler,
    /// Counts what sells best
    Trends,
    /// Answers pages
    Decisions,
    /// Sends reminders
    CartMailer,
    /// Hears what became of mails
    MailFeedback,
    /// Unsubscribes
    Preferences,
    /// Makes rulesets live
    Admin,
    /// Learns from the archive
    Trainer,
}

impl Function {
    /// As people write it, and the logical id of its log group.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Collector => ("collector", "CollectorLogGroup"),
            Self::Profiler => ("profiler", "ProfilerLogGroup"),
            Self::Trends => ("trends", "TrendsLogGroup"),
            Self::Decisions => ("decisions", "DecisionsLogGroup"),
            Self::CartMailer => ("cart-mailer", "CartMailerLogGroup"),
            Self::MailFeedback => ("mail-feedback", "MailFeedbackLogGroup"),
            Self::Preferences => ("preferences", "PreferencesLogGroup"),
            Self::Admin => ("admin", "AdminLogGroup"),
            Self::Trainer => ("trainer", "TrainerLogGroup"),
        }
    }
}

/// Prints the logs.
pub(crate) async fn run(args: LogsArgs, target: &Target) -> Result<(), CliError> {
    let sdk = target.sdk().await;
    let deployed = super::deployed(target, &sdk).await?;
    let client = Client::new(&sdk);
    let functions = args.function.map_or_else(|| Function::value_variants().to_vec(), |f| vec![f]);
    let mut since_ms = Clock::system().now().as_ms() - args.since.0;
    let mut seen = Seen::default();
    loop {
        let (mut entries, mut is_complete) = (Vec::new(), true);
        for function in &functions {
            let read = read(&client, target, &deployed, *function, since_ms).await?;
            if read.was_throttled && !args.follow {
                return Err(throttled());
            }
            entries.extend(read.entries);
            is_complete &= !read.was_throttled;
        }
        entries.sort_by_key(|entry| entry.at_ms);
        for entry in seen.fresh(entries) {
            let line = if args.json { Some(entry.document().to_string()) } else { show(&entry) };
            // Whoever closed the pipe has read enough.
            if line.is_some_and(|line| writeln!(std::io::stdout(), "{line}").is_err()) {
                return Ok(());
            }
        }
        if !args.follow {
            return Ok(());
        }
        tokio::time::sleep(read_every(target.kind)).await;
        since_ms = next_since(since_ms, seen.newest_ms, is_complete);
        seen.forget_before(since_ms);
    }
}

fn read_every(kind: Kind) -> Duration {
    if kind == Kind::Aws { READ_EVERY_ON_AWS } else { READ_EVERY }
}

/// Where the next read begins. A read that was cut short is made again from the same place: the other functions' newest
/// entries say nothing of what is missing.
fn next_since(since_ms: i64, newest_ms: i64, is_complete: bool) -> i64 {
    if is_complete { since_ms.max(newest_ms - LATE_MAX_MS) } else { since_ms }
}

fn throttled() -> CliError {
    CliError::failed(
        "CloudWatch Logs allows no more reads at the moment, so entries would be missing: try again, for one function",
    )
}

/// What one read gave.
pub(super) struct Read {
    pub(super) entries: Vec<Entry>,
    /// Whether the account had no reads left before the end.
    was_throttled: bool,
}

fn is_throttle(code: Option<&str>) -> bool {
    matches!(code, Some("ThrottlingException" | "Throttling" | "TooManyRequestsException"))
}

/// The entries of one function's log group since then.
pub(super) async fn read(
    client: &Client,
    target: &Target,
    deployed: &Deployed,
    function: Function,
    since_ms: i64,
) -> Result<Read, CliError> {
    let (name, logical_id) = function.names();
    let group = deployed.physical(logical_id)?;
    let (mut entries, mut token) = (Vec::new(), None);
    loop {
        let request = client.filter_log_events().log_group_name(group).start_time(since_ms);
        let page = match request.set_next_token(token).send().await {
            Ok(page) => page,
            // An emulator makes the group with the first entry.
            Err(error) if error.code() == Some("ResourceNotFoundException") => {
                return Ok(Read { entries, was_throttled: false });
            }
            Err(error) if is_throttle(error.code()) => return Ok(Read { entries, was_throttled: true }),
            Err(error) => return Err(unreachable(target, "the logs could not be read", &error)),
        };
        entries.extend(page.events.unwrap_or_default().into_iter().map(|event| Entry {
            function: name,
            at_ms: event.timestamp.unwrap_or_default(),
            stream: event.log_stream_name.unwrap_or_default(),
            message: event.message.unwrap_or_default(),
        }));
        token = page.next_token;
        if token.is_none() {
            return Ok(Read { entries, was_throttled: false });
        }
    }
}

/// What has been printed. An emulator gives entries no ids, so equal ones are counted.
#[derive(Default)]
struct Seen {
    counts: BTreeMap<Entry, usize>,
    newest_ms: i64,
}

impl Seen {
    /// Those that were not printed yet, in the same order.
    fn fresh(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut counts: BTreeMap<Entry, usize> = BTreeMap::new();
        let mut fresh = Vec::new();
        for entry in entries {
            let count = counts.entry(entry.clone()).or_default();
            *count += 1;
            self.newest_ms = self.newest_ms.max(entry.at_ms);
            let printed = self.counts.entry(entry.clone()).or_default();
            if *count > *printed {
                *printed = *count;
                fresh.push(entry);
            }
        }
        fresh
    }

    fn forget_before(&mut self, ms: i64) {
        self.counts.retain(|entry, _| entry.at_ms >= ms);
    }
}

fn parse_since(text: &str) -> Result<SinceMs, String> {
    let wrong = || "write a number and s, m, h or d, such as 10m".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number: i64 = text.strip_suffix(unit).and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
    let unit_ms = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return Err(wrong()),
    };
    let ms = number.checked_mul(unit_ms).filter(|ms| (1..=3_650 * 86_400_000).contains(ms));
    ms.map(SinceMs).ok_or_else(|| "between 1s and 3650d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at_ms: i64, message: &str) -> Entry {
        Entry { function: "collector", at_ms, stream: "s".to_owned(), message: message.to_owned() }
    }

    #[test]
    fn an_entry_is_printed_once_and_equal_entries_as_often_as_they_are_there() {
        let mut seen = Seen::default();
        let first = seen.fresh(vec![entry(1, "a"), entry(1, "a"), entry(2, "b")]);
        assert_eq!(first.len(), 3);
        let later =
            seen.fresh(vec![entry(1, "a"), entry(1, "a"), entry(1, "late"), entry(2, "b"), entry(2, "b")]);
        assert_eq!(later, [entry(1, "late"), entry(2, "b")]);
        assert_eq!(seen.newest_ms, 2);
        seen.forget_before(2);
        assert_eq!(seen.counts.len(), 1);
    }

    #[test]
    fn a_read_that_was_throttled_is_made_again_from_the_same_place() {
        assert_eq!(next_since(1_000, 100_000, true), 100_000 - LATE_MAX_MS);
        assert_eq!(next_since(1_000, 100_000, false), 1_000);
        assert_eq!(next_since(1_000, 2_000, true), 1_000, "it never goes back");
        assert!(is_throttle(Some("ThrottlingException")) && !is_throttle(Some("AccessDeniedException")));
        assert!(!is_throttle(None));
        assert!(read_every(Kind::Aws) > read_every(Kind::MiniStack));
    }

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(parse_since("10m"), Ok(SinceMs(600_000)));
        assert_eq!(parse_since("1d"), Ok(SinceMs(86_400_000)));
        for wrong in ["", "m", "10", "10 m", "-5m", "0s", "1w", "10µ", "99999999999999999d", "4000d"] {
            assert!(parse_since(wrong).is_err(), "{wrong}");
        }
    }
}
