//! What a failure destination in S3 gets of discarded records: the invocation record and its key (AWS Lambda developer
//! guide, "Retain discarded batch records for a Kinesis Data Streams event source in Lambda").

use crate::payload::{RecordView, StreamSource, kinesis_event_from};
use crate::step::DiscardReason;
use beckon_domain::Timestamp;
use serde_json::{Map, Value, json};

/// How the last invocation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResponseView<'a> {
    /// The status of the invocation: 200 also when the function failed.
    pub status_code: u16,
    /// The version that ran.
    pub executed_version: &'a str,
    /// `Unhandled` or `Handled`; `None` when the function returned.
    pub function_error: Option<&'a str>,
}

/// What an invocation record tells of discarded records.
#[derive(Clone, Copy, Debug)]
pub struct FailureView<'a> {
    /// Names the last invocation.
    pub request_id: &'a str,
    /// The function.
    pub function_arn: &'a str,
    /// Why the records were discarded.
    pub reason: DiscardReason,
    /// How often the function was invoked with them, about.
    pub invoke_count: u32,
    /// How the last invocation ended; `None` when there was none. AWS documents no such case: the field is left out.
    pub response: Option<ResponseView<'a>>,
    /// When they were discarded.
    pub discarded_at: Timestamp,
    /// Where they came from.
    pub source: &'a StreamSource,
    /// The records, in order.
    pub records: &'a [RecordView<'a>],
}

/// The invocation record: a JSON document whose `payload` is the whole event, as a text.
#[must_use]
pub fn failure_record(failure: &FailureView<'_>) -> Value {
    let (first, last) = (failure.records.first(), failure.records.last());
    let sequence = |record: Option<&RecordView<'_>>| record.map(|r| r.sequence.to_owned());
    let arrival = |record: Option<&RecordView<'_>>| record.map(|r| iso(Timestamp::from_ms(r.arrived_at_ms)));
    let mut document = Map::new();
    document.insert(
        "requestContext".to_owned(),
        json!({
            "requestId": failure.request_id,
            "functionArn": failure.function_arn,
            "condition": failure.reason.as_str(),
            "approximateInvokeCount": failure.invoke_count,
        }),
    );
    if let Some(response) = &failure.response {
        let mut context =
            json!({ "statusCode": response.status_code, "executedVersion": response.executed_version });
        if let Some(error) = response.function_error {
            context["functionError"] = json!(error);
        }
        document.insert("responseContext".to_owned(), context);
    }
    document.insert("version".to_owned(), json!("1.0"));
    document.insert("timestamp".to_owned(), json!(iso(failure.discarded_at)));
    document.insert(
        "KinesisBatchInfo".to_owned(),
        json!({
            "shardId": first.map(|r| r.shard),
            "startSequenceNumber": sequence(first),
            "endSequenceNumber": sequence(last),
            "approximateArrivalOfFirstRecord": arrival(first),
            "approximateArrivalOfLastRecord": arrival(last),
            "batchSize": failure.records.len(),
            "streamArn": failure.source.stream_arn,
        }),
    );
    let event = kinesis_event_from(failure.source, failure.records.iter().copied());
    document.insert("payload".to_owned(), Value::String(event.to_string()));
    Value::Object(document)
}

/// The key of an invocation record in its bucket:
/// `aws/lambda/<ESM-UUID>/<shardID>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<Random UUID>`, in UTC.
#[must_use]
pub fn object_key(mapping_uuid: &str, shard: &str, discarded_at: Timestamp, random_uuid: &str) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = civil(discarded_at);
    format!(
        "aws/lambda/{mapping_uuid}/{shard}/{year:04}/{month:02}/{day:02}/\
         {year:04}-{month:02}-{day:02}T{hour:02}.{minute:02}.{second:02}-{random_uuid}"
    )
}

fn iso(at: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, second, ms } = civil(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    ms: i64,
}

