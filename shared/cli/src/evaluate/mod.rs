//! `beckon evaluate`: how good recommendations are, layer by layer, by the next item of recorded sessions; and how well it
//! is predicted who will buy.
//!
//! [`next_item`] asks the layers: [`ranker`] is what a layer must be, [`layers`] the list of them; `formats` reads files,
//! `pairs` makes questions of them, `measure` asks, [`metrics`] counts, `report` and `text` say it, `plots` draws it.
//! [`propensity`] is the other question.

mod blend;
mod formats;
mod fresh;
pub mod items;
pub mod layers;
mod measure;
pub mod metrics;
pub mod next_item;
mod pairs;
mod plots;
mod popularity;
pub mod propensity;
pub mod ranker;
pub mod report;
mod snapshot;
mod text;
mod vmis;

use crate::error::CliError;
use clap::Args;
use next_item::NextItemArgs;
use propensity::PropensityArgs;

/// Arguments of `beckon evaluate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  beckon evaluate --train train.txt.gz --test test.tsv.gz
  beckon evaluate --train train.txt.gz --validate --layers vmis    to tune: the test file is for the end
  beckon evaluate --train views.csv --validate --sample 2000       a quick look
  beckon evaluate --propensity taobao --data behaviour.csv.gz      how well it is predicted who will buy
  beckon evaluate --propensity uci --data sessions.csv --without PageValues,Month

A file is a session a line; prefix<TAB>target (to test with); SessionId/ItemId/Time with tabs; or what `beckon replay`
reads of Taobao and REES46. Its first line tells; .gz is read as it is. Every layer is asked for the next item of every
pair; what was seen may be recommended again.

Times need a release build: cargo run --release --package beckon-cli --bin beckon -- evaluate …")]
pub struct EvaluateArgs {
    /// What is asked of recommendations
    #[command(flatten)]
    pub next_item: NextItemArgs,
    /// What is predicted, where that is evaluated
    #[command(flatten)]
    pub prediction: PropensityArgs,
}

/// Evaluates, and prints what was found.
///
/// # Errors
/// When a file cannot be used, a layer is not known, or one ranks what it must not.
pub fn run(args: &EvaluateArgs) -> Result<(), CliError> {
    let next_item = &args.next_item;
    match args.prediction.propensity {
        Some(_) if next_item.train.is_some() || next_item.test.is_some() => {
            Err(CliError::usage("--propensity takes one file, with --data, and neither --train nor --test"))
        }
        Some(task) => {
            let how = (next_item.validate, next_item.plots.as_path(), next_item.json);
            propensity::run(task, &args.prediction, how)
        }
        None => next_item::run(next_item),
    }
}
