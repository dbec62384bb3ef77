//! The propensity model: examples from the history, a model from the examples, and a verdict on it.

mod card;
mod fit;
mod gate;
mod learn;

pub use card::{Card, Champion, Data, Validated, Weighed, validated, weighed};
pub use fit::{FitError, fit};
pub use gate::{Contest, NEWEST_ORDERS_MIN, ORDERS_MIN, Verdict, judge};
pub use learn::{FOLD_COUNT, Learned, PENALTIES, Tried, learn, outcomes};

use crate::history::{History, Person};
use beckon_domain::fold::{Item, fold_into};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::reaction::NoRules;
use beckon_domain::{Policy, Profile, Timestamp};
use beckon_recommend::propensity::features::NAMES;
use beckon_recommend::propensity::metrics::{Measured, Outcome, log_loss};
use beckon_recommend::propensity::{Example, Model, SessionExample, SessionLabels};
use beckon_store::models::model_version;
use beckon_wire::format_time;

/// After how many events of a session the trainer takes an example: early, in the middle, and late.
pub const DEPTHS: [u32; 3] = [1, 3, 8];

/// The examples of one person, by the fold that makes profiles.
#[must_use]
pub fn examples_of(person: &Person, depths: &[u32], policy: &Policy) -> Vec<SessionExample> {
    let (mut profile, mut labels, mut found) = (Profile::default(), SessionLabels::default(), Vec::new());
    let shard = ShardKey::new("trainer", "0");
    for (number, event) in (1_u64..).zip(&person.events) {
        let Some(sequence) = SequenceNumber::parse(&number.to_string()) else { continue };
        let position = Position { shard: shard.clone(), sequence, offset: 0 };
        let item = Item { position, internal: false, event: event.clone() };
        let settled = fold_into(&mut profile, &person.key, std::slice::from_ref(&item), policy, &NoRules);
        if !settled.applied.is_empty() {
            found.append(&mut labels.observe(&profile, event, depths, policy));
        }
    }
    found.append(&mut labels.finish());
    found
}

/// The examples of everybody, in the order of time.
#[must_use]
pub fn examples(history: &History, depths: &[u32], policy: &Policy) -> Vec<Example> {
    let of = |person| examples_of(person, depths, policy);
    let mut found: Vec<Example> = history.people.iter().flat_map(of).map(|settled| settled.example).collect();
    // People come by their keys: examples of one instant keep that order.
    found.sort_by_key(|example| example.at);
    found
}

/// The model that is live, as far as it can be used.
#[derive(Clone, Debug)]
pub struct Live {
    /// Its version.
    pub version: String,
    /// The model; `None` when what is stored is none that this release can use.
    pub model: Option<Model>,
}

/// What a training made.
#[derive(Clone, PartialEq, Debug)]
pub struct Made {
    /// The stored form of the model.
    pub bytes: Vec<u8>,
    /// Its card, the verdict in it.
    pub card: Card,
    /// Whether it is to become live.
    pub verdict: Verdict,
}

/// What a training comes to: a model with a verdict, or why there is none.
///
/// The newest sixth of the examples is not learned from. On it the new model is measured, and what is live beside it; what
/// is published is what was measured, so that no card flatters its model, and the next champion has not seen the sessions
/// that it will be judged by.
///
/// # Errors
/// When the optimiser gives up.
pub fn train(
    history: &History,
    live: Option<&Live>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Result<Made, String>, FitError> {
    let all = examples(history, &DEPTHS, policy);
    let all: Vec<&Example> = all.iter().collect();
    let (older, newest) = all.split_at(all.len() - all.len() / FOLD_COUNT);
    let orders = older.iter().filter(|example| example.bought).count();
    if orders < ORDERS_MIN {
        return Ok(Err(format!(
            "{} sessions were read to learn from and {orders} of them have an order; {ORDERS_MIN} are needed",
            older.len()
        )));
    }
    let learned = match learn(&NAMES, older) {
        Err(FitError::OneSided) => return Ok(Err("the first sessions all ended alike".to_owned())),
        learned => learned?,
    };
    let bytes = learned.model.pack().map_err(|e| FitError::NoForm(e.to_string()))?;
    let measured = Measured::of(&outcomes(&learned.model, newest));
    let share = orders as f64 / older.len() as f64;
    let constant: Vec<Outcome> =
        newest.iter().map(|example| Outcome { score: share, happened: example.bought }).collect();
    let constant_log_loss = log_loss(&constant).value;
    let champion = live.and_then(|live| {
        let measured = Measured::of(&outcomes(live.model.as_ref()?, newest));
        Some(Champion { version: live.version.clone(), measured })
    });
    let version = model_version(&bytes);
    let verdict = if live.is_some_and(|live| live.version == version) {
        Verdict { is_published: false, reason: "it is what is live already".to_owned() }
    } else {
        let champion = champion.as_ref().map(|champion| &champion.measured);
        judge(Contest { challenger: &measured, champion, constant_log_loss })
    };
    let time = |example: Option<&&Example>| example.map(|e| format_time(e.at)).unwrap_or_default();
    let data = Data {
        from: time(all.first()),
        until: time(all.last()),
        newest_from: time(newest.first()),
        people: history.people.len(),
        examples: all.len(),
        bought: all.iter().filter(|example| example.bought).count(),
        trained_on: older.len(),
        depths: DEPTHS.to_vec(),
        objects: history.object_count,
        lines: history.line_count,
        people_per_thousand: history.people_per_thousand,
        is_cut: history.is_cut,
    };
    let card = Card {
        version,
        made_at: format_time(now),
        says: "how likely the person is to buy in what is left of the session".to_owned(),
        data,
        penalty: learned.penalty,
        tried: validated(&learned),
        corrected: learned.corrected,
        intercept: learned.model.intercept(),
        features: weighed(&learned),
        measured,
        constant_log_loss,
        champion,
        verdict: verdict.reason.clone(),
    };
    Ok(Ok(Made { bytes, card, verdict }))
}
