//! The commands against the real admin function, over a real port.

use super::{AuditArgs, changes, line, read, run, whole};
use crate::error::CliError;
use crate::rules::admin::Admin;
use crate::tests::Served;
use beckon_store::tables::AuditLog;
use clap::Parser;

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    audit: AuditArgs,
}

impl Served {
    async fn audit(&self, typed: &[&str]) -> Result<(), CliError> {
        let args = Typed::try_parse_from(self.typed(typed)).unwrap();
        Box::pin(run(args.audit)).await
    }

    async fn asked(&self, method: reqwest::Method, path: &str, body: &str) -> u16 {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.endpoint));
        let request = request.basic_auth("sk_local", None::<&str>).body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }
}

#[tokio::test]
async fn changes_are_listed_with_what_came_of_them_and_looking_is_none() {
    let served = Served::start().await;
    assert_eq!(
        served.asked(reqwest::Method::POST, "/admin/v1/mail/pause", r#"{"reason":"prices"}"#).await,
        200
    );
    assert_eq!(served.asked(reqwest::Method::POST, "/admin/v1/codes/winter", "").await, 415);
    assert_eq!(served.asked(reqwest::Method::POST, "/admin/v1/rulesets/check", "version: 1").await, 200);
    assert_eq!(served.asked(reqwest::Method::GET, "/admin/v1/mail/status", "").await, 200);
    served.audit(&["list"]).await.unwrap();
    served.audit(&["list", "--json", "--limit", "1"]).await.unwrap();
    let admin = Admin::new(&served.endpoint, "sk_local".to_owned()).unwrap();
    let lines: Vec<String> =
        changes(&read(&admin, whole()).await.unwrap()).unwrap().iter().map(line).collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].contains("server  POST /admin/v1/mail/pause  200 "), "{}", lines[0]);
    assert!(lines[1].contains("POST /admin/v1/codes/{pool}  /admin/v1/codes/winter  415"), "{}", lines[1]);
}

#[tokio::test]
async fn a_whole_record_is_verified_and_every_tampering_ends_with_1() {
    let served = Served::start().await;
    served.audit(&["verify"]).await.unwrap();
    for _ in 0..3 {
        served.asked(reqwest::Method::POST, "/admin/v1/mail/pause", "{}").await;
    }
    served.audit(&["verify", "--json"]).await.unwrap();
    let head = served.tables.audit_head().await.unwrap().unwrap();
    let told = format!("{}:{}", head.number, &head.hash[..12]);
    served.audit(&["verify", "--head", &told]).await.unwrap();
    let file = served.folder.path().join("audit.jsonl").display().to_string();
    served.audit(&["export", &file]).await.unwrap();

    served.tables.tamper(3, |record| record.text = record.text.replace("server", "nobody"));
    let error = served.audit(&["verify"]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the record is not whole: entry 3 was altered: its text does not have its hash"
    );
    assert_eq!(format!("{:?}", error.exit_code()), format!("{:?}", std::process::ExitCode::from(1)));

    let from_file = |words: Vec<String>| async move {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(Typed::try_parse_from(["beckon"].iter().chain(&words)).unwrap().audit).await
    };
    let verify = |more: &[&str]| {
        let words = ["verify", "--file", &file].iter().chain(more).map(ToString::to_string).collect();
        from_file(words)
    };
    verify(&["--head", &told]).await.unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let shorter: String = text.lines().take(4).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, shorter).unwrap();
    verify(&[]).await.unwrap();
    let error = verify(&["--head", &told]).await.unwrap_err();
    assert_eq!(error.to_string(), "the record is not whole: entry 6 is not there any more");
    std::fs::write(&file, "nothing\n").unwrap();
    assert!(verify(&[]).await.unwrap_err().to_string().contains("audit.jsonl:1: no record"));
}

#[test]
fn a_head_is_a_number_and_a_hash() {
    for wrong in ["12", "12:", "12:9f", "x:9f0c41aa9f0c"] {
        assert!(Typed::try_parse_from(["beckon", "verify", "--head", wrong]).is_err(), "{wrong}");
    }
}
