//! Who may do what: every key with every token, every pair of ids and every operation, against a table in words. Nobody
//! reads, writes, links or merges a profile that is not theirs.
//!
//! An `anonymousId` is a bearer id: its browser made it by chance, and whoever knows it speaks for it. So "another's
//! anonymousId" stands for one that was found out, and opens that visitor's profile; never a customer's.

use axum::body::Body;
use axum::http::Request;
use beckon_domain::key::hs256;
use beckon_domain::{DurationMs, ProfileKey};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ContactStore, ProfileStore, Read};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use harness::World;
use serde_json::{Value, json};

const KEYS: [&str; 6] = ["none", "unknown", "publishable", "secret", "revoked", "of another source"];
const TOKENS: [&str; 7] =
    ["none", "valid", "expired", "wrong audience", "wrong signature", "alg none", "of a third person"];
const IDS: [&str; 6] = [
    "own anonymous",
    "other's anonymous",
    "own user",
    "other's user",
    "both own",
    "own anonymous, other's user",
];
const OPERATIONS: [&str; 4] = ["track", "identify", "alias", "decide"];

/// One combination, with people of its own.
#[derive(Clone, Copy)]
struct Case {
    n: usize,
    key: &'static str,
    token: &'static str,
    ids: &'static str,
    operation: &'static str,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for key in KEYS {
        for token in TOKENS {
            for ids in IDS {
                for operation in OPERATIONS {
                    cases.push(Case { n: cases.len(), key, token, ids, operation });
                }
            }
        }
    }
    cases
}

/// What should come of a case.
#[derive(Default)]
struct Expected {
    status: u16,
    /// Of `own`, `theirs` (visitors), `me`, `them` (customers): those that change.
    changed: Vec<&'static str>,
    /// Whose profile is read, for a decision.
    state: &'static str,
    is_rejected: bool,
    is_warned: bool,
    /// Whose contact is kept, and whether somebody vouched for it.
    contact: Option<(&'static str, bool)>,
}

impl Case {
    fn anonymous(self) -> Option<&'static str> {
        match self.ids {
            "own anonymous" | "both own" | "own anonymous, other's user" => Some("own"),
            "other's anonymous" => Some("theirs"),
            _ => None,
        }
    }

    fn user(self) -> Option<&'static str> {
        match self.ids {
            "own user" | "both own" => Some("me"),
            "other's user" | "own anonymous, other's user" => Some("them"),
            _ => None,
        }
    }

    /// The rules of the README in words of their own: nothing here is shared with what it is held against.
    fn expected(self) -> Expected {
        if ["none", "unknown", "revoked"].contains(&self.key) {
            return Expected { status: 401, ..Expected::default() };
        }
        let (anonymous, user, is_secret) = (self.anonymous(), self.user(), self.key == "secret");
        let is_token_good =
            self.key == "publishable" && self.token == "valid" && user.is_none_or(|user| user == "me");
        let may_speak_for_user = user.is_some() && (is_secret || is_token_good);
        // A token beside which nobody is named contradicts nothing, and proves nothing.
        let is_idle = self.key == "publishable" && self.token == "of a third person" && user.is_none();
        let is_warned = !is_secret && self.token != "none" && !is_token_good && !is_idle;
        if self.operation == "decide" {
            return self.expected_decision(may_speak_for_user, is_warned);
        }
        let identifies = self.operation != "track";
        let changed = match (anonymous, user) {
            (Some(visitor), Some(customer)) if may_speak_for_user && identifies => vec![visitor, customer],
            (_, Some(customer)) if is_secret => vec![customer],
            (Some(visitor), _) => vec![visitor],
            (None, Some(customer)) if may_speak_for_user => vec![customer],
            _ => Vec::new(),
        };
        let whose = if may_speak_for_user { user } else { anonymous };
        let contact = whose.filter(|_| self.operation == "identify" && !changed.is_empty());
        Expected {
            status: 200,
            is_rejected: changed.is_empty(),
            contact: contact.map(|whose| (whose, is_secret || may_speak_for_user)),
            changed,
            is_warned,
            ..Expected::default()
        }
    }

    fn expected_decision(self, may_speak_for_user: bool, is_warned: bool) -> Expected {
        if self.anonymous().is_none() && !may_speak_for_user {
            return Expected { status: 403, ..Expected::default() };
        }
        let state = match (may_speak_for_user, self.anonymous()) {
            (true, _) => "known",
            (false, Some("theirs")) => "anonymous",
            _ => "none",
        };
        Expected { status: 200, state, is_warned, ..Expected::default() }
    }

    fn name(self, who: &str) -> String {
        format!("{who}-{}", self.n)
    }

    fn key_of(self, shop: &World<MemoryTables>, who: &str) -> ProfileKey {
        let name = self.name(who);
        if ["own", "theirs"].contains(&who) { shop.visitor(&name) } else { shop.customer(&name) }
    }

    fn what(self) -> String {
        format!("key {}, token {}, ids {}, {}", self.key, self.token, self.ids, self.operation)
    }
}

/// The keys of the matrix.
struct Keys {
    revoked: String,
    other_source: String,
    kid: String,
    secret: String,
}

impl Keys {
    async fn make(shop: &World<MemoryTables>) -> Self {
        let create = async |kind: &str, source: &str| {
            let made =
                shop.post("/admin/v1/keys", "sk_local", &json!({ "kind": kind, "source": source })).await;
            let made = made.json();
            (made["secret"].as_str().unwrap().to_owned(), made["key"]["id"].as_str().unwrap().to_owned())
        };
        let (revoked, id) = create("publishable", "browser").await;
        let (other_source, _) = create("publishable", "app").await;
        let (secret, kid) = create("token", "browser").await;
        let request = Request::builder().method("DELETE").uri(format!("/admin/v1/keys/{id}"));
        let basic = format!("Basic {}", BASE64.encode(b"sk_local:"));
        let revocation = request.header("authorization", basic).body(Body::empty()).unwrap();
        assert_eq!(shop.request(revocation).await.status, 200);
        Self { revoked, other_source, kid, secret }
    }

