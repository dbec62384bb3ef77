//! Logs: one JSON line per entry, allow-listed fields, never a payload, never an address.

use tracing_subscriber::EnvFilter;

/// Starts logging as JSON, for Lambda: level from `LOG_LEVEL`, else `info`; the SDK's own chatter stays out.
pub fn start() {
    let level = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(format!("{level},aws=warn,hyper=warn,h2=warn"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start in one process keeps the first.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(filter)
        .try_init();
}
