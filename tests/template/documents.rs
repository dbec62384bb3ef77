//! The OpenAPI documents against the routers: every route is told, and nothing else is.

use crate::functions::logical_id;
use crate::routers::{Served, own_routes};
use beckon_contract::api::Api;

/// What the documents tell: logical id of the function, method, path.
fn told() -> Served {
    let mut told = Served::new();
    for api in Api::ALL {
        for (path, item) in api.document()["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                told.insert((logical_id(api.name()), method.to_uppercase(), path.clone()));
            }
        }
    }
    told
}

#[tokio::test]
async fn the_documents_tell_every_route_of_the_routers_and_no_other() {
    let (told, served) = (told(), own_routes().await);
    let untold: Vec<_> = served.difference(&told).collect();
    let unserved: Vec<_> = told.difference(&served).collect();
    assert!(untold.is_empty(), "served, and in no document of shared/contract: {untold:?}");
    assert!(unserved.is_empty(), "in a document, and served by no router: {unserved:?}");
    assert!(served.len() > 50, "the routers were not found");
}
