//! Logs: one JSON line per entry, allow-listed fields, never a payload, never an address.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging as JSON, for Lambda: level from `LOG_LEVEL`, else `info`; the SDK's own chatter stays out. A panic is a
/// line too, with its place and without its message, which may quote what somebody sent.
pub fn start() {
    let level = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    // A second start in one process keeps the first.
    let _ = tracing_subscriber::registry().with(filter(&level)).with(lines).try_init();
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.location = place, "panicked");
    }));
}

/// Everything from the level on (in any case: the template writes it in capitals, as Lambda does), the SDK from `warn` on. That
/// the canary passed is always told: an alarm misses it. By targets alone: a filter that knows spans and fields brings a library
/// of regular expressions along.
fn filter(level: &str) -> Targets {
    format!("{level},aws=warn,hyper=warn,h2=warn,cart_mailer::canary=info")
        .parse()
        .unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn a_level_counts_in_any_case_and_a_typo_is_info() {
        let tells = |level: &str, target: &str, of: Level| filter(level).would_enable(target, &of);
        assert!(tells("DEBUG", "profiler", Level::DEBUG) && !tells("DEBUG", "profiler", Level::TRACE));
        assert!(!tells("DEBUG", "aws_smithy_runtime::client", Level::INFO), "its chatter stays out");
        assert!(tells("ERROR", "cart_mailer::canary", Level::INFO), "an alarm misses it");
        assert!(!tells("error", "cart_mailer", Level::WARN));
        assert!(
            tells("lots=of=it", "profiler", Level::INFO) && !tells("lots=of=it", "profiler", Level::DEBUG)
        );
    }
}
