//! The functions, what each is invoked with, and the environment that all of them find.

/// A function, and what its one invocation is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    pub name: &'static str,
    pub payload: &'static str,
}

/// A request that needs a key and has none: a sample that works would be a secret's.
const STRANGER: &str = r#"{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{"host":"api.example"},
"requestContext":{"accountId":"000000000000","apiId":"sample","domainName":"api.example","domainPrefix":"api",
"http":{"method":"GET","path":"/","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"bench"},
"requestId":"sample","routeKey":"$default","stage":"$default","time":"22/Nov/2025:08:26:44 +0000","timeEpoch":1763800004000},
"isBase64Encoded":false}"#;

macro_rules! sample {
    ($path:literal) => {
        include_str!(concat!("../../../../../events/", $path))
    };
}

pub(super) const FUNCTIONS: [Function; 9] = [
    Function { name: "collector", payload: sample!("api/batch.json") },
    Function { name: "decisions", payload: sample!("api/decisions.json") },
    Function { name: "preferences", payload: STRANGER },
    Function { name: "admin", payload: STRANGER },
    Function { name: "profiler", payload: sample!("kinesis/visitor-browses.json") },
    // Lines that are no signals: it keeps them as failed.
    Function { name: "trends", payload: sample!("kinesis/visitor-browses.json") },
    Function { name: "cart-mailer", payload: sample!("schedule/cart-mailer.json") },
    Function { name: "mail-feedback", payload: sample!("mail/bounced.json") },
    Function { name: "trainer", payload: sample!("schedule/reconcile.json") },
];

/// The function that does nothing.
pub(super) const EMPTY: Function = Function { name: "examples/empty", payload: "{}" };

/// What all of them find in their environment, beside addresses: each takes what it needs.
pub(super) const VARIABLES: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("ALLOWED_ORIGINS", "*"),
    ("ARCHIVE_BUCKET", "archive"),
    ("AUDIT_TABLE", "audit"),
    ("CATALOG_TABLE", "catalog"),
    ("CONFIG_TABLE", "config"),
    ("CONFIGURATION_SET", "mails"),
    ("CONSENT_DEFAULT", "analytics,personalization"),
    ("CONTACT_TABLE", "contact"),
    ("CURRENCY", "EUR"),
    ("DECISION_BUDGET_MS", "50"),
    ("DECISION_LOG_DAYS", "7"),
    ("DECISION_LOG_PERCENT", "100"),
    ("DECISION_TABLE", "decision"),
    ("ERASURE_DAYS", "30"),
    ("EVENT_BUS", "bus"),
    ("EVENT_STREAM", "events"),
    ("EXPERIMENT_TABLE", "experiment"),
    ("FAILED_BUCKET", "failed"),
    ("KEY_EVENTS_PER_SECOND", "1000"),
    ("LOG_LEVEL", "INFO"),
    ("METRICS_NAMESPACE", "Beckon/bench"),
    ("MODEL_BUCKET", "model"),
    ("OUTREACH_TABLE", "outreach"),
    ("PAGE_PURCHASES", "counted"),
    ("PROFILE_TABLE", "profile"),
    ("PUBLIC_URL", "https://api.example"),
    ("RECORD_AGE_MAX_SECONDS", "21600"),
    ("SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:000000000000:secret:bench"),
    ("SENDER", "reminders@shop.example"),
    ("SESSION_INDEX", "ENABLED"),
    ("SIGNAL_STREAM", "signals"),
    ("STREAM_EPOCH", "events"),
    ("SWEPT_BUCKET", "swept"),
    ("TRAINING_DAYS", "30"),
    ("VISITOR_EVENTS_PER_SECOND", "50"),
];
