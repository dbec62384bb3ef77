//! Steps of what the functions tell of this run: log lines and metrics arrive where somebody looks for them.

use super::until::until;
use super::world::World;
use crate::cloud::logs::{Function, read};
use crate::cloud::target::Target;
use crate::error::CliError;
use crate::smoke::Steps;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};
use beckon_domain::DurationMs;
use beckon_runtime::metrics::{Metric, VALUES_MAX};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What each function must have told by the end of a run: a line of its log, and its metrics.
const EXPECTED: [(Function, &str, &[Metric]); 7] = [
    (
        Function::Collector,
        "request collected",
        &[Metric::EventsAccepted, Metric::EventsRejected, Metric::RequestsRefused],
    ),
    (
        Function::Profiler,
        "batch applied",
        &[Metric::BatchLines, Metric::EventsApplied, Metric::EventsFailed, Metric::EventLatency],
    ),
    (Function::Trends, "batch of signals counted", &[Metric::SignalLines]),
    (Function::Decisions, "", &[Metric::Decisions, Metric::DecisionLatency]),
    (Function::CartMailer, "what was due is settled", &[Metric::MailsSent]),
    (Function::MailFeedback, "", &[Metric::MailEvents, Metric::Suppressions]),
    (Function::Preferences, "contact unsubscribed", &[]),
];
/// How far this machine's clock may be ahead of that of the logs.
const CLOCKS_APART_MAX: DurationMs = DurationMs::from_minutes(2);
/// Seconds of a period of CloudWatch.
const PERIOD_SECONDS: i32 = 60;

/// What the lines of a log tell.
#[derive(Default, PartialEq, Debug)]
struct Told {
    /// Messages of structured lines: those with a time, a level and a message.
    messages: BTreeSet<String>,
    /// Metrics of lines in the embedded format, with how many values of each there are.
    metrics: BTreeMap<String, usize>,
}

impl Told {
    /// Takes a line. What is neither is nobody's, such as what Lambda itself writes.
    fn take(&mut self, line: &str, namespace: &str) {
        let Ok(line) = serde_json::from_str::<Value>(line.trim_end()) else { return };
        if let Some(message) = line["message"].as_str()
            && line["level"].is_string()
            && line["timestamp"].is_string()
        {
            self.messages.insert(message.to_owned());
        }
        for told in line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten() {
            let has_place = told["Namespace"] == namespace && line["Function"].is_string();
            for metric in told["Metrics"].as_array().into_iter().flatten().filter(|_| has_place) {
                let name = metric["Name"].as_str().unwrap_or_default();
                let count = match &line[name] {
                    Value::Number(_) => 1,
                    Value::Array(values) => values.len().min(VALUES_MAX),
                    _ => 0,
                };
                *self.metrics.entry(name.to_owned()).or_default() += count;
            }
        }
    }

    /// What of these is missing.
    fn missing(&self, message: &str, metrics: &[Metric]) -> (Vec<String>, Vec<String>) {
        let is_missing = !message.is_empty() && !self.messages.contains(message);
        let without = |metric: &&Metric| self.metrics.get(metric.name()).is_none_or(|count| *count == 0);
        let metrics = metrics.iter().filter(without).map(|metric| metric.name().to_owned()).collect();
        (is_missing.then(|| message.to_owned()).into_iter().collect(), metrics)
    }
}

/// What is there, and what is missing, of all functions.
#[derive(Default)]
struct Arrived {
    line_count: usize,
    value_count: usize,
    metric_count: usize,
    missing_lines: Vec<String>,
    missing_metrics: Vec<String>,
}

/// Logs and metrics of this run.
pub(super) async fn arrive(steps: &mut Steps, world: &World, target: &Target) -> Result<(), CliError> {
    let is_all = |arrived: &Arrived| arrived.missing_lines.is_empty() && arrived.missing_metrics.is_empty();
    let seen = until(async || arrived(world, target).await, is_all).await?;
    let Arrived { line_count, value_count, metric_count, missing_lines, missing_metrics } = &seen.value;
    let lines = match missing_lines.is_empty() {
        true => format!("{line_count} structured lines of {} functions, {}", EXPECTED.len(), seen.after()),
        false => format!("missing: {}", missing_lines.join(", ")),
    };
    steps.step("what functions log arrives in their log groups", missing_lines.is_empty(), lines);
    let metrics = match missing_metrics.is_empty() {
        true => format!("{value_count} values of {metric_count} metrics, in the embedded format"),
        false => format!("missing: {}", missing_metrics.join(", ")),
    };
    steps.step("what functions measure arrives there too", missing_metrics.is_empty(), metrics);
    cloudwatch(steps, world, &namespace(target)).await
}

