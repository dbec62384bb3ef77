//! Experiments from a page's question to what a report counts.

use crate::experiments::{DOCUMENT, ask, experiment, loses, tallies, variant};
use axum::body::Body;
use axum::http::Request;
use beckon_domain::DurationMs;
use beckon_store::ruleset::ActiveRuleset;
use beckon_wire::auth::Credentials;
use decisions::{Browser, Decider, Exposures};
use harness::{Faults, Faulty, Teller, World, world::START};
use serde_json::{Value, json};

/// An id whose own hash puts it elsewhere than this variant.
async fn elsewhere(world: &World<beckon_store::tables::memory::MemoryTables>, than: &str) -> String {
    for n in 0..100 {
        let id = format!("device-{n}");
        let looks = json!({ "anonymousId": id, "options": { "recordExposure": false } });
        if variant(&ask(world, "pk_local", &looks).await) != than {
            return id;
        }
    }
    panic!("everybody falls into {than}");
}

#[tokio::test]
async fn a_variant_stays_through_a_login_and_on_the_second_device() {
    let mut world = World::memory().await;
    world.publish_experiments(DOCUMENT).await;
    let mut teller = Teller::new(START);
    let anna = json!({ "anonymousId": "anna" });
    let first = ask(&world, "pk_local", &anna).await;
    assert_eq!(experiment(&first)["inExperiment"], true, "{first}");
    let seen = variant(&first);
    // Before anything is folded, after it, as a customer whose login is under way, and as one that is known.
    assert_eq!(variant(&ask(&world, "pk_local", &anna).await), seen);
    world.drain().await;
    assert_eq!(variant(&ask(&world, "pk_local", &anna).await), seen);
    let login = teller.event(&json!({ "login": "u-1", "by": "anna", "time": "1s" }));
    world.collect("sk_local", &[login]).await;
    assert_eq!(variant(&ask(&world, "pk_local", &anna).await), seen);
    world.drain().await;
    assert_eq!(variant(&ask(&world, "pk_local", &anna).await), seen);
    let other = elsewhere(&world, &seen).await;
    let there = json!({ "anonymousId": other, "userId": "u-1" });
    let put_before = world.stack.stream.lines_put();
    assert_eq!(variant(&ask(&world, "sk_local", &there).await), seen, "what they were shown first");
    assert_eq!(world.stack.stream.lines_put(), put_before, "and it is told no more");
    world.finish().await;
    assert_eq!(tallies(&world, "hero").await, [format!("{seen}: 1 people, 0 crossed over, 0 orders")]);
}

#[tokio::test]
async fn two_devices_that_turn_out_to_be_one_person_count_once_where_they_were_first() {
    let mut world = World::memory().await;
    world.publish_experiments(DOCUMENT).await;
    let mut teller = Teller::new(START);
    let first = variant(&ask(&world, "pk_local", &json!({ "anonymousId": "anna" })).await);
    let other = elsewhere(&world, &first).await;
    world.pass(DurationMs::from_secs(1));
    let second = variant(&ask(&world, "pk_local", &json!({ "anonymousId": other })).await);
    assert_ne!(first, second);
    world.drain().await;
    assert_eq!(tallies(&world, "hero").await.len(), 2);
    for (by, time) in [(other.as_str(), "31s"), ("anna", "32s")] {
        let login = teller.event(&json!({ "login": "u-1", "by": by, "time": time }));
        world.events("sk_local", &[login]).await;
    }
    let order = teller.event(&json!({ "order": ["mug"], "by": other, "id": "o", "time": "40s" }));
    world.pass(DurationMs::from_secs(30));
    world.events("sk_local", &[order]).await;
    let now = ask(&world, "pk_local", &json!({ "anonymousId": other })).await;
    assert_eq!(variant(&now), first, "they switch at most once: to what the person saw first");
    world.finish().await;
    assert_eq!(tallies(&world, "hero").await, [format!("{first}: 1 people, 1 crossed over, 1 orders")]);
}

