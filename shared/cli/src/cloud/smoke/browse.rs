//! Steps of a visitor: a stranger, a reader, a customer.

use super::until::until;
use super::world::World;
use crate::canary::told;
use crate::error::CliError;
use crate::smoke::Steps;
use crate::smoke::events::{TENT, event, login, products, why};
use beckon_domain::DurationMs;
use beckon_rules::{Ruleset, SAMPLE};
use beckon_runtime::WebClient;
use cart_mailer::Canary;
use cart_mailer::canary::HttpsApi;
use reqwest::{Method, Response};
use serde_json::{Value, json};

const NOW: DurationMs = DurationMs::ZERO;
const RELATED: &str = "pdp.related";
const HERO: &str = "home.hero";

fn rule(decision: &Value) -> &str {
    decision["reason"]["ruleId"].as_str().unwrap_or_default()
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned()
}

/// Whether the API answers. Without it there is nothing to wait for.
pub(super) async fn reach(steps: &mut Steps, world: &World) -> Result<bool, CliError> {
    let name = "the API answers pages of other origins";
    let preflight = match world.call(Method::OPTIONS, "/v1/batch", None, &Value::Null).await {
        Ok(answer) => answer,
        Err(error) => {
            steps.step(name, false, error.to_string());
            return Ok(false);
        }
    };
    let (status, mut origin) = (preflight.status(), header(&preflight, "access-control-allow-origin"));
    let mut held =
        status.is_success() && header(&preflight, "access-control-allow-headers").contains("authorization");
    let mut what = format!("OPTIONS {}", status.as_u16());
    if !held && world.is_emulated() {
        // MiniStack answers preflights itself, and never asks the function behind the route.
        let posted = world.call(Method::POST, "/v1/batch", None, &json!({})).await?;
        origin = header(&posted, "access-control-allow-origin");
        (held, what) = (true, "POST, since the emulator answers preflights itself".to_owned());
    }
    held &= origin != "-";
    steps.step(name, held, format!("{origin} on {what}, at {}", world.base_url));

    let body = json!({ "batch": [event(&world.id("visitor"), "Product Viewed", TENT)] });
    let answer = world.call(Method::POST, "/v1/batch", Some("pk_not_one_of_ours"), &body).await?;
    let status = answer.status().as_u16();
    let kind = header(&answer, "content-type");
    let is_refused = status == 401 && kind.starts_with("application/problem+json");
    steps.step("a key that is not live is refused", is_refused, format!("{status} {kind}"));
    Ok(held && is_refused)
}

/// Whether an event becomes state. If not, no later step can hold.
pub(super) async fn flow(steps: &mut Steps, world: &World) -> Result<bool, CliError> {
    let visitor = world.id("visitor");
    let decision = world.decide(&visitor, Some(TENT), RELATED).await?;
    let is_stranger = decision["reason"]["code"] == "NO_PROFILE" && products(&decision).len() == 4;
    let live = decision["configVersion"].as_str().unwrap_or("none");
    let hint = match Ruleset::parse(SAMPLE) {
        Ok(sample) if !is_stranger && sample.version() != live => {
            format!(
                "; the live ruleset is {live}, and this needs the sample: `beckon stack rules` publishes it"
            )
        }
        _ => String::new(),
    };
    steps.step("a stranger is shown the best sellers", is_stranger, format!("{}{hint}", why(&decision)));

    let view = world.ago(event(&visitor, "Product Viewed", "bag-summer"), "view-bag", NOW);
    let accepted = world.events(&world.publishable, &[view]).await?;
    let seen = until(
        async || world.decide(&visitor, Some("bag-summer"), RELATED).await,
        |d| d["reason"]["code"] != "NO_PROFILE",
    )
    .await?;
    // An event that took longer than half a minute is looked at for longer than that.
    let is_state = seen.value["reason"]["code"] == "DEFAULT" || rule(&seen.value) == "related-after-30s";
    let held = accepted["accepted"] == 1 && is_state;
    let hint = match (held, world.is_emulated()) {
        (true, _) => "",
        (false, true) => "; is the mapping driver running? Its log is target/stack/drive.log",
        (false, false) => "; does the profiler run?",
    };
    let seen_text = format!("{}, {}{hint}", why(&seen.value), seen.after());
    steps.step("an event becomes state", held, seen_text);
    Ok(is_stranger && held)
}

/// The rules about what was looked at, for how long, and when.
pub(super) async fn browse(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    let (visitor, reader, past) = (world.id("visitor"), world.id("reader"), world.id("past"));
    let batch = [
        world.ago(event(&reader, "Product Viewed", "bag-summer"), "reader-view", DurationMs::from_secs(40)),
        world.ago(event(&past, "Product Viewed", TENT), "past-view", DurationMs::from_minutes(6)),
        world.ago(event(&visitor, "Product Viewed", TENT), "view-tent", NOW),
    ];
    world.events(&world.publishable, &batch).await?;
    let seen = until(
        async || world.decide(&reader, Some("bag-summer"), RELATED).await,
        |d| rule(d) == "related-after-30s",
    )
    .await?;
    let seen_text = format!("{}, {}", why(&seen.value), seen.after());
    steps.step("viewed for more than 30 s: related products", seen.held, seen_text);

    let seen =
        until(async || world.decide(&visitor, Some(TENT), RELATED).await, |d| rule(d) == "tent-accessories")
            .await?;
    let held = seen.held && seen.value["items"][0]["source"] == "accessory";
    let seen_text = format!("{}, {}", why(&seen.value), seen.after());
    steps.step("viewed within the last 5 minutes: its accessories first", held, seen_text);

    let seen = until(
        async || world.decide(&past, None, RELATED).await,
        |d| d["reason"]["code"].is_string() && d["reason"]["code"] != "NO_PROFILE",
    )
    .await?;
    let held = seen.held && rule(&seen.value) != "tent-accessories";
    let seen_text = format!("{}, {}", why(&seen.value), seen.after());
    steps.step("viewed six minutes ago: that is over", held, seen_text);
    Ok(())
}

/// Who somebody is, and who may say so.
pub(super) async fn log_in(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    let (visitor, user) = (world.id("visitor"), world.id("customer"));
    let before = world.decide(&visitor, None, HERO).await?;
    let held = before["reason"]["code"].is_string() && rule(&before) != "members-only";
    steps.step("before login: nothing for members", held, why(&before));

    let body = json!({ "userId": user, "slots": [{ "id": HERO }] });
    let (status, refused) = world.post("/v1/decisions", &world.publishable.key, &body).await?;
    let code = &refused["errors"][0]["code"];
    let held = status == 403 && *code == "identity.unproven";
    steps.step("a page cannot ask for somebody else's profile", held, format!("{status} {code}"));

    let login = world.ago(login(&visitor, &user, &world.address("customer")), "login", NOW);
    world.events(&world.secret, &[login]).await?;
    let seen =
        until(async || world.decide(&visitor, None, HERO).await, |d| rule(d) == "members-only").await?;
    let seen_text = format!("{}, {}", why(&seen.value), seen.after());
    steps.step("the shop's server says who it is: only logged-in users", seen.held, seen_text);
    Ok(())
}

/// The canary, as the stack's own schedule runs it.
pub(super) async fn canary(steps: &mut Steps, world: &World) {
    let api = HttpsApi::new(world.base_url.trim_end_matches('/').to_owned(), WebClient::default());
    let canary = Canary { api, secrets: world.secrets.clone(), clock: world.clock.clone() };
    let report = Box::pin(canary.run()).await;
    steps.step("the canary's event becomes the right decision", report.fault.is_none(), told(&report));
}
