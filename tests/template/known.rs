//! The metrics that there are: those that functions tell, those that filters of logs make, and those of AWS that this
//! template looks at.

use crate::model::{Template, each, render};
use beckon_runtime::metrics::{Kind, Metric};
use serde_json::Value;

/// Metrics of AWS with the names of their dimensions, as the services' guides list them ("CloudWatch metrics").
const OF_AWS: [(&str, &[&str], &[&str]); 10] = [
    ("AWS/Lambda", &["FunctionName"], &["Errors", "Throttles", "IteratorAge", "Duration"]),
    (
        "AWS/Lambda",
        &["EventSourceMappingUUID"],
        &["DroppedEventCount", "OnFailureDestinationDeliveredEventCount"],
    ),
    ("AWS/ApiGateway", &["ApiId"], &["Count", "4xx", "5xx", "Latency"]),
    ("AWS/Kinesis", &["StreamName"], &["WriteProvisionedThroughputExceeded"]),
    (
        "AWS/DynamoDB",
        &["TableName"],
        &["ReadThrottleEvents", "WriteThrottleEvents", "ConsumedWriteCapacityUnits"],
    ),
    (
        "AWS/DynamoDB",
        &["TableName", "GlobalSecondaryIndexName"],
        &["ReadThrottleEvents", "WriteThrottleEvents"],
    ),
    ("AWS/DynamoDB", &["TableName", "Operation"], &["SystemErrors"]),
    ("AWS/SES", &[], &["Reputation.BounceRate", "Reputation.ComplaintRate"]),
    ("AWS/SQS", &["QueueName"], &["ApproximateNumberOfMessagesVisible"]),
    ("AWS/Firehose", &["DeliveryStreamName"], &["DeliveryToS3.DataFreshness"]),
];

/// Where functions and filters put theirs.
const OWN: &str = "Beckon/${AWS::StackName}";

/// A metric that somebody looks at.
#[derive(Debug)]
pub struct Looked {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Names and values of its dimensions.
    pub dimensions: Vec<(String, String)>,
    /// What is made of its values.
    pub statistic: String,
}

impl Looked {
    /// What an alarm looks at: one metric, or those of its expression, by their ids.
    pub fn by_alarm(alarm: &Value) -> Vec<(String, Self)> {
        if alarm["Metrics"].is_null() {
            let statistic = if alarm["Statistic"].is_null() { "ExtendedStatistic" } else { "Statistic" };
            return vec![(String::new(), Self::of(alarm, &alarm[statistic]))];
        }
        let metrics = each(&alarm["Metrics"]).into_iter().filter(|metric| metric["Expression"].is_null());
        let looked = |stat: &Value| Self::of(&stat["Metric"], &stat["Stat"]);
        metrics.map(|metric| (render(&metric["Id"]), looked(&metric["MetricStat"]))).collect()
    }

    fn of(metric: &Value, statistic: &Value) -> Self {
        let dimension = |d: &&Value| (render(&d["Name"]), render(&d["Value"]));
        Self {
            namespace: render(&metric["Namespace"]),
            name: render(&metric["MetricName"]),
            dimensions: each(&metric["Dimensions"]).iter().map(dimension).collect(),
            statistic: render(statistic),
        }
    }

    /// What is wrong with it: nobody writes it, or its values mean nothing under this statistic.
    pub fn fault(&self, template: &Template) -> Option<String> {
        let names: Vec<&str> = self.dimensions.iter().map(|(name, _)| name.as_str()).collect();
        if self.namespace != OWN {
            let is_known = OF_AWS.iter().any(|(namespace, dimensions, metrics)| {
                *namespace == self.namespace && *dimensions == names && metrics.contains(&self.name.as_str())
            });
            return (!is_known).then(|| format!("AWS writes no {self:?}"));
        }
        if names.first() != Some(&"Function") {
            return (!self.is_filtered(template)).then(|| format!("no filter of logs makes {self:?}"));
        }
        let Some(metric) = Metric::ALL.iter().find(|metric| metric.name() == self.name) else {
            return Some(format!("no function tells {self:?}"));
        };
        let is_percentile = self.statistic.starts_with('p');
        if metric.function().name() != self.dimensions[0].1 {
            Some(format!("it is {} that tells {}", metric.function().name(), self.name))
        } else if names.len() > 1 && (names != ["Function", "Reason"] || metric.split().is_empty()) {
            Some(format!("{} is not split by {names:?}", self.name))
        } else if (metric.kind() == Kind::Sum) != (self.statistic == "Sum")
            || (is_percentile && metric.kind() != Kind::Values)
        {
            Some(format!("{} of {} means nothing", self.statistic, self.name))
        } else {
            None
        }
    }

    fn is_filtered(&self, template: &Template) -> bool {
        let filters = template.of_type("AWS::Logs::MetricFilter");
        let made = filters.iter().flat_map(|(_, filter)| each(&filter["MetricTransformations"]));
        let has_dimensions = |made: &Value| {
            let keys: Vec<String> = each(&made["Dimensions"]).iter().map(|d| render(&d["Key"])).collect();
            keys.iter().eq(self.dimensions.iter().map(|(name, _)| name))
        };
        made.into_iter().any(|made| made["MetricName"] == *self.name && has_dimensions(made))
    }
}