#[tokio::test]
async fn the_held_out_see_and_get_what_everybody_would_and_are_counted_for_that_alone() {
    let mut world = World::memory().await;
    world.publish_experiments(&DOCUMENT.replace("holdout: 0%", "holdout: 100%")).await;
    let mut teller = Teller::new(START);
    let begins = json!({ "login": "u-1", "by": "anna", "email": "anna@example.com", "time": "1s",
        "consent": { "marketing_email": true } });
    let left = json!({ "add": "tent-2p", "by": "anna", "time": "2s" });
    let events = [teller.event(&begins), teller.event(&left)];
    world.events("sk_local", &events).await;
    let answer = ask(&world, "pk_local", &json!({ "anonymousId": "anna" })).await;
    assert_eq!(answer["reason"], json!({ "code": "HOLDOUT" }), "{answer}");
    assert_eq!(experiment(&answer)["key"], "beckon.holdout");
    world.pass(DurationMs::from_hours(1));
    let report = world.mailer().await;
    assert_eq!(report["notSent"], json!({ "HOLDOUT": 1 }), "{report}");
    world.finish().await;
    assert_eq!(world.mails(), 0);
    assert_eq!(tallies(&world, "beckon.holdout").await, ["held_out: 1 people, 0 crossed over, 0 orders"]);
    assert_eq!(tallies(&world, "hero").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_reminder_tells_that_its_person_is_in_an_experiment_and_offers_what_the_variant_says() {
    let mut world = World::memory().await;
    let document = "version: 1\nholdout: 0%\nexperiments:
  - id: more-off
    status: running
    variants: [{ id: ten, weight: 0% }, { id: twenty, weight: 100%, changes: [{ discount: 20% }] }]\n";
    world.publish_experiments(document).await;
    let mut teller = Teller::new(START);
    let begins = json!({ "login": "u-1", "by": "anna", "email": "anna@example.com", "time": "1s",
        "consent": { "marketing_email": true } });
    let left = json!({ "add": "tent-2p", "by": "anna", "time": "2s" });
    let events = [teller.event(&begins), teller.event(&left)];
    world.events("sk_local", &events).await;
    world.pass(DurationMs::from_hours(1));
    assert_eq!(world.mailer().await["sent"], 1);
    let mail = world.stack.sender.mails().into_iter().next().unwrap().email;
    assert!(mail.text.contains("20"), "{}", mail.text);
    world.finish().await;
    assert_eq!(tallies(&world, "more-off").await, ["twenty: 1 people, 0 crossed over, 0 orders"]);
}

#[tokio::test]
async fn a_kill_switch_shows_the_control_at_once_and_counts_no_more() {
    let mut world = World::memory().await;
    let all_b = DOCUMENT
        .replace("weight: 50%, changes", "weight: 100%, changes")
        .replace("weight: 50%", "weight: 0%");
    world.publish_experiments(&all_b).await;
    let mut teller = Teller::new(START);
    let anna = json!({ "anonymousId": "anna" });
    let first = ask(&world, "pk_local", &anna).await;
    assert_eq!((variant(&first), first["items"].as_array().unwrap().len()), ("b".to_owned(), 2));
    world.drain().await;
    world.publish_experiments(&all_b.replace("version: 1", "version: 1\nkilled: true")).await;
    for who in [&anna, &json!({ "anonymousId": "ben" })] {
        let now = ask(&world, "pk_local", who).await;
        assert_eq!(
            (experiment(&now), now["items"].as_array().unwrap().len() > 2),
            (Value::Null, true),
            "{now}"
        );
    }
    let order = teller.event(&json!({ "order": ["mug"], "by": "anna", "time": "1m" }));
    world.events("sk_local", &[order]).await;
    world.finish().await;
    assert_eq!(tallies(&world, "hero").await, ["b: 1 people, 0 crossed over, 0 orders"]);
}

#[tokio::test]
async fn whoever_is_not_meant_is_not_in_it() {
    let mut world = World::memory().await;
    let document = DOCUMENT.replace("    status:", "    when: { page: { type: cart } }\n    status:");
    world.publish_experiments(&document).await;
    let answer = ask(&world, "pk_local", &json!({ "anonymousId": "anna" })).await;
    assert_eq!(
        (variant(&answer), experiment(&answer)["inExperiment"].clone()),
        ("a".to_owned(), json!(false))
    );
    world.finish().await;
    assert_eq!(tallies(&world, "hero").await, Vec::<String>::new());
}

#[tokio::test]
async fn programs_and_those_who_want_none_of_it_are_in_no_experiment() {
    let mut world = World::memory().await;
    world.publish_experiments(&DOCUMENT.replace("holdout: 0%", "holdout: 50%")).await;
    let denied = json!({ "type": "page", "anonymousId": "anna", "messageId": "1",
        "context": { "consent": { "personalization": false } } });
    world.events("pk_local", &[denied]).await;
    let put_before = world.stack.stream.lines_put();
    let with = |name: &str, value: &str| {
        let body = json!({ "writeKey": "pk_local", "anonymousId": "ben", "slots": [{ "id": "home.hero" }] });
        Request::post("/v1/decisions").header(name, value).body(Body::from(body.to_string())).unwrap()
    };
    let agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    for request in [with("user-agent", agent), with("sec-gpc", "1")] {
        let answer = world.request(request).await.json();
        assert_ne!(answer["decisions"][0]["experiment"]["inExperiment"], true, "{answer}");
    }
    for who in [
        json!({ "anonymousId": "anna" }),
        json!({ "anonymousId": "ben", "context": { "userAgent": agent } }),
        json!({}),
    ] {
        let answer = ask(&world, "pk_local", &who).await;
        assert_ne!(experiment(&answer)["inExperiment"], true, "{answer}");
    }
    assert_eq!(world.stack.stream.lines_put(), put_before);
    world.finish().await;
    for run in ["hero", "beckon.holdout"] {
        assert_eq!(tallies(&world, run).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_telling_that_gets_lost_costs_no_answer_and_is_made_good_by_the_next() {
    let mut world = World::memory().await;
    world.publish_experiments(DOCUMENT).await;
    let stack = &world.stack;
    let (tables, stream) = (stack.tables.clone(), stack.stream.clone());
    let broken = Exposures::putting(Faulty::new(stream, &Faults::broken()));
    let decider = Decider::new(tables, ActiveRuleset::default(), stack.secrets.clone(), stack.clock.clone());
    let decider = Decider { exposures: broken, ..decider };
    let body = json!({ "anonymousId": "anna", "slots": [{ "id": "home.hero" }] }).to_string();
    let credentials = Credentials::of_key("pk_local");
    let answer = decider.decide(body.as_bytes(), &credentials, Browser::default(), "r").await.unwrap();
    let lost = answer.decisions[0].experiment.clone().unwrap().variant;
    world.drain().await;
    assert_eq!(tallies(&world, "hero").await, Vec::<String>::new());
    assert_eq!(variant(&ask(&world, "pk_local", &json!({ "anonymousId": "anna" })).await), lost);
    world.finish().await;
    assert_eq!(tallies(&world, "hero").await, [format!("{lost}: 1 people, 0 crossed over, 0 orders")]);
}

#[tokio::test]
async fn a_fault_at_any_call_of_the_profiler_changes_nothing_of_what_is_counted() {
    loses().await;
}
