//! Why: for the shop's own server, which may know what is known of a person. A page may not.

use beckon_domain::Timestamp;
use beckon_domain::key::WriteKeyKind;
use beckon_rules::{Person, Ruleset};
use beckon_wire::decisions::DecisionsResponse;
use beckon_wire::problem::{Fault, Problem};
use serde::Serialize;
use serde_json::Value;

/// Whether an explanation is given to whoever asks for one.
///
/// # Errors
/// 403 `explain.secret`: with a publishable key, which everybody can read in a page.
pub fn may_explain(asked: bool, kind: WriteKeyKind) -> Result<bool, Problem> {
    if asked && kind == WriteKeyKind::Publishable {
        let detail = "an explanation tells what is known of a person: ask for it with a secret key (sk_)";
        return Err(Problem::forbidden(detail).with(Fault::new(
            "/options/explain",
            "explain.secret",
            detail,
        )));
    }
    Ok(asked)
}

/// An explanation as the answer carries it.
pub fn value<T: Serialize>(explained: &T) -> Option<Value> {
    serde_json::to_value(explained).ok()
}

/// Adds what holds for the person whatever slot is asked.
pub fn of_person(response: &mut DecisionsResponse, ruleset: &Ruleset, person: &Person<'_>, now: Timestamp) {
    response.segments = value(&ruleset.explain_segments(person, now));
    response.acting = value(&ruleset.explain_acting(person, now));
}