async fn arrived(world: &World, target: &Target) -> Result<Arrived, CliError> {
    let client = aws_sdk_cloudwatchlogs::Client::new(&world.sdk);
    let namespace = namespace(target);
    let since_ms = (world.began - CLOCKS_APART_MAX).as_ms();
    let mut arrived = Arrived::default();
    for (function, message, metrics) in EXPECTED {
        let mut told = Told::default();
        let logged = read(&client, target, &world.deployed, function, since_ms).await?;
        logged.entries.iter().for_each(|entry| told.take(&entry.message, &namespace));
        let (missing_lines, missing_metrics) = told.missing(message, metrics);
        let of = |what: String| format!("{} of {}", what, function.names().0);
        arrived.missing_lines.extend(missing_lines.into_iter().map(of));
        arrived.missing_metrics.extend(missing_metrics.into_iter().map(of));
        arrived.line_count += told.messages.len();
        arrived.metric_count += told.metrics.len();
        arrived.value_count += told.metrics.values().sum::<usize>();
    }
    Ok(arrived)
}

/// Where the functions of a stack put their metrics, as template.yaml says it.
fn namespace(target: &Target) -> String {
    format!("Beckon/{}", target.stack_name)
}

/// CloudWatch makes metrics of the lines; an emulator may leave that, and then counts invocations at least.
async fn cloudwatch(steps: &mut Steps, world: &World, own: &str) -> Result<(), CliError> {
    const NAME: &str = "CloudWatch has metrics of this run";
    let of_function = ("Function", Function::Collector.names().0);
    let accepted = async || sum(world, own, Metric::EventsAccepted.name(), of_function).await;
    if !world.is_emulated() {
        let seen = until(accepted, |count| *count > 0.0).await?;
        let seen_text = format!("{own}: {} EventsAccepted, {}", seen.value, seen.after());
        steps.step(NAME, seen.held, seen_text);
        return Ok(());
    }
    let accepted = accepted().await?;
    // MiniStack counts calls of Lambda's own API, as the mapping driver makes them, and not those of its gateway.
    let by_name = ("FunctionName", world.deployed.physical("ProfilerFunction")?);
    let invocations = sum(world, "AWS/Lambda", "Invocations", by_name).await?;
    let embedded = match accepted > 0.0 {
        true => format!("{own}: {accepted} EventsAccepted"),
        false => "lines of the embedded format become no metrics: not supported by the emulator".to_owned(),
    };
    let seen = format!("AWS/Lambda: {invocations} Invocations of the profiler; {embedded}");
    steps.step(NAME, invocations > 0.0, seen);
    Ok(())
}

/// The sum of a metric since this run began.
async fn sum(
    world: &World,
    namespace: &str,
    name: &str,
    (dimension, value): (&str, &str),
) -> Result<f64, CliError> {
    let seconds = |at: beckon_domain::Timestamp| DateTime::from_secs(at.as_ms().div_euclid(1_000));
    let client = aws_sdk_cloudwatch::Client::new(&world.sdk);
    let answer = client
        .get_metric_statistics()
        .namespace(namespace)
        .metric_name(name)
        .dimensions(Dimension::builder().name(dimension).value(value).build())
        .start_time(seconds(world.began - CLOCKS_APART_MAX))
        .end_time(seconds(world.clock.now() + CLOCKS_APART_MAX))
        .period(PERIOD_SECONDS)
        .statistics(Statistic::Sum)
        .send()
        .await
        .map_err(|e| CliError::caused("CloudWatch's metrics could not be read", &e))?;
    Ok(answer.datapoints().iter().filter_map(|point| point.sum()).fold(0.0, |all, one| all + one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::Timestamp;
    use beckon_runtime::metrics::{self, Measures, lines};

    fn told(namespace: &str, text: &str) -> Told {
        let mut told = Told::default();
        text.lines().for_each(|line| told.take(line, namespace));
        told
    }

    #[test]
    fn lines_of_the_embedded_format_are_read_as_functions_write_them() {
        let mut measures = Measures::of(metrics::Function::Profiler);
        measures.add_by(Metric::EventsFailed, "undecodable", 2);
        measures.value(Metric::EventLatency, 3);
        measures.value(Metric::EventLatency, 5);
        let text = lines(&measures, "Beckon/shop", Timestamp::from_ms(1_763_800_000_000));
        let found = told("Beckon/shop", &text);
        assert_eq!(found.metrics, BTreeMap::from([("EventLatency".into(), 2), ("EventsFailed".into(), 2)]));
        let expected = [Metric::EventsFailed, Metric::EventLatency, Metric::BatchLines];
        assert_eq!(found.missing("", &expected).1, ["BatchLines"]);
        assert_eq!(told("Beckon/other", &text), Told::default(), "another stack's");
    }

    #[test]
    fn a_line_without_a_level_and_what_lambda_writes_are_no_structured_lines() {
        let text = "START RequestId: 1\n{\"message\":\"a\",\"level\":\"INFO\"}\n\
            {\"timestamp\":\"2026-11-22T08:00:00Z\",\"message\":\"batch applied\",\"level\":\"INFO\"}\n";
        let found = told("Beckon/shop", text);
        assert_eq!(found.messages, BTreeSet::from(["batch applied".to_owned()]));
        assert_eq!(found.missing("batch applied", &[]), (vec![], vec![]));
        assert_eq!(found.missing("request collected", &[]).0, ["request collected"]);
    }

    #[test]
    fn each_metric_that_is_expected_is_told_by_its_function() {
        for (function, _, metrics) in EXPECTED {
            for metric in metrics {
                assert_eq!(metric.function().name(), function.names().0, "{}", metric.name());
            }
        }
    }
}
