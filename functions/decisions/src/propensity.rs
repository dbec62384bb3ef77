//! How likely the person is to buy, for rules; and for the shop's own server where it asks.

use crate::person::Known;
use beckon_domain::key::WriteKeyKind;
use beckon_domain::{Policy, Timestamp};
use beckon_store::propensity::Predictor;
use beckon_wire::decisions::{DecisionsResponse, PropensityAnswer};
use beckon_wire::problem::{Fault, Problem};

/// Whether the number is told to whoever asks for it.
///
/// # Errors
/// 403 `propensity.secret`: with a publishable key, which everybody can read in a page.
pub fn may_tell(asked: bool, kind: WriteKeyKind) -> Result<bool, Problem> {
    if asked && kind == WriteKeyKind::Publishable {
        let detail = "a propensity is what is thought of a person: ask for it with a secret key (sk_)";
        return Err(Problem::forbidden(detail).with(Fault::new(
            "/options/propensity",
            "propensity.secret",
            detail,
        )));
    }
    Ok(asked)
}

/// Asks the model, if there is one, about a person of whom something is known.
pub fn predict(known: &mut Known, predictor: Option<&Predictor>, now: Timestamp, policy: &Policy) {
    known.propensity = predictor.map(|predictor| predictor.score(&known.profile, now, policy));
}

/// Adds the number to the answer; nothing where nobody or no model is known.
pub fn tell(response: &mut DecisionsResponse, known: Option<&Known>, predictor: Option<&Predictor>) {
    let score = known.and_then(|known| known.propensity);
    response.propensity = score
        .zip(predictor)
        .map(|(score, predictor)| PropensityAnswer { score, model_version: predictor.version().to_owned() });
}
