//! What people rely on outside the template: a secret that is never generated anew, and figures in the README.

use crate::known::Looked;
use crate::model::{Template, read};
use serde_json::json;

/// CloudFormation generates another value when any of this changes; with another pepper every profile key, unsubscribe
/// link and derived write key is another one. If this test fails, undo the change of the template.
#[test]
fn the_secret_is_generated_as_it_always_was() {
    let template = Template::own();
    let secret = &template.root["Resources"]["Secret"];
    assert_eq!(
        secret["Properties"]["GenerateSecretString"],
        json!({
            "SecretStringTemplate": "{\"pepper_id\": \"1\", \"keys\": [ {\"derived\": \"publishable\", \"source\": \"web\"}, \
                                     {\"derived\": \"secret\", \"source\": \"shop\"}]}",
            "GenerateStringKey": "pepper",
            "PasswordLength": 64,
            "ExcludePunctuation": true,
        }),
    );
    assert!(secret["Properties"]["Name"].is_null(), "a name would have it replaced when the name changes");
}

#[test]
fn what_is_generated_is_a_secret_document() {
    let template = Template::own();
    let generated = &template.root["Resources"]["Secret"]["Properties"]["GenerateSecretString"];
    let text = generated["SecretStringTemplate"].as_str().expect("a text");
    let mut document: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let length = usize::try_from(generated["PasswordLength"].as_u64().expect("a number")).expect("a length");
    document[generated["GenerateStringKey"].as_str().expect("a name")] = json!("x".repeat(length));
    let keys =
        beckon_runtime::secrets::Document::parse(&document.to_string()).expect("it parses").write_keys();
    let starts: Vec<&str> = keys.iter().map(|(key, _)| &key[..3]).collect();
    assert_eq!(starts, ["pk_", "sk_"]);
}

#[test]
fn the_readme_counts_the_alarms() {
    let template = Template::own();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let metrics: usize = alarms.iter().map(|(_, alarm)| Looked::by_alarm(alarm).len()).sum();
    let figure = format!("{} alarms on {metrics} metrics ${:.2}", alarms.len(), metrics as f64 * 0.10);
    assert!(read("README.md").contains(&figure), "README.md: what it costs while nothing happens: {figure}");
}
