//! What a replay is told beyond the file and its format.

use super::ReplayArgs;
use super::disorder::Disorder;
use crate::error::CliError;
use beckon_domain::DurationMs;
use clap::Args;
use std::path::PathBuf;

/// `beckon replay` as it is typed.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon replay target/beckon/archive
  beckon replay s3://my-archive/events/2026/11/ --anew --rules my-shop.yaml
  beckon replay day.csv.gz --format rees46
  beckon replay history.jsonl --format segment-jsonl --rules my-shop.yaml --json
  beckon replay day.csv.gz --format taobao --batch-sizes 100,1000,10000
  beckon replay day.csv.gz --format taobao --flush-curve
  beckon replay day.csv.gz --format taobao --delay 30m --episodes episodes.jsonl

Of a file, every user gets a consenting synthetic contact, row numbers are event ids, and time is the file's: a reminder is
due when the ruleset's delay has passed between two rows. The lines of an archive are put as they came, into the same
profiles: what is known at the end is what was known then, by the rules of then (--rules).")]
pub struct ReplayCommand {
    #[command(flatten)]
    pub(super) args: ReplayArgs,
    /// What else it does.
    #[command(flatten)]
    pub(super) options: ReplayOptions,
}

/// What a replay does beside replaying.
#[derive(Args, Clone, Debug, Default)]
pub struct ReplayOptions {
    /// Deliver after so many rows, once for each number, and compare what the tables cost
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', conflicts_with_all = ["episodes", "shuffle_batches"],
          value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub batch_sizes: Vec<u64>,
    /// Measure what fresher recommendations cost: write units by how long the trends wait, at several paces
    #[arg(long, conflicts_with_all = ["batch_sizes", "episodes", "duplicates", "shuffle_batches"])]
    pub flush_curve: bool,
    /// Where the curve is drawn
    #[arg(long, value_name = "FILE", default_value = "target/beckon/replay/flush-curve.svg")]
    pub plot: PathBuf,
    /// Remind after this time instead of by a ruleset: 15m, 30m, 24h
    #[arg(long, value_name = "TIME", value_parser = delay, conflicts_with = "rules")]
    pub delay: Option<DurationMs>,
    /// Make product ids at least this long, to measure the profiles of a shop with such ids
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..=100))]
    pub id_bytes: Option<u64>,
    /// Write every cart that was left, and every profile's sessions and cart, to this file: a JSON object a line
    #[arg(long, value_name = "FILE")]
    pub episodes: Option<PathBuf>,
    /// Tell so many of a hundred events again, a little later, with the same id
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=100))]
    pub duplicates: u64,
    /// Let requests and deliveries end anywhere
    #[arg(long)]
    pub shuffle_batches: bool,
    /// Of an archive, replay only what was sent; merges and reminders are made anew, reminders to synthetic contacts
    #[arg(long)]
    pub anew: bool,
    /// An AWS emulator in which the archive's bucket is
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Region of the archive's bucket [default: that of your AWS configuration; us-east-1 on an emulator]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// What decides --duplicates and --shuffle-batches
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

impl ReplayOptions {
    /// Options that say something of an archive are none of a file of rows.
    pub(super) fn refuse_of_archives(&self) -> Result<(), CliError> {
        let archives_only = [
            ("--anew", self.anew),
            ("--endpoint-url", self.endpoint_url.is_some()),
            ("--region", self.region.is_some()),
        ];
        match archives_only.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(CliError::usage(format!(
                "{option} is for archives; a file of rows needs none: leave it out"
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn disorder(&self) -> Disorder {
        Disorder {
            duplicates_percent: self.duplicates,
            shuffle_batches: self.shuffle_batches,
            seed: self.seed,
        }
    }
}

/// A length of time, as it is typed.
pub(crate) fn delay(text: &str) -> Result<DurationMs, String> {
    let delay = DurationMs::parse(text).filter(|delay| *delay > DurationMs::ZERO);
    delay.ok_or_else(|| "expected a whole number and s, m, h or d, such as 30m".to_owned())
}

/// A ruleset of one rule: remind when a cart was left for so long.
pub(super) fn ruleset(delay: DurationMs) -> String {
    format!(
        "version: 1\nname: Replay\ncurrency: EUR\nrules:\n  - id: cart-left\n    when:\n      all:\n        \
         - event: Product Added\n        - not: {{ event: Order Completed, within: {delay} }}\n    \
         then: {{ send: cart-reminder, quiet_hours: false, frequency_cap: false, reentry: 0s, holdout: 0 }}\n"
    )
}

/// The ruleset's text, and where it is from.
pub(super) fn ruleset_of(args: &ReplayArgs, options: &ReplayOptions) -> Result<(String, String), CliError> {
    match (&args.rules, options.delay) {
        (None, None) => Ok((beckon_rules::SAMPLE.to_owned(), "the sample".to_owned())),
        (None, Some(delay)) => Ok((ruleset(delay), "the ruleset of --delay".to_owned())),
        (Some(file), _) => {
            let text = std::fs::read_to_string(file).map_err(|e| {
                CliError::usage(format!("the ruleset {} cannot be read: {e}", file.display()))
            })?;
            Ok((text, file.display().to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ruleset_of_a_delay_reminds_after_it() {
        for text in ["90s", "15m", "24h", "2d"] {
            let delay = delay(text).unwrap();
            let rules = beckon_rules::Ruleset::parse(&ruleset(delay)).unwrap();
            assert_eq!(rules.policy().cart_idle(), Some(delay));
        }
        assert!(delay("0m").is_err() && delay("soon").is_err());
    }
}
