//! Somebody of a file, explained.

use super::{ExplainArgs, replayed, text::text};
use clap::Parser;

const RULES: &str = "version: 1
name: Shop
currency: USD
offers:
  - { id: hello, title: Hello, text: Hello., url: https://shop.example/h }
  - { id: keen, title: Keen, text: Keen., url: https://shop.example/k }
slots:
  - { id: home, fallback: { offer: hello } }
segments:
  - { id: buyer, when: { fact: orders.count, gte: 1 } }
rules:
  - id: keen
    slot: home
    priority: 1
    when: { all: [ { event: Product Viewed, count: { gte: 2 }, within: 1h }, { not: { segment: buyer } } ] }
    then: { offer: keen }
";
const EVENTS: &str =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-10-01 00:00:00 UTC,view,1,10,shoes,north,12.50,501,s
2019-10-01 00:10:00 UTC,view,2,10,shoes,north,12.50,777,s
2019-10-01 00:20:00 UTC,view,1,10,shoes,north,12.50,501,s
";

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: ExplainArgs,
}

/// What is said of person 501, with these arguments besides.
async fn told(name: &str, more: &[&str]) -> Result<String, String> {
    let folder = std::env::temp_dir().join(format!("beckon-explain-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (rules, events) = (folder.join("rules.yaml"), folder.join("events.csv"));
    std::fs::write(&rules, RULES).unwrap();
    std::fs::write(&events, EVENTS).unwrap();
    let paths =
        ["--rules", rules.to_str().unwrap(), "--events", events.to_str().unwrap(), "--format", "rees46"];
    let command = Command::parse_from([&["explain"], paths.as_slice(), more].concat());
    let explained = replayed::explain(&command.args).await;
    std::fs::remove_dir_all(&folder).unwrap();
    explained.map(|value| text(&value)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_person_of_a_file_is_explained_as_of_any_time() {
    let person = ["--person", "501", "--slot", "home"];
    let now = told("now", &person).await.unwrap();
    assert!(now.contains("after 2 events, as of 2019-10-01T00:20:00"), "{now}");
    assert!(now.contains("home shows the offer keen (rule keen)\n  keen (priority 1) is shown"), "{now}");
    let then = told("then", &[&person[..], &["--at", "2019-10-01T00:05:00Z"]].concat()).await.unwrap();
    assert!(then.contains("home shows the offer hello (DEFAULT)"), "{then}");
    assert!(
        then.contains("keen (priority 1) does not hold; missing: one more Product Viewed within 55m"),
        "{then}"
    );
    assert!(then.contains("no  event: Product Viewed, within: 1h, count: {gte: 2}  [1]"), "{then}");
    assert!(then.contains("segments\n  buyer does not hold"), "{then}");
}

#[tokio::test]
async fn who_or_what_is_not_there_is_said() {
    for (name, more, expected) in [
        ("nobody", ["--person", "9", "--slot", "home"], "has no event of 9"),
        ("nowhere", ["--person", "501", "--slot", "hom"], "no slot hom; slots are home"),
    ] {
        let error = told(name, &more).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
