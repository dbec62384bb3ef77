//! The commands against the real admin function, over a real port.

use super::{RulesArgs, run};
use crate::error::CliError;
use crate::tests::Served;
use beckon_rules::{Ruleset, SAMPLE};
use beckon_store::tables::RulesetStore;
use clap::Parser;

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    rules: RulesArgs,
}

impl Served {
    async fn rules(&self, typed: &[&str]) -> Result<(), CliError> {
        let args = Typed::try_parse_from(self.typed(typed)).unwrap();
        Box::pin(run(args.rules)).await
    }

    async fn live(&self) -> String {
        self.tables.live_ruleset().await.unwrap().unwrap().document.version
    }
}

fn code(error: &CliError) -> String {
    format!("{:?}", error.exit_code())
}

#[tokio::test]
async fn a_file_is_published_and_taken_back_and_the_history_has_both() {
    let served = Served::start().await;
    let first = served.live().await;
    let autumn = SAMPLE.replace("name: Outdoor sample", "name: Autumn");
    let file = served.file("shop.yaml", &autumn);
    served.rules(&["publish", &file, "--dry-run"]).await.unwrap();
    assert_eq!(served.live().await, first, "a dry run changes nothing");
    served.rules(&["publish", &file, "--note", "50 % off & more", "--by", "ops", "--json"]).await.unwrap();
    assert_eq!(served.live().await, Ruleset::parse(&autumn).unwrap().version());
    served.rules(&["rollback"]).await.unwrap();
    assert_eq!(served.live().await, first);
    served.rules(&["history", "--limit", "2"]).await.unwrap();
    let changes = served.tables.ruleset_changes(None, 10).await.unwrap();
    assert_eq!(changes.len(), 3);
    assert_eq!(
        (changes[1].note.as_deref(), changes[1].by.as_deref()),
        (Some("50 % off & more"), Some("ops"))
    );
}

#[tokio::test]
async fn what_the_person_can_mend_is_told_in_lines_and_ends_with_2() {
    let served = Served::start().await;
    let (first, mend) = (served.live().await, format!("{:?}", std::process::ExitCode::from(2)));
    let file = served.file("shop.yaml", "version: 1\nname: Shop\nrulez: []\n");
    let bad = served.rules(&["publish", &file]).await.unwrap_err();
    assert!(bad.to_string().contains("shop.yaml:3:1: "), "{bad}");
    assert_eq!(code(&bad), mend);
    let gone = served.rules(&["rollback", "000000000000"]).await.unwrap_err();
    assert!(gone.to_string().contains("no such version was kept"), "{gone}");
    let missing = served.rules(&["publish", "no-such.yaml"]).await.unwrap_err();
    assert!(missing.to_string().starts_with("cannot read the ruleset no-such.yaml"), "{missing}");
    let page = served.rules(&["rollback", "--key", "pk_local"]).await.unwrap_err();
    assert!(page.to_string().contains("send a secret key"), "{page}");
    assert_eq!((code(&gone), code(&missing), code(&page)), (mend.clone(), mend.clone(), mend));
    assert_eq!(served.live().await, first);
}

#[tokio::test]
async fn where_nothing_listens_it_says_what_to_start() {
    let nobody = ["rules", "history", "--endpoint", "http://127.0.0.1:1"];
    let error = Box::pin(run(Typed::try_parse_from(nobody).unwrap().rules)).await.unwrap_err();
    assert!(error.to_string().starts_with("nothing answers at http://127.0.0.1:1: start"), "{error}");
    let elsewhere = ["rules", "history", "--endpoint", "https://shop.example", "--key", ""];
    let error = Box::pin(run(Typed::try_parse_from(elsewhere).unwrap().rules)).await.unwrap_err();
    assert!(error.to_string().contains("set BECKON_SECRET_KEY, or give --key"), "{error}");
}
