use super::list::changed;
use super::{KeysArgs, line};
use clap::Parser;
use serde_json::json;

#[derive(Parser, Debug)]
struct Typed {
    #[command(flatten)]
    keys: KeysArgs,
}

#[test]
fn a_key_and_a_change_are_one_line_each() {
    let key = json!({ "id": "key_a", "kind": "publishable", "source": "web", "state": "live", "label": "checkout",
        "origins": ["https://a.example", "https://b.example"], "expiresAt": "2027-01-31T00:00:00.000Z" });
    assert_eq!(
        line(&key),
        "key_a  publishable key of web: checkout, from https://a.example https://b.example; live until 2027-01-31T00:00:00.000Z"
    );
    let change = json!({ "at": "now", "action": "revoke", "key": "key_a", "about": "secret key of shop", "who": "server",
        "by": "the night shift", "note": "was in a log" });
    assert_eq!(
        changed(&change),
        "now revoke key_a by the night shift (server): secret key of shop; was in a log"
    );
}

#[test]
fn what_cannot_be_a_kind_is_refused_before_anything_is_asked() {
    assert!(Typed::try_parse_from(["keys", "create", "--source", "web", "--kind", "root"]).is_err());
    let args = [
        "keys",
        "create",
        "--source",
        "web",
        "--origin",
        "https://a.example",
        "--origin",
        "https://b.example",
    ];
    assert!(Typed::try_parse_from(args).is_ok());
}
