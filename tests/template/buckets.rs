//! Buckets: closed, encrypted, emptied by age; and the archive, whose objects somebody can take apart again.

use crate::model::{Template, assert_finds, assert_none, each, target};
use serde_json::{Value, json};

/// What is wrong with the buckets.
fn buckets(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, bucket) in template.of_type("AWS::S3::Bucket") {
        let blocked = &bucket["PublicAccessBlockConfiguration"];
        for what in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
            if blocked[what] != true {
                faults.push(format!("{id}: PublicAccessBlockConfiguration.{what} must be true"));
            }
        }
        if each(&bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]).is_empty() {
            faults.push(format!("{id}: BucketEncryption is not set"));
        }
        let rules = each(&bucket["LifecycleConfiguration"]["Rules"]);
        let expires = |rule: &&Value| {
            rule["Status"] == "Enabled" && template.is_by_parameter(&rule["ExpirationInDays"])
        };
        if !rules.iter().any(expires) {
            faults.push(format!("{id}: LifecycleConfiguration must expire objects, by a parameter"));
        }
        if !is_tls_only(template, id) {
            faults.push(format!(
                "{id}: no AWS::S3::BucketPolicy denies it to connections that are not encrypted"
            ));
        }
    }
    faults
}

/// Whether everybody who comes without TLS is denied everything.
fn is_tls_only(template: &Template, bucket: &str) -> bool {
    let policies = template.of_type("AWS::S3::BucketPolicy").into_iter();
    let statements = policies
        .filter(|(_, policy)| target(&policy["Bucket"]) == Some(bucket))
        .flat_map(|(_, policy)| each(&policy["PolicyDocument"]["Statement"]));
    let whole = json!([{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": format!("${{{bucket}.Arn}}/*")}]);
    statements.into_iter().any(|s| {
        s["Effect"] == "Deny"
            && s["Principal"] == "*"
            && s["Action"] == "s3:*"
            && s["Condition"]["Bool"]["aws:SecureTransport"] == "false"
            && s["Resource"] == whole
    })
}

/// What is wrong with what is delivered to an archive.
fn archives(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, stream) in template.of_type("AWS::KinesisFirehose::DeliveryStream") {
        let mut fault = |what: &str| faults.push(format!("{id}: {what}"));
        if template.root["Resources"][id]["Condition"].is_null() {
            fault("Condition: it must be possible to switch it off");
        }
        if stream["DeliveryStreamType"] != "KinesisStreamAsSource"
            || target(&stream["KinesisStreamSourceConfiguration"]["KinesisStreamARN"]) != Some("EventStream")
        {
            fault("KinesisStreamSourceConfiguration must name the EventStream");
        }
        let to = &stream["ExtendedS3DestinationConfiguration"];
        let prefix = "events/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/!{timestamp:HH}/";
        if to["Prefix"] != prefix {
            fault(&format!("Prefix must be {prefix}: what reads the archive looks there"));
        }
        let errors = to["ErrorOutputPrefix"].as_str().unwrap_or_default();
        if !errors.starts_with("errors/") || !errors.contains("!{firehose:error-output-type}") {
            fault("ErrorOutputPrefix must begin with errors/ and say which kind");
        }
        if to["CompressionFormat"] != "GZIP" || to["FileExtension"] != ".jsonl.gz" {
            fault("CompressionFormat must be GZIP, and FileExtension .jsonl.gz: a reader goes by the name");
        }
        let delimiter = json!([{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]);
        let processing = &to["ProcessingConfiguration"];
        let processors = each(&processing["Processors"]);
        let delimits = |p: &&Value| p["Type"] == "AppendDelimiterToRecord" && p["Parameters"] == delimiter;
        if processing["Enabled"] != true || !processors.iter().any(delimits) {
            fault("ProcessingConfiguration must append a newline: records have none, and would run together");
        }
        if to["CloudWatchLoggingOptions"]["Enabled"] != true {
            fault("CloudWatchLoggingOptions must be enabled, or nobody learns why a delivery failed");
        }
    }
    faults
}

#[test]
fn every_bucket_is_closed_encrypted_and_emptied_by_age() {
    assert_none(&buckets(&Template::own()));
}

#[test]
fn the_archive_can_be_read_line_by_line_and_switched_off() {
    let own = Template::own();
    assert_eq!(own.of_type("AWS::KinesisFirehose::DeliveryStream").len(), 1);
    assert_none(&archives(&own));
}

#[test]
fn a_bucket_that_is_open_or_keeps_for_ever_is_found() {
    let good = r#"
Parameters: {Days: {Default: 30}}
Resources:
  B:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}}]}
      PublicAccessBlockConfiguration:
        {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
      LifecycleConfiguration: {Rules: [{Status: Enabled, ExpirationInDays: !Ref Days}]}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref B
      PolicyDocument:
        Statement:
          - {Effect: Deny, Principal: '*', Action: 's3:*', Resource: [!GetAtt B.Arn, !Sub '${B.Arn}/*'],
             Condition: {Bool: {aws:SecureTransport: 'false'}}}
"#;
    assert_finds(
        buckets,
        good,
        &[
            (
                "BlockPublicPolicy: true",
                "BlockPublicPolicy: false",
                "B: PublicAccessBlockConfiguration.Block",
            ),
            (", RestrictPublicBuckets: true", "", "RestrictPublicBuckets must be true"),
            ("      BucketEncryption:", "      Other:", "B: BucketEncryption"),
            ("Status: Enabled", "Status: Disabled", "B: LifecycleConfiguration"),
            ("!Ref Days", "30", "B: LifecycleConfiguration"),
            ("Bucket: !Ref B", "Bucket: !Ref Other", "B: no AWS::S3::BucketPolicy"),
            ("[!GetAtt B.Arn, !Sub '${B.Arn}/*']", "!GetAtt B.Arn", "B: no AWS::S3::BucketPolicy"),
            ("aws:SecureTransport: 'false'", "aws:SecureTransport: 'true'", "B: no AWS::S3::BucketPolicy"),
        ],
    );
}

#[test]
fn an_archive_that_cannot_be_taken_apart_is_found() {
    let good = r"
Resources:
  Archive:
    Type: AWS::KinesisFirehose::DeliveryStream
    Condition: IsArchiving
    Properties:
      DeliveryStreamType: KinesisStreamAsSource
      KinesisStreamSourceConfiguration: {KinesisStreamARN: !GetAtt EventStream.Arn}
      ExtendedS3DestinationConfiguration:
        Prefix: events/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/!{timestamp:HH}/
        ErrorOutputPrefix: errors/!{firehose:error-output-type}/
        CompressionFormat: GZIP
        FileExtension: .jsonl.gz
        ProcessingConfiguration:
          Enabled: true
          Processors: [{Type: AppendDelimiterToRecord, Parameters: [{ParameterName: Delimiter, ParameterValue: '\n'}]}]
        CloudWatchLoggingOptions: {Enabled: true}
";
    assert_finds(
        archives,
        good,
        &[
            ("    Condition: IsArchiving\n", "", "Archive: Condition"),
            ("!GetAtt EventStream.Arn", "!GetAtt Other.Arn", "must name the EventStream"),
            ("Prefix: events/", "Prefix: lines/", "Prefix must be events/"),
            ("errors/!{firehose:error-output-type}/", "errors/", "ErrorOutputPrefix"),
            ("GZIP", "UNCOMPRESSED", "CompressionFormat"),
            ("        FileExtension: .jsonl.gz\n", "", "FileExtension"),
            (r"ParameterValue: '\n'", "ParameterValue: ','", "must append a newline"),
            (r"ParameterValue: '\n'", "ParameterValue: \"\\n\"", "must append a newline"),
            ("          Enabled: true\n", "          Enabled: false\n", "must append a newline"),
            ("CloudWatchLoggingOptions: {Enabled: true}", "Other: 1", "CloudWatchLoggingOptions"),
        ],
    );
}
