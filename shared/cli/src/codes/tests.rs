//! The commands against the real admin function, over a real port.

use super::{CodesArgs, check, run, show, standing, upload};
use crate::error::CliError;
use crate::tests::{NOW, Served};
use beckon_domain::DiscountCode;
use beckon_domain::code::PoolName;
use beckon_store::tables::codes::{CodeLog, CodeStore};
use clap::Parser;
use serde_json::json;

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    codes: CodesArgs,
}

impl Served {
    async fn codes(&self, typed: &[&str]) -> Result<(), CliError> {
        let args = Typed::try_parse_from(self.typed(typed)).unwrap();
        Box::pin(run(args.codes)).await
    }

    async fn free(&self, pool: &str) -> u64 {
        self.tables.count_codes(&PoolName::new(pool).unwrap(), NOW).await.unwrap().free
    }
}

fn code(error: &CliError) -> String {
    format!("{:?}", error.exit_code())
}

#[tokio::test]
async fn a_file_of_several_parts_is_uploaded_once_and_its_bad_rows_keep_their_numbers() {
    let served = Served::start().await;
    let rows: String = (0..2_300).map(|n| format!("save-{n:05}\n")).collect();
    let text = format!("code\n{rows}x\nsave-00007\n");
    let file = served.file("codes.csv", &text);
    served.codes(&["upload", "winter", &file, "--percent", "10", "--dry-run"]).await.unwrap_err();
    assert_eq!(served.free("winter").await, 0, "a dry run changes nothing");
    let refused = served.codes(&["upload", "winter", &file]).await.unwrap_err();
    assert!(refused.to_string().contains("say what its codes are worth"), "{refused}");
    assert_eq!(code(&refused), format!("{:?}", std::process::ExitCode::from(2)));
    for _ in 0..2 {
        let refused = served.codes(&["upload", "winter", &file, "--percent", "10"]).await.unwrap_err();
        assert!(refused.to_string().starts_with("2 rows of "), "{refused}");
        assert_eq!(served.free("winter").await, 2_300, "the same file again adds nothing");
    }
    let changes = served.tables.code_changes(&PoolName::new("winter").unwrap(), 10).await.unwrap();
    assert_eq!((changes.len(), changes.iter().map(|change| change.codes).sum::<u64>()), (3, 2_300));
    served.codes(&["list"]).await.unwrap();
    served.codes(&["show", "winter", "--csv"]).await.unwrap();
    let refused = served.codes(&["delete", "winter"]).await.unwrap_err();
    assert!(refused.to_string().contains("give --yes"), "{refused}");
    served.codes(&["delete", "winter", "--yes", "--by", "ada"]).await.unwrap();
    assert_eq!(served.free("winter").await, 0);
    let refused = served.codes(&["show", "summer"]).await.unwrap_err();
    assert!(refused.to_string().contains("there is no pool summer"), "{refused}");
}

#[tokio::test]
async fn codes_that_were_made_are_in_the_pool_and_a_till_knows_none_that_nobody_was_given() {
    let served = Served::start().await;
    let made = ["generate", "cart", "7000", "--prefix", "cart-", "--valid-for", "72h", "--percent", "15"];
    served.codes(&made).await.unwrap();
    assert_eq!(served.free("cart").await, 7_000);
    let pool = PoolName::new("cart").unwrap();
    let page = served.tables.code_page(&pool, None).await.unwrap();
    let one: &DiscountCode = &page.codes[0].code;
    assert!(one.is_checked() && one.as_str().starts_with("CART-"));
    let refused = served.codes(&["check", one.as_str()]).await.unwrap_err();
    assert!(refused.to_string().contains("was given to nobody"), "{refused}");
    let wrong = ["generate", "cart", "5", "--valid-for", "72h", "--percent", "20"];
    let refused = served.codes(&wrong).await.unwrap_err();
    assert!(refused.to_string().contains("worth 15 %"), "{refused}");
    served.codes(&["show", "cart", "--json"]).await.unwrap();
}

#[test]
fn parts_keep_the_numbers_of_rows() {
    let text: String = (0..2_500).map(|n| format!("save-{n},\"2026-12-31T00:00:00Z\"\n")).collect();
    let parts = upload::parts(text.as_bytes()).unwrap();
    let told: Vec<_> = parts.iter().map(|part| (part.first_row, part.row_count)).collect();
    assert_eq!(told, [(1, 1_000), (1_001, 1_000), (2_001, 500)]);
    assert!(upload::parts(b"").unwrap().is_empty());
}

#[test]
fn what_is_known_is_told_in_words() {
    let pool = json!({ "pool": "cart", "free": 9, "held": 2, "redeemed": 1, "expired": 3, "worth": "10 %", "low": true,
        "changes": [{ "at": "now", "action": "upload", "by": null, "who": "server", "codes": 9, "refused": 1 }] });
    assert_eq!(
        standing(&pool),
        "cart: 9 free, 2 held, 1 redeemed, 3 expired; 10 % each; low: new codes are needed soon"
    );
    assert_eq!(show::lines(&pool)[1], "now upload by server: 9 codes, 1 rows refused");
    let row = json!({ "code": "A-1", "state": "REDEEMED", "step": 2, "order": "a,\"b\"" });
    assert_eq!(show::row(&row), "A-1,REDEEMED,,,,2,\"a,\"\"b\"\"\",");
    let valid = json!({ "code": "A-1", "status": "VALID", "expiresAt": "then", "worth": "10 %" });
    assert_eq!(check::told(&valid), "A-1 is valid until then, worth 10 %");
    assert_eq!(check::told(&json!({ "code": "A-1", "status": "REDEEMED" })), "A-1 was used");
}
