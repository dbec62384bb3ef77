//! How long a request may take, and what of that its parts may have.

use beckon_runtime::{Deadline, Timer};
use std::time::Duration;

/// How long a page waits at most, unless the deployment says otherwise: 45 ms that the SDK gives an operation (two attempts of
/// 20 ms), and 5 ms to decide.
pub const BUDGET_DEFAULT: Duration = Duration::from_millis(50);
/// Of the whole time, the share that reading may take; the rest is for deciding and for what is written beside the answer.
const READING_PERCENT: u32 = 80;

/// The instants of one request.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    /// Until when what is read is waited for.
    pub reads: Deadline,
    /// Until when anything is.
    pub whole: Deadline,
}

impl Times {
    /// The instants of a request that begins now. It may ask for less time than there is, never for more.
    pub(crate) fn begin(timer: &Timer, budget: Duration, asked_ms: Option<u64>) -> Self {
        let whole = asked_ms.map(Duration::from_millis).map_or(budget, |asked| asked.min(budget));
        Self { reads: timer.deadline(whole * READING_PERCENT / 100), whole: timer.deadline(whole) }
    }
}
