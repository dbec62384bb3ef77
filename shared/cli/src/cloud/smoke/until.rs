//! Waiting for what the stream will bring, with an end.

use crate::error::CliError;
use std::time::{Duration, Instant};

/// How long a step waits for what it expects.
const DEADLINE: Duration = Duration::from_secs(60);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// What was seen, and after how long.
pub(super) struct Seen<T> {
    pub(super) value: T,
    pub(super) held: bool,
    elapsed: Duration,
}

impl<T> Seen<T> {
    /// How long it took, for people.
    pub(super) fn after(&self) -> String {
        let verb = if self.held { "after" } else { "not within" };
        format!("{verb} {:.1} s", self.elapsed.as_secs_f64())
    }
}

/// Looks again and again until it is enough, or a minute has passed.
pub(super) async fn until<T>(
    look: impl AsyncFn() -> Result<T, CliError>,
    enough: impl Fn(&T) -> bool,
) -> Result<Seen<T>, CliError> {
    let began = Instant::now();
    loop {
        let value = look().await?;
        let (held, elapsed) = (enough(&value), began.elapsed());
        if held || elapsed >= DEADLINE {
            return Ok(Seen { value, held, elapsed });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
