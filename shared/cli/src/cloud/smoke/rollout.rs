//! Steps of whoever publishes rules: a version becomes live, and the one before again.

use super::world::World;
use crate::error::CliError;
use crate::smoke::Steps;
use beckon_rules::{Ruleset, SAMPLE};
use reqwest::Method;
use serde_json::{Value, json};

const ACTIVE: &str = "/admin/v1/rulesets/active";

async fn live(world: &World) -> Result<String, CliError> {
    let answer = world.call(Method::GET, ACTIVE, Some(&world.secret.key), &Value::Null).await?;
    let status = answer.status().as_u16();
    let answer: Value = answer.json().await.unwrap_or(Value::Null);
    Ok(answer["version"].as_str().map_or_else(|| format!("{status}: {answer}"), ToOwned::to_owned))
}

/// Publishes the sample with one more comment, which decides nothing else, and goes back.
pub(super) async fn publish(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    let before = live(world).await?;
    let pages = world.call(Method::GET, ACTIVE, Some(&world.publishable.key), &Value::Null).await?;
    let refused = pages.status().as_u16();
    let is_sample = Ruleset::parse(SAMPLE).is_ok_and(|sample| sample.version() == before);
    let seen = format!("{before} is live; a page is told {refused}");
    steps.step("a secret key sees which rules are live, a page does not", is_sample && refused == 403, seen);
    if !is_sample {
        return Ok(());
    }
    let text = format!("{SAMPLE}\n# {}\n", world.run);
    let (status, published) = world.publish(&text).await?;
    let during = live(world).await?;
    let body = json!({ "to": before, "expect": during, "note": "the smoke test is over" });
    let (_, back) = world.post("/admin/v1/rulesets/rollback", &world.secret.key, &body).await?;
    let after = live(world).await?;
    let is_published =
        status == 200 && published["changed"] == true && published["version"] == during.as_str();
    let held = is_published && back["changed"] == true && after == before;
    let seen = format!(
        "{before}, {during}, {after}; {}",
        if held { "both written down" } else { "see the log of admin" }
    );
    steps.step("rules are published and rolled back", held, seen);
    Ok(())
}
