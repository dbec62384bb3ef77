//! The story: a stranger becomes a reader, a customer, a left cart, a mail, and a wish to be left alone.

use super::Steps;
use super::events::{TENT, event, login, products, why};
use super::world::World;
use crate::error::CliError;
use beckon_domain::DurationMs;
use beckon_store::streams::{EventStream, NewRecord};
use serde_json::{Value, json};

const MINUTE: DurationMs = DurationMs::from_minutes(1);

fn who() -> Value {
    json!({ "anonymousId": "smoke-visitor" })
}

pub(super) async fn tell(steps: &mut Steps) -> Result<(), CliError> {
    let mut world = World::new().await?;
    steps.step("a fresh stack starts", true, world.base_url.clone());
    browse(steps, &mut world).await?;
    log_in(steps, &mut world).await?;
    leave_a_cart(steps, &mut world).await?;
    buy_a_cart(steps, &mut world).await?;
    unsubscribe(steps, &mut world).await?;
    bad_input(steps, &mut world).await?;
    let balance = world.conservation().await?;
    steps.step(
        "every event is accounted for",
        balance.holds() && balance.in_flight == 0,
        balance.to_string(),
    );
    Ok(())
}

async fn browse(steps: &mut Steps, world: &mut World) -> Result<(), CliError> {
    let decision = world.decide(&who(), Some(TENT), "pdp.related").await?;
    let held = decision["reason"]["code"] == "NO_PROFILE" && products(&decision).len() == 4;
    steps.step("a stranger is shown the best sellers", held, why(&decision));

    let accepted =
        world.events("pk_local", &[event("smoke-visitor", "Product Viewed", "bag-summer")]).await?;
    let stored = world.decide(&who(), Some("bag-summer"), "pdp.related").await?;
    let held = accepted["accepted"] == 1 && stored["reason"]["code"] == "DEFAULT";
    steps.step("an event becomes state; nothing matches yet", held, why(&stored));

    world.pass(DurationMs::from_secs(31));
    let decision = world.decide(&who(), Some("bag-summer"), "pdp.related").await?;
    let held = decision["reason"]["ruleId"] == "related-after-30s";
    steps.step("viewed for more than 30 s: related products", held, why(&decision));

    world.events("pk_local", &[event("smoke-visitor", "Product Viewed", TENT)]).await?;
    let decision = world.decide(&who(), Some(TENT), "pdp.related").await?;
    let held =
        decision["reason"]["ruleId"] == "tent-accessories" && decision["items"][0]["source"] == "accessory";
    steps.step("viewed within the last 5 minutes: its accessories first", held, why(&decision));

    world.pass(DurationMs::from_minutes(5));
    let decision = world.decide(&who(), None, "pdp.related").await?;
    let held = decision["reason"]["ruleId"] != "tent-accessories";
    steps.step("five minutes later that is over", held, why(&decision));
    Ok(())
}

async fn log_in(steps: &mut Steps, world: &mut World) -> Result<(), CliError> {
    let before = world.decide(&who(), None, "home.hero").await?;
    let held = before["reason"]["ruleId"] != "members-only";
    steps.step("before login: nothing for members", held, why(&before));

    let (status, refused) = world
        .post("/v1/decisions", "pk_local", &json!({ "userId": "smoke-1", "slots": [{ "id": "home.hero" }] }))
        .await?;
    let held = status == 403 && refused["errors"][0]["code"] == "identity.unproven";
    steps.step("a page cannot ask for somebody else's profile", held, format!("{status}"));

    world.events("sk_local", &[login("smoke-visitor", "smoke-1", "smoke-1@shop.example")]).await?;
    let after = world.decide(&who(), None, "home.hero").await?;
    let held = after["reason"]["ruleId"] == "members-only";
    steps.step("the shop's server says who it is: only logged-in users", held, why(&after));
    Ok(())
}

