//! RFC 8058: one click unsubscribes, and nothing else does.

use axum::body::Body;
use axum::http::Request;
use beckon_domain::DurationMs;
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{OutreachStore, Suppression, SuppressionReason, SuppressionStore};
use harness::{Answer, Faults, Faulty, World, world::PUBLIC_URL};
use serde_json::json;

const EMAIL: &str = "anna@mail.example";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

type Shop = World<Faulty<MemoryTables>>;

/// A shop that has mailed Anna, and the path of her link.
async fn mailed() -> (Shop, Faults, String) {
    let faults = Faults::default();
    let mut shop = World::on(Faulty::new(MemoryTables::default(), &faults), SAMPLE).await;
    let events = [
        json!({ "type": "identify", "userId": "u-1", "traits": { "email": EMAIL },
                "context": { "consent": { "marketing_email": true } } }),
        json!({ "type": "track", "event": "Product Added", "userId": "u-1", "properties": { "product_id": "mug" } }),
    ];
    shop.events("sk_local", &events).await;
    shop.pass(DurationMs::from_minutes(15));
    assert_eq!(shop.mailer().await["sent"], 1);
    let email = shop.stack.sender.mails().pop().unwrap().email;
    let header = |name: &str| email.headers.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!(header("List-Unsubscribe-Post"), ONE_CLICK);
    let link = header("List-Unsubscribe");
    let url = link.strip_prefix('<').and_then(|l| l.strip_suffix('>')).unwrap();
    assert!(email.html.contains(url) && email.text.contains(url), "people find the link in the mail as well");
    let path = url.strip_prefix(PUBLIC_URL).unwrap().to_owned();
    (shop, faults, path)
}

async fn get(shop: &Shop, path: &str) -> Answer {
    shop.request(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post(shop: &Shop, path: &str, body: &str) -> Answer {
    shop.request(Request::post(path).body(Body::from(body.to_owned())).unwrap()).await
}

async fn suppressed(shop: &Shop) -> bool {
    let contact = shop.stack.secrets.pepper.contact(EMAIL);
    shop.stack.tables.inner.is_suppressed(&contact).await.unwrap()
}

#[tokio::test]
async fn a_scanner_that_follows_the_link_changes_nothing_and_one_post_unsubscribes() {
    let (shop, _, path) = mailed().await;
    let page = get(&shop, &path).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<form method=\"post\">"), "a person is offered a button");
    assert!(!suppressed(&shop).await, "GET unsubscribed");

    let done = post(&shop, &path, ONE_CLICK).await;
    assert_eq!(done.status, 200, "no redirect: mail programs follow none");
    assert!(suppressed(&shop).await);
    assert_eq!(post(&shop, &path, ONE_CLICK).await.status, 200, "asked again it is the same");
}

#[tokio::test]
async fn head_is_answered_like_get_and_any_other_method_is_refused() {
    let (shop, _, path) = mailed().await;
    let asked = |method: &str| {
        shop.request(Request::builder().method(method).uri(&path).body(Body::from(ONE_CLICK)).unwrap())
    };
    let head = asked("HEAD").await;
    assert_eq!((head.status, head.text().len()), (200, 0));
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let answer = asked(method).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, POST"), "{method}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{method}");
    }
    assert!(!suppressed(&shop).await);
}

