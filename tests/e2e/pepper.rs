//! Another pepper: who was erased stays erased, whoever is known signs in again, links of mails still work, and what lies under
//! the old one expires.

use beckon_domain::id::UserId;
use beckon_domain::{DurationMs, ProfileKey};
use beckon_runtime::Secrets;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{OutreachStore, ProfileStore, Read, Stored, SuppressionReason, SuppressionStore};
use harness::{Teller, World, world::PUBLIC_URL, world::START};
use serde_json::json;

type Shop = World<MemoryTables>;

const OLD: &str = r#"{"pepper_id": "local", "pepper": "a pepper for laptops only"}"#;
const NEW: &str = r#"{"pepper_id": "2", "pepper": "another pepper for laptops"}"#;
const YEAR: DurationMs = DurationMs::from_days(365);

/// A secret under one pepper that lists another. The keys are written out: derived ones would change with the pepper.
fn secret(pepper: &str, listed: &str) -> Secrets {
    let fields = pepper.trim_start_matches('{').trim_end_matches('}');
    let keys = r#"[{"key": "pk_local", "source": "browser"}, {"key": "sk_local", "source": "server"}]"#;
    Secrets::parse(&format!("{{{fields}, \"previous\": [{listed}], \"keys\": {keys}}}")).unwrap()
}

async fn stored(shop: &Shop, key: &ProfileKey) -> Option<Stored> {
    shop.stack.tables.load(std::slice::from_ref(key), Read::Strong).await.unwrap().remove(key)
}

async fn erase(shop: &Shop, user: &str) {
    let answer = shop.post("/admin/v1/privacy/erase", "sk_local", &json!({ "userId": user })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Somebody logs in on the shop's server, and puts something into the cart.
async fn visit(shop: &mut Shop, teller: &mut Teller, n: u32) {
    let (user, by) = (format!("u-{n}"), format!("visitor-{n}"));
    let consent = json!({ "marketing_email": true });
    let email = format!("person-{n}@mail.example");
    let login = teller.event(&json!({ "login": user, "by": by, "email": email, "consent": consent }));
    shop.events("sk_local", &[login]).await;
    let add = teller.event(&json!({ "add": "mug", "by": by }));
    shop.events("pk_local", &[add]).await;
}

#[tokio::test]
async fn another_pepper_revives_nobody_and_knows_who_signs_in_again() {
    let (mut shop, mut teller) = (World::memory().await, Teller::new(START));
    visit(&mut shop, &mut teller, 0).await;
    visit(&mut shop, &mut teller, 1).await;
    let known = shop.customer("u-1");
    let expires_at = stored(&shop, &known).await.unwrap().profile.expires_at();

    // First the new pepper is listed beside the old one: from now on an erasure covers what a person will be under it.
    let mut shop = shop.restarted_with(secret(OLD, NEW));
    erase(&shop, "u-0").await;
    let old = shop.customer("u-0");

    // Then they change places.
    shop = shop.restarted_with(secret(NEW, OLD));
    let new = shop.customer("u-0");
    assert_ne!(old, new);
    for n in 0..2 {
        visit(&mut shop, &mut teller, n).await;
    }
    for key in [&old, &new] {
        assert!(stored(&shop, key).await.unwrap().profile.is_tombstone(), "{key:?}");
    }
    let address = &shop.stack.secrets.contacts("person-0@mail.example");
    for hash in address {
        let held = shop.stack.tables.suppression(hash).await.unwrap().unwrap();
        assert_eq!(held.reason, SuppressionReason::Erased);
        assert!(shop.stack.tables.history(hash).await.unwrap().is_none());
    }

    // Whoever is known begins anew under the new key, and what lies under the old one is as it was, until it expires.
    let again = shop.customer("u-1");
    assert_ne!(known, again);
    let cart = |stored: &Stored| stored.profile.cart.lines.len();
    assert_eq!(cart(&stored(&shop, &again).await.unwrap()), 1);
    let left = stored(&shop, &known).await.unwrap();
    assert_eq!(left.profile.expires_at(), expires_at);
    assert!(expires_at.since(START + YEAR) <= DurationMs::from_days(1), "nothing puts it off");
    shop.finish().await;
}

#[tokio::test]
async fn a_link_of_a_mail_from_before_unsubscribes_whoever_is_mailed_under_the_new_pepper() {
    let (mut shop, mut teller) = (World::memory().await, Teller::new(START));
    visit(&mut shop, &mut teller, 1).await;
    shop.pass(DurationMs::from_minutes(16));
    assert_eq!(shop.mailer().await["sent"], 1);
    let mail = shop.stack.sender.mails().pop().unwrap().email;
    let link = mail.headers.iter().find(|(name, _)| name == "List-Unsubscribe").unwrap().1.clone();
    let path = link.trim_matches(['<', '>']).strip_prefix(PUBLIC_URL).unwrap().to_owned();

    let mut shop = shop.restarted_with(secret(NEW, OLD));
    let click = axum::http::Request::builder().method("POST").uri(path.as_str());
    let click = click.header("content-type", "application/x-www-form-urlencoded");
    let answer = shop.request(click.body("List-Unsubscribe=One-Click".into()).unwrap()).await;
    assert_eq!(answer.status, 200);
    shop.pass(DurationMs::from_days(2));
    let mut later = Teller::new(shop.stack.clock.now());
    visit(&mut shop, &mut later, 1).await;
    shop.pass(DurationMs::from_minutes(16));
    assert_eq!(shop.mailer().await["sent"], 0, "the old hash of the address is looked up, too");
}

#[tokio::test]
async fn an_erasure_from_before_is_asked_again_when_the_pepper_was_not_listed_then() {
    let (mut shop, mut teller) = (World::memory().await, Teller::new(START));
    visit(&mut shop, &mut teller, 0).await;
    erase(&shop, "u-0").await;
    let mut shop = shop.restarted_with(secret(NEW, OLD));
    erase(&shop, "u-0").await;
    visit(&mut shop, &mut teller, 0).await;
    let pepper = &shop.stack.secrets.pepper;
    let new = pepper.customer(&UserId::new("u-0").unwrap());
    assert!(stored(&shop, &new).await.unwrap().profile.is_tombstone());
}
