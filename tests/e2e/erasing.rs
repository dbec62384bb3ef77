//! What is held on a person is told, and erased: at once where it is found by key, by the sweep elsewhere, and nothing that
//! was under way brings anything back.

mod held;

use admin::{Admin, run_tests};
use beckon_cli::stack::Tables;
use beckon_domain::code::{Expiry, PoolName, Worth};
use beckon_domain::id::UserId;
use beckon_domain::{ContactHash, DiscountCode, DurationMs, ProfileKey, SourceId, Timestamp};
use beckon_store::archive::ArchiveObjects;
use beckon_store::archive::memory::MemoryArchive;
use beckon_store::models::memory::MemoryModels;
use beckon_store::objects::RewriteObjects;
use beckon_store::tables::codes::{NewCode, Pool, PoolKind};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    AuditLog, ContactStore, ErasureStore, OutreachStore, PersonStore, ProfileStore, Read, SuppressionReason,
};
use beckon_wire::rights::PersonAsk;
use harness::{Fault, Faults, Faulty, Teller, World, world::START};
use held::{experimented, objects, run};
use serde_json::{Value, json};
use trainer::Sweeper;

const RULES: &str = "version: 1
name: Erasing
currency: EUR
products:
  - { id: mug, name: Insulated Mug, category: cooking, price: 18.00 }
rules:
  - id: cart-left
    when: { event: Product Added }
    then:
      send: cart-reminder
      quiet_hours: false
      holdout: 0
      steps: [{ after: 1h, discount: { percent: 10, pool: spring } }]
";
const HOUR: DurationMs = DurationMs::from_hours(1);

/// A shop in which two people have left a cart, were mailed a code each, and bought with it. The first one has two devices,
/// and a stranger claims to be them.
async fn story<T: Tables>(tables: T) -> World<T> {
    let mut shop = World::on(tables, RULES).await;
    let mut teller = Teller::new(START);
    let name = PoolName::new("spring").unwrap();
    let pool =
        Pool { name: name.clone(), kind: PoolKind::Uploaded, worth: Worth::Percent(10), created_at: START };
    shop.stack.tables.create_pool(&pool).await.unwrap();
    let code = |n: u64| NewCode {
        code: DiscountCode::new(&format!("SPRING-{n}")).unwrap(),
        expiry: Expiry::Never,
        row: n,
    };
    shop.stack.tables.add_codes(&name, "by the test", &[code(1), code(2)]).await.unwrap();
    for n in 0..2 {
        let (user, by, email) =
            (format!("u-{n}"), format!("visitor-{n}"), format!("person-{n}@mail.example"));
        let consent = json!({ "marketing_email": true });
        let view = teller.event(&json!({ "view": "mug", "by": by }));
        shop.events("pk_local", &[view]).await;
        let login = teller.event(&json!({ "login": user, "by": by, "email": email, "consent": consent }));
        shop.events("sk_local", &[login]).await;
        let add = teller.event(&json!({ "add": "mug", "by": by }));
        shop.events("pk_local", &[add]).await;
    }
    let phone = teller.event(&json!({ "view": "mug", "by": "phone-0" }));
    shop.events("pk_local", &[phone]).await;
    let login = teller.event(&json!({ "login": "u-0", "by": "phone-0" }));
    shop.events("sk_local", &[login]).await;
    let claim =
        json!({ "type": "identify", "anonymousId": "stranger", "userId": "u-0", "messageId": "claim" });
    shop.events("pk_local", &[claim]).await;
    shop.at(HOUR);
    assert_eq!(shop.mailer().await["sent"], 2);
    for n in 0..2 {
        let order = json!({ "type": "track", "event": "Order Completed", "anonymousId": format!("visitor-{n}"),
            "messageId": format!("order-{n}"), "properties": { "order_id": format!("A-{n}"), "total": 18.0,
            "currency": "EUR", "products": [{ "product_id": "mug", "quantity": 1 }] } });
        shop.events("pk_local", &[order]).await;
    }
    shop.pass(DurationMs::from_minutes(2));
    shop.mailer().await;
    experimented(&shop).await;
    shop
}

