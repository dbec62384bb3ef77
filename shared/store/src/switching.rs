//! How the switch of sending is turned, by a person or by the brake.

use crate::error::{ErrorKind, StoreError};
use crate::tables::{Save, Sending, SwitchAction, SwitchChange, SwitchStore};
use beckon_domain::Timestamp;
use beckon_domain::reputation::Figures;

/// A turn of the switch that somebody asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turn {
    /// Unique id: tells one's own write, whose answer got lost, from somebody else's.
    pub id: String,
    /// What.
    pub action: SwitchAction,
    /// Who: the source of a key, or the brake.
    pub who: String,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What the window showed.
    pub figures: Figures,
}

/// What became of a turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Turned {
    /// It was made.
    Changed(SwitchChange),
    /// The switch was in that position already.
    Already(Sending),
    /// Somebody else turned it in between: look again.
    Overtaken,
}

/// Turns the switch, given how it was read a moment ago. A resume begins the counting anew.
///
/// # Errors
/// When a table fails and nobody can say whether it was done.
pub async fn turn<T: SwitchStore>(
    tables: &T,
    before: Sending,
    turn: Turn,
    now: Timestamp,
) -> Result<Turned, StoreError> {
    if before.is_paused() == (turn.action == SwitchAction::Pause) {
        return Ok(Turned::Already(before));
    }
    let counting_since = match turn.action {
        SwitchAction::Pause => before.counting_since(),
        SwitchAction::Resume => now,
    };
    let Turn { id, action, who, by, reason, figures } = turn;
    let number = before.number() + 1;
    let change = SwitchChange { number, id, at: now, action, who, by, reason, figures, counting_since };
    let error = match tables.change_sending(&change).await {
        Ok(Save::Saved) => return Ok(Turned::Changed(change)),
        Ok(Save::Conflict) => None,
        Err(error) if error.kind == ErrorKind::Ambiguous => Some(error),
        Err(error) => return Err(error),
    };
    // Was it we, after an answer that got lost, or somebody else?
    let latest = tables.sending().await?;
    match (latest.number() >= number, error) {
        (true, _) if latest.latest.as_ref().is_some_and(|l| l.id == change.id) => Ok(Turned::Changed(change)),
        (false, Some(error)) => Err(error),
        _ => Ok(Turned::Overtaken),
    }
}