/// The civil date in UTC: years are counted from March, so that the leap day is the last of its year. A timestamp is
/// never before 1970.
fn civil(at: Timestamp) -> Civil {
    const DAYS_TO_1970: i64 = 719_468;
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let (days, ms) = (at.as_ms() / 86_400_000, at.as_ms() % 86_400_000);
    let shifted = days + DAYS_TO_1970;
    let (era, day_of_era) = (shifted / DAYS_OF_400_YEARS, shifted % DAYS_OF_400_YEARS);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    Civil { year, month, day, hour, minute, second, ms: ms % 1_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: [RecordView<'static>; 2] =
        [record("17", 1_573_691_884_835), record("18", 1_573_691_885_580)];

    const fn record(sequence: &'static str, arrived_at_ms: i64) -> RecordView<'static> {
        RecordView {
            shard: "shardId-000000000001",
            sequence,
            partition_key: "k",
            data: b"hello",
            arrived_at_ms,
        }
    }

    fn failure(source: &StreamSource) -> FailureView<'_> {
        FailureView {
            request_id: "c9b8fa9f-5a7f-4c6e-af9c-0c604cde93a5",
            function_arn: "arn:aws:lambda:us-east-2:123456789012:function:myfunction",
            reason: DiscardReason::RetryAttemptsExhausted,
            invoke_count: 1,
            response: Some(ResponseView {
                status_code: 200,
                executed_version: "$LATEST",
                function_error: Some("Unhandled"),
            }),
            discarded_at: Timestamp::from_ms(1_573_691_886_021),
            source,
            records: &RECORDS,
        }
    }

    // AWS Lambda developer guide, "Retain discarded batch records for a Kinesis Data Streams event source in Lambda",
    // "Example Amazon S3 invocation record".
    #[test]
    fn the_invocation_record_has_the_documented_form() {
        let source = StreamSource::default();
        let mut document = failure_record(&failure(&source));
        let payload = document.as_object_mut().unwrap().remove("payload").unwrap();
        let expected = json!({
            "requestContext": {
                "requestId": "c9b8fa9f-5a7f-4c6e-af9c-0c604cde93a5",
                "functionArn": "arn:aws:lambda:us-east-2:123456789012:function:myfunction",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 1,
            },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "version": "1.0",
            "timestamp": "2019-11-14T00:38:06.021Z",
            "KinesisBatchInfo": {
                "shardId": "shardId-000000000001",
                "startSequenceNumber": "17",
                "endSequenceNumber": "18",
                "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
                "approximateArrivalOfLastRecord": "2019-11-14T00:38:05.580Z",
                "batchSize": 2,
                "streamArn": source.stream_arn,
            },
        });
        assert_eq!(document, expected);
        let event: Value = serde_json::from_str(payload.as_str().unwrap()).unwrap();
        assert_eq!(event, kinesis_event_from(&source, RECORDS), "the payload is the whole event, as a text");
    }

    #[test]
    fn a_record_that_was_never_invoked_has_no_response() {
        let source = StreamSource::default();
        let reason = DiscardReason::RecordAgeExceeded;
        let document = failure_record(&FailureView { response: None, reason, ..failure(&source) });
        assert_eq!(document["requestContext"]["condition"], "RecordAgeExceeded");
        assert_eq!(document.get("responseContext"), None);
    }

    // The same page: "uses the following naming convention".
    #[test]
    fn the_key_has_the_documented_form() {
        let at = Timestamp::from_ms(1_709_164_799_999);
        let key = object_key("esm", "shardId-000000000001", at, "random");
        assert_eq!(key, "aws/lambda/esm/shardId-000000000001/2024/02/28/2024-02-28T23.59.59-random");
    }

    #[test]
    fn dates_are_right_around_leap_days_and_at_both_ends() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (i64::MAX, "2999-12-31T23:59:59.999Z"),
        ];
        for (ms, text) in cases {
            assert_eq!(iso(Timestamp::from_ms(ms)), text);
        }
    }
}