async fn leave_a_cart(steps: &mut Steps, world: &mut World) -> Result<(), CliError> {
    world.events("pk_local", &[event("smoke-visitor", "Product Added", TENT)]).await?;
    world.pass(DurationMs::from_ms(15 * 60_000 - 1));
    let early = world.mailer().await?;
    steps.step("a cart is left; before 15 minutes no mail", early == 0, format!("{early} mails"));

    world.pass(DurationMs::from_ms(1));
    let sent = world.mailer().await?;
    let mail = world.stack.sender.mails().into_iter().next_back();
    let held = mail.as_ref().is_some_and(|m| {
        let one_click = m.email.headers.iter().any(|(_, value)| value == "List-Unsubscribe=One-Click");
        m.email.to == "smoke-1@shop.example" && m.email.text.contains("BACK-") && one_click
    });
    let seen = mail.map_or_else(String::new, |m| m.email.subject);
    steps.step("after 15 minutes: one personal mail with a code", sent == 1 && held, seen);

    world.pass(MINUTE);
    let again = world.mailer().await?;
    steps.step("a second run sends nothing more", again == 1, format!("{again} mails"));
    Ok(())
}

async fn buy_a_cart(steps: &mut Steps, world: &mut World) -> Result<(), CliError> {
    let order = json!({
        "type": "track", "event": "Order Completed", "anonymousId": "smoke-buyer", "messageId": "smoke-buyer-order",
        "properties": { "order_id": "o-1", "total": 249.0, "currency": "EUR", "products": [{ "product_id": TENT }] },
    });
    world.events("sk_local", &[login("smoke-buyer", "smoke-2", "smoke-2@shop.example")]).await?;
    world.events("pk_local", &[event("smoke-buyer", "Product Added", TENT)]).await?;
    world.pass(DurationMs::from_minutes(14));
    world.events("pk_local", &[order]).await?;
    world.pass(DurationMs::from_minutes(30));
    let sent = world.mailer().await?;
    steps.step("a cart that was bought is not mailed", sent == 1, format!("{sent} mails"));
    Ok(())
}

async fn unsubscribe(steps: &mut Steps, world: &mut World) -> Result<(), CliError> {
    let mail = world.stack.sender.mails().into_iter().next_back();
    let link = mail.as_ref().and_then(|m| m.email.headers.first()).map(|(_, value)| value.clone());
    let link = link.unwrap_or_default().trim_matches(['<', '>']).to_owned();
    let (shown, _) = world.page(&link, None).await?;
    let mut sent = Vec::new();
    for (round, cart) in [("shown", "bag-summer"), ("done", "stove-gas")] {
        // Buying ends the episode; the next product begins another.
        let mut bought = event("smoke-visitor", "Order Completed", cart);
        bought["messageId"] = json!(format!("smoke-bought-{round}"));
        world.events("pk_local", &[bought]).await?;
        world.pass(MINUTE);
        world.events("pk_local", &[event("smoke-visitor", "Product Added", cart)]).await?;
        world.pass(DurationMs::from_minutes(16));
        sent.push(world.mailer().await?);
        if round == "shown" {
            let (done, _) = world.page(&link, Some("List-Unsubscribe=One-Click")).await?;
            let held = shown == 200 && done == 200 && sent == [2];
            steps.step(
                "looking at the unsubscribe page changes nothing",
                held,
                format!("{shown}, {sent:?} mails"),
            );
        }
    }
    steps.step(
        "one click unsubscribes: the next cart is not mailed",
        sent == [2, 2],
        format!("{sent:?} mails"),
    );
    Ok(())
}

async fn bad_input(steps: &mut Steps, world: &mut World) -> Result<(), CliError> {
    let mut bad = event("smoke-other", "Product Added", TENT);
    bad["properties"]["price"] = json!("free");
    let good = event("smoke-other", "Product Viewed", TENT);
    let answer = world.events("pk_local", &[bad, good]).await?;
    let verdict = &answer["rejected"][0];
    let held = answer["accepted"] == 1 && verdict["pointer"] == "/properties/price";
    steps.step("a bad event gets its verdict, its neighbour is taken", held, verdict["detail"].to_string());

    let poison = NewRecord { partition_key: "poison".to_owned(), data: b"not an event".to_vec() };
    let put = world.stack.stream.put(vec![poison]).await;
    put.map_err(|e| CliError::caused("the stream refused", &e))?;
    let drained = world.stack.drain().await?;
    let kept = world.stack.failed.documents();
    world.poisoned();
    let held = drained.stuck_count == 0 && kept.len() == 1;
    steps.step(
        "a poisoned record is kept as failed and blocks nothing",
        held,
        format!("{:?}", kept.keys().next()),
    );
    Ok(())
}