    fn text(&self, key: &str) -> &str {
        match key {
            "none" => "",
            "unknown" => "pk_guess",
            "publishable" => "pk_local",
            "secret" => "sk_local",
            "revoked" => &self.revoked,
            _ => &self.other_source,
        }
    }

    fn token(&self, case: Case, now_secs: i64) -> Option<String> {
        let exp = if case.token == "expired" { now_secs - 1 } else { now_secs + 600 };
        let sub = if case.token == "of a third person" { "third".to_owned() } else { case.name("me") };
        let aud = if case.token == "wrong audience" { "elsewhere" } else { "beckon" };
        let alg = if case.token == "alg none" { "none" } else { "HS256" };
        let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let header = part(json!({ "alg": alg, "kid": self.kid }));
        let claims = part(json!({ "sub": sub, "aud": aud, "iat": now_secs - 1, "exp": exp }));
        let signed = format!("{header}.{claims}");
        let secret = if case.token == "wrong signature" { "ts_guess" } else { &self.secret };
        let signature = match case.token {
            "none" => return None,
            "alg none" => String::new(),
            _ => BASE64URL_NOPAD.encode(&hs256(secret, &signed)),
        };
        Some(format!("{signed}.{signature}"))
    }
}

fn body(case: Case, token: Option<String>) -> Value {
    let mut body = json!({ "type": case.operation, "messageId": format!("m-{}", case.n) });
    if let Some(token) = token {
        body["context"] = json!({ "beckon": { "token": token } });
    }
    let field = if case.operation == "alias" { "previousId" } else { "anonymousId" };
    if let Some(anonymous) = case.anonymous() {
        body[field] = json!(case.name(anonymous));
    }
    if let Some(user) = case.user() {
        body["userId"] = json!(case.name(user));
    }
    match case.operation {
        "decide" => body["slots"] = json!([{ "id": "home.hero" }]),
        "track" => body["event"] = json!("Looked Around"),
        "identify" => body["traits"] = json!({ "email": format!("who-{}@shop.example", case.n) }),
        _ => {}
    }
    body
}

/// Everybody but the visitor who asks has a profile already.
async fn settle_in(shop: &mut World<MemoryTables>, cases: &[Case]) {
    let event = |case: &Case, id: &str, who: &str| {
        json!({ "type": "track", "event": "Looked Around", id: case.name(who),
            "messageId": format!("before-{}", case.name(who)) })
    };
    for part in cases.chunks(200) {
        let theirs: Vec<Value> = part.iter().map(|case| event(case, "anonymousId", "theirs")).collect();
        shop.events("pk_local", &theirs).await;
        let customers =
            part.iter().flat_map(|case| [event(case, "userId", "me"), event(case, "userId", "them")]);
        shop.events("sk_local", &customers.collect::<Vec<_>>()).await;
    }
}

async fn version(shop: &World<MemoryTables>, key: &ProfileKey) -> u64 {
    let loaded = shop.stack.tables.load(std::slice::from_ref(key), Read::Strong).await.unwrap();
    loaded.get(key).map_or(0, |stored| stored.version)
}

#[tokio::test]
async fn nobody_reads_writes_links_or_merges_anothers_profile() {
    let mut shop = World::memory().await;
    let (cases, keys) = (cases(), Keys::make(&shop).await);
    assert_eq!(cases.len(), 1_008);
    shop.pass(DurationMs::from_secs(60));
    settle_in(&mut shop, &cases).await;
    let now_secs = shop.stack.clock.now().as_ms() / 1_000;
    let people = ["own", "theirs", "me", "them"];
    let mut before = Vec::new();
    for case in &cases {
        for who in people {
            before.push(version(&shop, &case.key_of(&shop, who)).await);
        }
    }
    for case in &cases {
        let (expected, what) = (case.expected(), case.what());
        let body = body(*case, keys.token(*case, now_secs));
        let key = keys.text(case.key);
        if case.operation == "decide" {
            let answer = shop.post("/v1/decisions", key, &body).await;
            assert_eq!(answer.status, expected.status, "{what}: {}", answer.text());
            if answer.status == 200 {
                assert_eq!(answer.json()["profile"]["state"], expected.state, "{what}: {}", answer.text());
                assert_eq!(answer.text().contains("token.invalid"), expected.is_warned, "{what}");
            }
            continue;
        }
        let answer = shop.collect(key, &[body]).await;
        assert_eq!(answer.status, expected.status, "{what}: {}", answer.text());
        assert_eq!(answer.text().contains("identity.unproven"), expected.is_rejected, "{what}");
        assert_eq!(answer.text().contains("token.invalid"), expected.is_warned, "{what}: {}", answer.text());
    }
    shop.drain().await;
    for (case, before) in cases.iter().zip(before.chunks(people.len())) {
        let (expected, what) = (case.expected(), case.what());
        for (who, before) in people.into_iter().zip(before) {
            let key = case.key_of(&shop, who);
            let is_changed = version(&shop, &key).await != *before;
            assert_eq!(is_changed, expected.changed.contains(&who), "{what}: the profile of `{who}`");
            let contact = shop.stack.tables.contact(&key, shop.stack.clock.now()).await.unwrap();
            let kept = contact.map(|contact| (who, contact.verified));
            assert_eq!(
                kept,
                expected.contact.filter(|(whose, _)| *whose == who),
                "{what}: contact of `{who}`"
            );
        }
    }
    shop.finish().await;
}
