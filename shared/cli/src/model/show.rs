//! `beckon model show`: the card of what is live, and how the last trainings ended.

use super::Kind;
use super::place::Place;
use crate::error::CliError;
use crate::evaluate::propensity::told;
use beckon_store::tables::{LiveModel, ModelKind, ModelPlace, ModelStanding, ModelStore, TrainingRecord};
use beckon_wire::format_time;
use clap::Args;
use serde_json::{Value, json};
use trainer::propensity::Card;

/// Features that are shown, the weightiest first.
const FEATURES_SHOWN: usize = 15;

/// Arguments of `beckon model show`.
#[derive(Args, Debug, Default)]
pub(super) struct ShowArgs {
    /// Which kind of model
    #[arg(long, value_enum, default_value_t)]
    pub(super) kind: Kind,
    /// Show so many trainings, newest first
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(super) trainings: u32,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub(super) json: bool,
}

/// Shows.
pub(super) async fn run(args: ShowArgs, place: &Place) -> Result<(), CliError> {
    let kind = args.kind.stored();
    let unreadable = |e| CliError::caused(&format!("the models of {} cannot be read", place.name()), &e);
    let standing = place.tables().model_standing(kind).await.map_err(unreadable)?;
    let trainings = place.tables().trainings(kind, None, args.trainings.max(1)).await.map_err(unreadable)?;
    let trainings = &trainings[..trainings.len().min(args.trainings as usize)];
    if args.json {
        crate::say(format_args!("{:#}", document(kind, &standing, trainings)));
        return Ok(());
    }
    for line in lines(kind, &standing, trainings) {
        crate::say(line);
    }
    Ok(())
}

fn card(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// All of it as one document.
pub(super) fn document(kind: ModelKind, standing: &ModelStanding, trainings: &[TrainingRecord]) -> Value {
    let live = standing.live.as_ref().map(|live| {
        json!({
            "version": live.version,
            "madeAt": format_time(live.made_at),
            "judgedAt": format_time(live.judged_at),
            "bytes": size(live),
            "card": card(&live.card),
        })
    });
    let training = |record: &TrainingRecord| {
        json!({
            "number": record.number,
            "at": format_time(record.at),
            "end": record.end.name(),
            "from": record.from,
            "made": record.made,
            "who": record.who,
            "reason": record.reason,
            "card": card(&record.card),
        })
    };
    json!({
        "kind": kind.name(),
        "live": live,
        "trainings": trainings.iter().map(training).collect::<Vec<_>>(),
    })
}

fn size(live: &LiveModel) -> u64 {
    match &live.place {
        ModelPlace::Inline(bytes) => bytes.len() as u64,
        ModelPlace::Object { bytes, .. } => *bytes,
    }
}

/// All of it as lines.
pub(super) fn lines(kind: ModelKind, standing: &ModelStanding, trainings: &[TrainingRecord]) -> Vec<String> {
    let mut lines = Vec::new();
    match &standing.live {
        None => lines.push(format!("no {} model is live yet: beckon model train", kind.name())),
        Some(live) => {
            lines.push(format!("live         {} {}, {} bytes", kind.name(), live.version, size(live)));
            lines.push(format!(
                "made         {}, last confirmed {}",
                format_time(live.made_at),
                format_time(live.judged_at)
            ));
            let worth =
                || serde_json::from_str::<trainer::worth::Card>(&live.card).map(|card| of_worth(&card));
            match serde_json::from_str::<Card>(&live.card).map(|card| of_card(&card)).or_else(|_| worth()) {
                Ok(card) => lines.extend(card),
                // Another kind of model, or another release's card: as it is.
                Err(_) => lines.push(format!("{:#}", card(&live.card))),
            }
        }
    }
    for record in trainings {
        lines.push(format!(
            "training {:<4}{} {} by {}: {}",
            record.number,
            format_time(record.at),
            record.end.name(),
            record.who,
            record.reason
        ));
    }
    lines
}

fn of_worth(card: &trainer::worth::Card) -> Vec<String> {
    let mut lines =
        vec![format!("says         {}", card.says), format!("learned from {} to {}", card.from, card.until)];
    for slot in &card.slots {
        let why = slot.nothing_learned.as_ref().map_or_else(String::new, |why| format!(": nothing, {why}"));
        lines.push(format!("slot         {}{why}", slot.slot));
        for one in &slot.strategies {
            let factor = one.factor.map_or_else(|| "  -  ".to_owned(), |factor| format!("{factor:.3}"));
            let outcomes = one.outcomes;
            lines.push(format!(
                "             {factor}  {} ({} seen, {} clicked, {} ordered from)",
                one.strategy, outcomes.views, outcomes.clicks, outcomes.conversions
            ));
        }
    }
    lines
}

fn of_card(card: &Card) -> Vec<String> {
    let data = &card.data;
    let mut lines = vec![
        format!("says         {}", card.says),
        format!(
            "learned from {} to {}: {} people, {} examples, {} bought",
            data.from, data.until, data.people, data.examples, data.bought
        ),
        format!(
            "             {} examples trained on, the ones from {} on judged by",
            data.trained_on, data.newest_from
        ),
    ];
    if data.people_per_thousand < 1_000 {
        lines.push(format!("             {} of each 1000 people were drawn", data.people_per_thousand));
    }
    if data.is_cut {
        lines.push("             older events were left out: there were too many".to_owned());
    }
    lines.push(format!("chosen       penalty {}, by cross-validation in the order of time", card.penalty));
    if let Some(line) = &card.corrected {
        lines.push(format!(
            "corrected    log-odds times {:.3}, plus {:.3}",
            line.slope.value, line.intercept.value
        ));
    }
    lines.extend(told(&card.measured, card.constant_log_loss).lines().map(str::to_owned));
    lines.push(format!("because      {}", card.verdict));
    lines.push("weights      of one standard deviation, in log-odds; the weightiest first".to_owned());
    let shown = card.features.iter().filter(|feature| feature.weight != 0.0).take(FEATURES_SHOWN);
    lines.extend(shown.map(|feature| format!("             {:>+7.3}  {}", feature.weight, feature.name)));
    let rest = card.features.len().saturating_sub(FEATURES_SHOWN);
    if rest > 0 {
        lines.push(format!("             and {rest} more: --json"));
    }
    lines
}
