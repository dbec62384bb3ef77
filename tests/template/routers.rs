//! The routers as they are: which function answers which method of which path.

use crate::environment::folders;
use crate::functions::logical_id;
use crate::model::{read, root};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use harness::World;
use std::collections::BTreeSet;
use tower::ServiceExt;

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Routes that are served: logical id of the function, method, path.
pub type Served = BTreeSet<(String, String, String)>;

/// The routers as they are: paths from the source, methods by asking. A path answers every method but with 405 those that
/// it does not serve; a preflight is served where the answer says which methods are allowed.
async fn served(router: &Router, function: &str, paths: &BTreeSet<String>) -> Served {
    let mut served = Served::new();
    for path in paths {
        for method in METHODS {
            let request = Request::builder().method(&method).uri(path).body(Body::empty()).unwrap();
            let status = router.clone().oneshot(request).await.unwrap().status();
            if status != StatusCode::METHOD_NOT_ALLOWED {
                served.insert((function.to_owned(), method.to_string(), path.clone()));
            }
        }
        let request = Request::builder().method(Method::OPTIONS).uri(path);
        let request = request
            .header(header::ORIGIN, "https://shop.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        if answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_METHODS) {
            served.insert((function.to_owned(), Method::OPTIONS.to_string(), path.clone()));
        }
    }
    served
}

/// The paths that a source text routes.
fn paths_in(text: &str) -> BTreeSet<String> {
    let routes = text.split(".route(").skip(1);
    routes
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .map(ToOwned::to_owned)
        .collect()
}

/// What the routers of all functions serve.
pub async fn own_routes() -> Served {
    let router = World::memory().await.stack.router();
    let mut all = Served::new();
    for folder in folders() {
        let handler = format!("functions/{folder}/src/handler.rs");
        let paths = if root().join(&handler).exists() { paths_in(&read(&handler)) } else { BTreeSet::new() };
        all.extend(served(&router, &logical_id(&folder), &paths).await);
    }
    all
}