async fn asked<T: Tables>(shop: &World<T>, what: &str, body: &Value) -> Value {
    let answer = shop.post(&format!("/admin/v1/privacy/{what}"), "sk_local", body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
    answer.json()
}

async fn sweep<T: Tables>(shop: &World<T>, archive: &MemoryArchive) {
    let sweeper = Sweeper {
        tables: shop.stack.tables.clone(),
        archive: archive.clone(),
        failed: shop.stack.failed.clone(),
        clock: shop.stack.clock.clone(),
    };
    assert!(!sweeper.run(None).await.unwrap().is_cut);
}

/// Everything that any store holds, in words.
async fn everything<T: Tables>(
    shop: &World<T>,
    archive: &MemoryArchive,
    tombstones: &[ProfileKey],
) -> String {
    let tables = &shop.stack.tables;
    let mut held = String::new();
    for (key, profile) in tables.scan_profiles().await.unwrap() {
        let name = if tombstones.contains(&key) { "a tombstone" } else { key.as_str() };
        held += &format!("{name} {}\n", serde_json::to_string(&profile).unwrap());
        let contact = tables.contact(&key, START).await.unwrap();
        held += &format!("{:?}\n", contact.map(|contact| (contact.email, contact.first_name)));
    }
    let page = tables.scan_ledger(None, 1_000).await.unwrap();
    held += &format!("{:?}\n", page.rows);
    for pool in tables.pools().await.unwrap() {
        for record in tables.code_page(&pool.name, None).await.unwrap().codes {
            held += &format!("{:?}\n", tables.code(&record.code).await.unwrap());
        }
    }
    let mut after = None;
    loop {
        let page = tables.run_page(&run(), after.as_deref(), 100).await.unwrap();
        held += &page.rows.iter().map(|row| format!("{} {row:?}\n", row.of())).collect::<String>();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for kept in archive.list_archived("").await.unwrap() {
        let document = archive.read_archived(&kept.key).await.unwrap().unwrap();
        held += &String::from_utf8(document).unwrap();
    }
    for (key, document) in shop.stack.failed.documents() {
        held += &format!("{key} {}\n", String::from_utf8(document).unwrap());
    }
    for record in tables.audit_page(0, 1_000).await.unwrap() {
        held += &format!("{}\n", record.text);
    }
    held
}

/// The person of the story, by every id and key.
struct Gone {
    person: Value,
    keys: [ProfileKey; 3],
    recipient: ContactHash,
}

fn gone<T: Tables>(shop: &World<T>) -> Gone {
    Gone {
        person: json!({ "userId": "u-0" }),
        keys: [shop.customer("u-0"), shop.visitor("visitor-0"), shop.visitor("phone-0")],
        recipient: shop.stack.secrets.pepper.contact("person-0@mail.example"),
    }
}

/// What is held is told, and nothing about anybody else.
async fn exported<T: Tables>(shop: &World<T>, gone: &Gone) {
    let export = asked(shop, "export", &gone.person).await;
    let kinds = |kind: &str| {
        export["outreach"].as_array().unwrap().iter().filter(|held| held["kind"] == kind).count()
    };
    assert_eq!(export["profiles"].as_array().unwrap().len(), 3, "{export:#}");
    assert_eq!([kinds("reminder"), kinds("order"), kinds("code")], [1, 1, 1], "{export:#}");
    assert_eq!([kinds("exposure"), kinds("goal")], [2, 1], "{export:#}");
    assert_eq!(export["contacts"][0]["email"], "person-0@mail.example");
    assert_eq!(export["addresses"][0]["mails"].as_array().unwrap().len(), 1);
    let text = export.to_string();
    assert!(text.contains("A-0") && text.contains("SPRING-"), "{text}");
    for other in [shop.customer("u-1").as_str(), "person-1@mail.example", "A-1"] {
        assert!(!text.contains(other), "what is held on others is told: {other}");
    }
    let found = asked(shop, "erase", &json!({ "userId": "u-0", "dryRun": true })).await["found"].clone();
    assert_eq!((&found["profiles"], &found["outreach"]), (&json!(3), &json!(6)));
    assert_eq!(asked(shop, "export", &gone.person).await["profiles"], export["profiles"], "nothing was done");
}

/// The request, the same again, and the sweep.
async fn erased<T: Tables>(shop: &World<T>, archive: &MemoryArchive, gone: &Gone) {
    let erased = asked(shop, "erase", &gone.person).await;
    assert_eq!(erased["erasure"]["state"], "erased", "{erased:#}");
    assert_eq!((&erased["found"]["profiles"], &erased["found"]["outreach"]), (&json!(3), &json!(6)));
    let again = asked(shop, "erase", &gone.person).await;
    assert_eq!(
        again["erasure"]["id"], erased["erasure"]["id"],
        "the tombstones stand: it is the same erasure"
    );
    assert_eq!(again["found"]["profiles"], 0);
    sweep(shop, archive).await;
    let status = asked(shop, "status", &gone.person).await["erasures"][0].clone();
    assert_eq!(status["state"], "complete", "{status:#}");
    let removed = &status["removed"];
    assert_eq!((&removed["archiveLines"], &removed["failedEvents"]), (&json!(2), &json!(1)));
}

/// What comes late: events of both devices, a login that tells the address again, a run of the mailer.
async fn late<T: Tables>(shop: &mut World<T>, archive: &MemoryArchive) {
    let mut teller = Teller::new(START + HOUR + HOUR);
    let late = [
        teller.event(&json!({ "add": "mug", "by": "visitor-0", "id": "late-1" })),
        teller.event(&json!({ "add": "mug", "by": "phone-0", "id": "late-2" })),
    ];
    shop.events("pk_local", &late).await;
    let consent = json!({ "marketing_email": true });
    let login = teller.event(&json!({ "login": "u-0", "by": "tablet-0", "id": "late-3",
        "email": "person-0@mail.example", "consent": consent }));
    shop.events("sk_local", &[login]).await;
    shop.pass(HOUR);
    shop.mailer().await;
    assert_eq!(shop.mails(), 2, "nobody is mailed who was erased");
    shop.pass(DurationMs::from_days(1));
    sweep(shop, archive).await;
}

async fn told_exported_and_erased<T: Tables>(tables: T) {
    let mut shop = story(tables).await;
    let (archive, gone) = (objects(&shop).await, gone(&shop));
    exported(&shop, &gone).await;
    erased(&shop, &archive, &gone).await;
    late(&mut shop, &archive).await;

    let tombstones: Vec<ProfileKey> = gone.keys.into_iter().chain([shop.visitor("tablet-0")]).collect();
    for key in &tombstones {
        let stored = shop.stack.tables.load(std::slice::from_ref(key), Read::Strong).await.unwrap();
        assert!(stored[key].profile.is_tombstone(), "{key:?}: {:?}", stored[key].profile);
        assert_eq!(shop.stack.tables.contact(key, START).await.unwrap(), None);
    }
    let held = everything(&shop, &archive, &tombstones).await;
    let names = ["u-0", "visitor-0", "phone-0", "person-0@mail.example", gone.recipient.as_str(), "A-0"];
    for trace in tombstones.iter().map(ProfileKey::as_str).chain(names) {
        assert!(!held.contains(trace), "`{trace}` is held: {held}");
    }
    for other in [shop.customer("u-1").as_str(), "person-1@mail.example", "A-1", "stays"] {
        assert!(held.contains(other), "`{other}` is nobody's who was erased");
    }
    assert_eq!(shop.stack.tables.history(&gone.recipient).await.unwrap(), None);
    let suppression = shop.stack.tables.suppression(&gone.recipient).await.unwrap();
    assert_eq!(suppression.map(|known| known.reason), Some(SuppressionReason::Erased), "a hash stays");
    // It never was in the stream, and the books know.
    shop.stack.failed.rewrite("failed/expired/stays.json", None).await.unwrap();
    let balance = shop.finish().await;
    assert!(balance.erased == 2 && balance.internal_erased > 0, "{balance}");
}

#[tokio::test]
async fn requirement_44_what_is_held_is_exported_and_erased_from_every_store_and_a_hash_stays() {
    told_exported_and_erased(MemoryTables::default()).await;
}

#[tokio::test]
async fn requirement_44_the_same_on_dynamodb() {
    Box::pin(told_exported_and_erased(beckon_cli::laptop::tables(None).await.unwrap())).await;
}

#[tokio::test]
async fn who_is_let_back_begins_anew() {
    let mut shop = story(MemoryTables::default()).await;
    let person = json!({ "userId": "u-0" });
    let answer = shop.post("/admin/v1/privacy/release", "sk_local", &person).await;
    assert_eq!(answer.status, 404, "nobody was erased: {}", answer.text());
    asked(&shop, "erase", &person).await;
    shop.pass(HOUR);
    let released = asked(&shop, "release", &person).await;
    assert_eq!(released["erasure"]["state"], "released");
    shop.pass(HOUR);
    let now = Timestamp::from_ms(shop.stack.clock.now().as_ms());
    let mut teller = Teller::new(now);
    let view = teller.event(&json!({ "view": "mug", "by": "visitor-0", "id": "new-1" }));
    shop.events("pk_local", &[view]).await;
    sweep(&shop, &MemoryArchive::default()).await;
    let key = shop.visitor("visitor-0");
    let stored = shop.stack.tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap();
    assert_eq!(stored[&key].profile.counts.product_views, 1, "only what is new");
    assert_eq!(stored[&key].profile.counts.adds, 0);
    let export = asked(&shop, "export", &json!({ "anonymousId": "visitor-0" })).await;
    assert_eq!(export["profiles"][0]["state"]["counts"]["product_views"], 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_device_whose_link_is_under_way_goes_with_its_customer() {
    let mut shop = World::memory().await;
    let mut teller = Teller::new(START);
    let view = teller.event(&json!({ "view": "mug", "by": "phone" }));
    shop.events("pk_local", &[view]).await;
    let login = teller.event(&json!({ "login": "u-0", "by": "phone" }));
    shop.collect("sk_local", &[login]).await;
    shop.deliver_once().await;
    asked(&shop, "erase", &json!({ "userId": "u-0" })).await;
    shop.drain().await;
    let key = shop.visitor("phone");
    let stored = shop.stack.tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap();
    assert!(stored[&key].profile.is_tombstone(), "the merge record named it: {:?}", stored[&key].profile);
    let slots = json!({ "anonymousId": "phone", "slots": [{ "id": "home.hero" }] });
    let told = shop.post("/v1/decisions", "pk_local", &slots).await.json();
    assert_eq!(told["profile"]["state"], "none", "{told}");
    shop.finish().await;
}

#[tokio::test]
async fn whatever_call_fails_the_same_request_again_erases_all_of_it() {
    for fault in Fault::ALL {
        for n in 1.. {
            let shop = story(MemoryTables::default()).await;
            let faults = Faults::at(n, fault);
            let admin = Admin {
                tables: Faulty::new(shop.stack.tables.clone(), &faults),
                objects: MemoryModels::default(),
                secrets: shop.stack.secrets.clone(),
                clock: shop.stack.clock.clone(),
                run_tests,
                tombstone: DurationMs::from_days(90),
            };
            let ask = PersonAsk {
                customer: UserId::new("u-0").ok(),
                visitor: None,
                dry_run: false,
                allow_return: false,
                after: None,
            };
            let source = SourceId::new("server").unwrap();
            let caller = admin::Caller { source: &source, request_id: "er-1" };
            let first = admin.erase(&ask, caller).await;
            if !faults.struck() {
                first.unwrap();
                assert!(n > 8, "only {n} calls");
                break;
            }
            let what = format!("{fault:?} at call {n} of {:?}", faults.calls());
            asked(&shop, "erase", &json!({ "userId": "u-0" })).await;
            let tables = &shop.stack.tables;
            let keys = [shop.customer("u-0"), shop.visitor("visitor-0"), shop.visitor("phone-0")];
            for key in &keys {
                let stored = tables.load(std::slice::from_ref(key), Read::Strong).await.unwrap();
                assert!(stored[key].profile.is_tombstone(), "{what}: {key:?}");
                assert_eq!(tables.contact(key, START).await.unwrap(), None, "{what}");
            }
            assert_eq!(tables.trace_page(&keys, None).await.unwrap().traces, [], "{what}");
            let recipient = shop.stack.secrets.pepper.contact("person-0@mail.example");
            assert_eq!(tables.history(&recipient).await.unwrap(), None, "{what}");
            assert!(tables.is_suppressed(&recipient).await.unwrap(), "{what}");
            assert!(!tables.erasures().await.unwrap().is_empty(), "{what}");
        }
    }
}

#[tokio::test]
async fn pages_and_strangers_are_told_nothing_and_what_is_written_down_names_nobody() {
    let shop = story(MemoryTables::default()).await;
    for (key, status) in [("pk_local", 403), ("sk_guessed", 401)] {
        for what in ["export", "erase", "release", "status"] {
            let answer =
                shop.post(&format!("/admin/v1/privacy/{what}"), key, &json!({ "userId": "u-0" })).await;
            assert_eq!(answer.status, status, "{what}");
        }
    }
    asked(&shop, "export", &json!({ "userId": "u-0" })).await;
    asked(&shop, "erase", &json!({ "userId": "u-0" })).await;
    let records = shop.stack.tables.audit_page(0, 100).await.unwrap();
    assert_eq!(records.len(), 4, "each is written down before and after");
    let person = shop.customer("u-0").digest();
    for record in &records {
        for trace in ["u-0", "person-0", shop.customer("u-0").as_str(), "SPRING-"] {
            assert!(!record.text.contains(trace), "{trace}: {}", record.text);
        }
    }
    assert!(records[1].text.contains(&person) && records[3].text.contains(&person));
    let answer =
        shop.post("/admin/v1/privacy/erase", "sk_local", &json!({ "email": "a@mail.example" })).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("nothing is indexed by addresses"), "{}", answer.text());
}
