//! What every answer says besides: no page and no JSON is run, framed, guessed at, passed on or kept by a cache in between.

use super::{Api, shop};
use axum::body::Body;
use axum::http::{Method, Request};
use harness::Answer;

/// What caches may keep, because it is the same for everybody who loads the page: the settings of analytics.js, the client
/// for pages, and recommendations that are of nobody.
const EVERYBODYS: [&str; 3] =
    ["public, max-age=300", "public, max-age=3600", "public, max-age=60, stale-while-revalidate=300"];

/// The header of an answer that is missing or too weak.
pub(super) fn unsealed(answer: &Answer) -> Option<String> {
    let policy = answer.header("content-security-policy");
    let allows_nothing = ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"];
    if let Some(missing) = allows_nothing.into_iter().find(|part| !policy.contains(part)) {
        return Some(format!("content-security-policy lacks {missing}: {policy}"));
    }
    if policy.contains("script-src") {
        return Some(format!("content-security-policy lets scripts run: {policy}"));
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=31536000"),
        ("x-frame-options", "DENY"),
    ] {
        if answer.header(name) != value {
            return Some(format!("{name} is {:?} and not {value}", answer.header(name)));
        }
    }
    let kept = answer.header("cache-control");
    let is_everybodys = EVERYBODYS.contains(&kept);
    (!kept.contains("no-store") && !is_everybodys).then(|| format!("cache-control is {kept:?}"))
}

#[tokio::test]
async fn whatever_a_stranger_asks_of_a_route_the_answer_is_sealed() {
    let mut wrong = Vec::new();
    for api in Api::ALL {
        let (shop, _) = shop(api).await;
        for path in api.document()["paths"].as_object().unwrap().keys() {
            let path = path.replace(['{', '}'], "");
            let methods =
                [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];
            for method in methods.into_iter().chain([Method::PATCH]) {
                let request = Request::builder().method(&method).uri(&path).body(Body::from("{")).unwrap();
                let answer = shop.request(request).await;
                let what = unsealed(&answer);
                wrong.extend(what.map(|what| format!("{method} {path}, {}: {what}", answer.status)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
