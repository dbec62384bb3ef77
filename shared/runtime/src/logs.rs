//! Logs: one JSON line per entry, allow-listed fields, never a payload, never an address.

use tracing_subscriber::EnvFilter;

/// Starts logging as JSON, for Lambda: level from `LOG_LEVEL`, else `info`; the SDK's own chatter stays out. A panic is a
/// line too, with its place and without its message, which may quote what somebody sent.
pub fn start() {
    let level = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    let filter = filter(&level);
    // A second start in one process keeps the first.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(filter)
        .try_init();
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.location = place, "panicked");
    }));
}

/// Everything from the level on (in any case: the template writes it in capitals, as Lambda does), the SDK from `warn` on. That
/// the canary passed is always told: an alarm misses it.
fn filter(level: &str) -> EnvFilter {
    EnvFilter::try_new(format!("{level},aws=warn,hyper=warn,h2=warn,cart_mailer::canary=info"))
        .unwrap_or_else(|_| EnvFilter::new("info"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::filter::LevelFilter;

    #[test]
    fn a_level_counts_in_any_case_and_a_typo_is_info() {
        assert_eq!(filter("DEBUG").max_level_hint(), Some(LevelFilter::DEBUG));
        assert_eq!(filter("error").to_string().split(',').next_back(), Some("error"));
        assert_eq!(filter("lots=of=it").max_level_hint(), Some(LevelFilter::INFO));
    }
}