#[tokio::test]
async fn the_one_click_may_be_multipart_and_a_body_that_is_too_long_is_refused() {
    let (shop, _, path) = mailed().await;
    let long = format!("{ONE_CLICK}&x={}", "x".repeat(5_000));
    assert_eq!(post(&shop, &path, &long).await.status, 413);
    assert!(!suppressed(&shop).await);
    let body =
        "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let request = Request::post(&path).header("content-type", "multipart/form-data; boundary=b");
    let answer = shop.request(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!((answer.header("location"), answer.header("set-cookie")), ("", ""), "no redirect, no cookie");
    assert!(suppressed(&shop).await);
}

/// What the button of a page sends, that takes an unsubscription back.
fn undo_form(page: &Answer) -> Option<String> {
    let text = page.text();
    let token = text.split("name=\"undo\" value=\"").nth(1)?.split('"').next()?;
    Some(format!("undo={token}"))
}

#[tokio::test]
async fn who_did_not_mean_it_takes_it_back_with_one_click_and_only_that_unsubscription() {
    let (shop, _, path) = mailed().await;
    let done = post(&shop, &path, ONE_CLICK).await;
    let undo = undo_form(&done).expect("the page offers it");
    for forged in ["undo=", "undo=1.AAAA", &format!("{undo}A"), &undo.replacen("=1", "=2", 1)] {
        assert_eq!(post(&shop, &path, forged).await.status, 404, "{forged}");
    }
    assert!(suppressed(&shop).await);
    let undone = post(&shop, &path, &undo).await;
    assert_eq!(undone.status, 200);
    assert!(undone.text().contains("subscribed again"));
    assert!(!suppressed(&shop).await);
    assert_eq!(post(&shop, &path, &undo).await.status, 409, "there is nothing left to take back");

    shop.pass(DurationMs::from_minutes(1));
    post(&shop, &path, ONE_CLICK).await;
    assert_eq!(post(&shop, &path, &undo).await.status, 409, "an old page does not undo a new wish");
    assert!(suppressed(&shop).await);
}

#[tokio::test]
async fn nobody_takes_back_a_bounce_or_a_complaint() {
    for reason in [SuppressionReason::Bounced, SuppressionReason::Complained, SuppressionReason::Erased] {
        let (shop, _, path) = mailed().await;
        let undo = undo_form(&post(&shop, &path, ONE_CLICK).await).unwrap();
        let contact = shop.stack.secrets.pepper.contact(EMAIL);
        let stronger = Suppression { reason, at: shop.stack.clock.now() };
        shop.stack.tables.inner.suppress(&contact, stronger).await.unwrap();
        assert_eq!(post(&shop, &path, &undo).await.status, 409, "{reason:?}");
        let again = post(&shop, &path, ONE_CLICK).await;
        assert_eq!((again.status, undo_form(&again)), (200, None), "{reason:?}: there is no button");
        assert_eq!(shop.stack.tables.inner.suppression(&contact).await.unwrap(), Some(stronger));
    }
}

#[tokio::test]
async fn the_page_speaks_german_to_whoever_reads_it() {
    let (shop, _, path) = mailed().await;
    let ask = |language: &str| {
        let request = Request::get(&path).header("accept-language", language);
        shop.request(request.body(Body::empty()).unwrap())
    };
    let german = ask("de-DE,de;q=0.9,en;q=0.8").await;
    assert!(german.text().contains("<html lang=\"de\">") && german.text().contains("Abmelden"));
    assert_eq!((german.header("content-language"), german.header("vary")), ("de", "accept-language"));
    assert!(ask("fr").await.text().contains("Unsubscribe"));
}

#[tokio::test]
async fn no_cache_frame_script_or_referrer_gets_hold_of_the_page() {
    let (shop, _, path) = mailed().await;
    for page in [get(&shop, &path).await, post(&shop, &path, ONE_CLICK).await, get(&shop, "/u/forged").await]
    {
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("x-robots-tag"), "noindex");
        assert!(page.header("content-type").starts_with("text/html"));
        let policy = page.header("content-security-policy");
        for directive in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(directive), "{directive} is missing: {policy}");
        }
        assert!(!page.text().contains(EMAIL), "whoever is sent the link learns no address");
        assert!(!page.text().contains("<script"));
    }
}

#[tokio::test]
async fn a_forged_token_and_another_wish_change_nothing() {
    let (shop, _, path) = mailed().await;
    let (token, mac) = path.rsplit_once('.').unwrap();
    let flipped: String = mac.chars().rev().collect();
    let forged = [
        format!("{token}.{flipped}"),
        format!("{token}."),
        token.to_owned(),
        format!("{path}A"),
        "/u/%00".to_owned(),
        "/u/..%2f..%2fetc".to_owned(),
        format!("/u/{}", "A".repeat(5_000)),
    ];
    for path in &forged {
        assert_eq!(get(&shop, path).await.status, 404, "{path}");
        assert_eq!(post(&shop, path, ONE_CLICK).await.status, 404, "{path}");
    }
    for body in ["", "List-Unsubscribe=No", "{}", "List-Unsubscribe"] {
        assert_eq!(post(&shop, &path, body).await.status, 400, "{body}");
    }
    assert!(!suppressed(&shop).await);
}

#[tokio::test]
async fn a_wish_that_could_not_be_stored_is_not_confirmed() {
    let (shop, faults, path) = mailed().await;
    faults.set_broken(true);
    let answer = post(&shop, &path, ONE_CLICK).await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("<form method=\"post\">"), "the person can try again");
    faults.set_broken(false);
    assert_eq!(post(&shop, &path, ONE_CLICK).await.status, 200);
    assert!(suppressed(&shop).await);
}
