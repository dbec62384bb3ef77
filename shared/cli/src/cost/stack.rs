//! What template.yaml says that costs or limits something. A test holds each of these against the file.

/// Megabytes that come with a whole core.
pub(crate) const CORE_MB: f64 = 1_769.0;
/// Memory of collector, cart mailer and mail feedback, in megabytes.
pub(crate) const SMALL_MB: f64 = 256.0;
/// Memory of profiler, trends and decisions, in megabytes.
pub(crate) const STREAM_MB: f64 = 512.0;
/// Memory of the trainer, in megabytes.
pub(crate) const TRAINER_MB: f64 = 1_769.0;
/// Seconds that a training may take.
pub(crate) const TRAINER_SECONDS: f64 = 900.0;
/// Records of a batch of the profiler at most.
pub(crate) const BATCH_SIZE: f64 = 250.0;
/// Batches of one shard that the profiler works on at the same time.
pub(crate) const PARALLELIZATION: f64 = 2.0;
/// Seconds that trends wait for a fuller batch.
pub(crate) const TREND_WINDOW_SECONDS: f64 = 15.0;
/// Signals of a batch of trends at most.
pub(crate) const TREND_BATCH_SIZE: f64 = 10_000.0;
/// Shards of either stream at most.
pub(crate) const SHARD_COUNT_MAX: f64 = 500.0;
/// Batches of one shard at the same time at most.
pub(crate) const PARALLELIZATION_MAX: f64 = 10.0;
/// Events a second of one visitor that an instance of the collector takes in the long run, unless one says otherwise.
pub(crate) const VISITOR_EVENTS_PER_SECOND: f64 = 20.0;
/// Requests a second of a route of the collector or of decisions, unless one says otherwise.
pub(crate) const RATE_LIMIT: f64 = 500.0;
/// The same at most.
pub(crate) const RATE_LIMIT_MAX: f64 = 10_000.0;
/// Events an hour above which an alarm speaks, unless one says otherwise.
pub(crate) const EVENTS_PER_HOUR_ALARM: f64 = 1_000_000.0;
/// Metrics that alarms look at. Each is paid for, whether it has an alarm of its own or is one of an expression.
pub(crate) const ALARM_METRICS: f64 = 102.0;
/// Dashboards.
pub(crate) const DASHBOARDS: f64 = 1.0;
/// Names of metrics that filters of logs make. `FreeCodes` is one for each pool of codes; one pool is counted.
pub(crate) const LOG_METRICS: f64 = 13.0;
/// Mappings with metrics of their own.
pub(crate) const METERED_MAPPINGS: f64 = 2.0;
/// Metrics of such a mapping: polled, filtered, invoked, failed, dropped, and put aside.
pub(crate) const MAPPING_METRICS: f64 = 6.0;
/// Keys of the account.
pub(crate) const KEYS: f64 = 2.0;
/// Secrets.
pub(crate) const SECRETS: f64 = 1.0;
/// Tables under a key, whose use is a request of that key every five minutes.
pub(crate) const KEYED_TABLES: f64 = 4.0;
/// Streams under a key.
pub(crate) const STREAMS: f64 = 2.0;
/// Days that the archive and logs are kept.
pub(crate) const ARCHIVE_DAYS: f64 = 30.0;
/// Days that decisions are kept.
pub(crate) const DECISION_DAYS: f64 = 7.0;
/// Seconds that the archive waits for an object.
pub(crate) const ARCHIVE_SECONDS: f64 = 300.0;
/// Items that a function reads with one request.
pub(crate) const READ_ITEMS: f64 = 100.0;
/// Items that profiler and trends settle at the same time.
pub(crate) const CONCURRENCY: f64 = 16.0;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const TEMPLATE: &str = include_str!("../../../../template.yaml");

    fn count(line: &str) -> f64 {
        TEMPLATE.lines().filter(|found| found.trim() == line).count() as f64
    }

    /// A property of the block that begins with this line.
    fn property(block: &str, name: &str) -> f64 {
        let mut lines = TEMPLATE.lines().skip_while(|line| line.trim() != block);
        let line = lines.find(|line| line.trim().starts_with(name)).unwrap();
        line.trim()[name.len()..].trim().parse().unwrap()
    }

    #[test]
    fn what_is_priced_is_what_the_template_deploys() {
        let of_one = count("Type: AWS::CloudWatch::Alarm") - count("Condition: HasTableAlarms");
        assert_eq!(of_one + count("MetricStat:"), ALARM_METRICS);
        assert_eq!(count("Type: AWS::CloudWatch::Dashboard"), DASHBOARDS);
        assert_eq!(count("Type: AWS::KMS::Key"), KEYS);
        assert_eq!(count("Type: AWS::SecretsManager::Secret"), SECRETS);
        assert_eq!(count("Type: AWS::Kinesis::Stream"), STREAMS);
        assert_eq!(count("SSEType: KMS"), KEYED_TABLES);
        assert_eq!(count("Metrics: [EventCount]"), METERED_MAPPINGS);
        assert_eq!(count("Type: AWS::EC2::NatGateway"), 0.0, "it costs: price it");
        // Enhanced fan-out costs, and is there for who turns it on alone.
        let consumers = TEMPLATE.split("Type: AWS::Kinesis::StreamConsumer").skip(1);
        for consumer in consumers {
            assert!(consumer.trim_start().starts_with("Condition: HasFanOut"), "{:.60}", consumer);
        }
        let names: BTreeSet<&str> = TEMPLATE
            .split("MetricTransformations:")
            .skip(1)
            .filter_map(|after| after.split("MetricName:").nth(1)?.lines().next())
            .collect();
        assert_eq!(names.len() as f64, LOG_METRICS, "{names:?}");
    }

    #[test]
    fn sizes_and_limits_are_those_of_the_template() {
        assert_eq!(property("Function:", "MemorySize:"), SMALL_MB);
        assert_eq!(property("ProfilerMemory:", "Default:"), STREAM_MB);
        for function in ["TrendsFunction:", "DecisionsFunction:"] {
            assert_eq!(property(function, "MemorySize:"), STREAM_MB, "{function}");
        }
        assert_eq!(property("TrendsFunction:", "BatchSize:"), TREND_BATCH_SIZE);
        assert_eq!(property("BufferingHints:", "IntervalInSeconds:"), ARCHIVE_SECONDS);
        for (parameter, default, max) in [
            ("ShardCount:", 1.0, Some(SHARD_COUNT_MAX)),
            ("SignalShardCount:", 1.0, Some(SHARD_COUNT_MAX)),
            ("BatchSize:", BATCH_SIZE, None),
            ("BatchWindowSeconds:", 0.0, None),
            ("TrendWindowSeconds:", TREND_WINDOW_SECONDS, None),
            ("ParallelizationFactor:", PARALLELIZATION, Some(PARALLELIZATION_MAX)),
            ("CollectRateLimit:", RATE_LIMIT, Some(RATE_LIMIT_MAX)),
            ("DecideRateLimit:", RATE_LIMIT, Some(RATE_LIMIT_MAX)),
            ("EventsPerHourAlarm:", EVENTS_PER_HOUR_ALARM, None),
            ("VisitorEventsPerSecond:", VISITOR_EVENTS_PER_SECOND, None),
            ("TrainerMemory:", TRAINER_MB, None),
            ("TrainerTimeout:", TRAINER_SECONDS, None),
            ("ArchiveDays:", ARCHIVE_DAYS, None),
            ("LogRetentionDays:", ARCHIVE_DAYS, None),
            ("DecisionLogDays:", DECISION_DAYS, None),
            ("DecisionLogPercent:", 100.0, None),
        ] {
            assert_eq!(property(parameter, "Default:"), default, "{parameter}");
            if let Some(max) = max {
                assert_eq!(property(parameter, "MaxValue:"), max, "{parameter}");
            }
        }
    }
}
