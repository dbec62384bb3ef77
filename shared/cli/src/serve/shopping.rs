//! The synthetic shop's visitors, sent through the same router as everybody else.

use super::ServeArgs;
use crate::error::CliError;
use crate::shop::{Action, DECISIONS, Shop, ShopProduct, Showing};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use beckon_domain::DurationMs;
use beckon_rules::Ruleset;
use beckon_runtime::Clock;
use data_encoding::BASE64;
use std::time::Duration;
use tower::ServiceExt;

/// More than any answer to a page.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// By how much visitors may be late, in the shop's time. On a machine that is slower they wait, so that what they tell is
/// never older than this.
const LATE_MAX: DurationMs = DurationMs::from_minutes(1);

/// Lets visitors act until the end of the process.
pub fn shop(
    app: Router,
    clock: Clock,
    ruleset: &Ruleset,
    args: &ServeArgs,
    speed: f64,
) -> impl Future<Output = Result<(), CliError>> + Send + use<> {
    let products = ruleset.products().iter().map(ShopProduct::from).collect();
    let mut shop = Shop::new(args.seed, args.shop as usize, products, clock.now());
    async move {
        loop {
            let now = clock.now();
            let late = shop.next_at().map_or(DurationMs::ZERO, |at| now.since(at));
            if late > LATE_MAX {
                shop.wait(late);
            }
            if let Some(turn) = shop.next(now) {
                for action in &turn.actions {
                    if let Some(showing) = act(&app, action).await {
                        shop.shown(turn.visitor, showing);
                    }
                }
                continue;
            }
            let Some(next_at) = shop.next_at() else { return std::future::pending().await };
            let wait_ms = next_at.since(clock.now()).as_ms() as f64 / speed;
            tokio::time::sleep(Duration::from_millis((wait_ms as u64).clamp(5, 1_000))).await;
        }
    }
}

/// Sends a request; of a page that asks for decisions, what it is shown.
async fn act(app: &Router, action: &Action) -> Option<Vec<Showing>> {
    let key = if action.secret { "sk_local:" } else { "pk_local:" };
    let request = Request::post(action.path)
        .header(header::AUTHORIZATION, format!("Basic {}", BASE64.encode(key.as_bytes())))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(action.body.to_string()));
    let Ok(response) = app.clone().oneshot(request.ok()?).await;
    if !response.status().is_success() {
        tracing::warn!(
            http.path = action.path,
            http.status = response.status().as_u16(),
            "a visitor was refused"
        );
        return None;
    }
    if action.path != DECISIONS {
        return None;
    }
    let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.ok()?;
    Some(Showing::of_answer(&serde_json::from_slice(&body).ok()?))
}
