//! Products: told by feeds, deleted, looked at, published.

use super::{at, by, import, note, number, operation, switch};
use crate::operation::{JSON, Operation, bytes, path, query};
use crate::schema::plain_id;
use beckon_domain::ProductId;
use beckon_wire::catalog::feed::{CHUNK_BYTES_MAX, ROW_COUNT_MAX};
use beckon_wire::catalog::{
    AFTER_BYTES_MAX, CatalogAnswer, DeletedAnswer, ImportAnswer, ProductAnswer, ProductsAnswer,
    PublishedAnswer,
};
use beckon_wire::limits::DELETE_COUNT_MAX;
use serde_json::{Value, json};

fn of_import(operation: Operation) -> Operation {
    let as_of =
        "When the shop said it (RFC 3339), not in the future; now when left out. One time for all parts.";
    let parameters = [
        number("first_row", "The number of the first row of this part in all of the import."),
        switch("dry_run", "Only say what is wrong."),
        at("as_of", as_of),
        import(),
        note(),
        by(),
    ];
    operation.parameters(parameters).tag("catalog")
}

fn product_id() -> Value {
    path("id", "A product, as the shop numbers it.", plain_id(ProductId::BYTES_MAX))
}

fn told() -> Vec<Operation> {
    let feed = format!(
        "At most {CHUNK_BYTES_MAX} bytes and {ROW_COUNT_MAX} rows, in the field names of Google's specification."
    );
    let kinds = [("application/x-ndjson", bytes()), ("text/csv", bytes())];
    let upload = operation::<ImportAnswer>(
        ("post", "/admin/v1/catalog/products", "importProducts"),
        "Take a part of a feed over",
        "What became of its rows. One that cannot be read is told and stops no other.",
        &[400, 413, 415],
    );
    let ids =
        json!({ "type": "array", "items": plain_id(ProductId::BYTES_MAX), "maxItems": DELETE_COUNT_MAX });
    let body = json!({ "type": "object", "required": ["ids"], "properties": { "ids": ids } });
    let many = operation::<DeletedAnswer>(
        ("post", "/admin/v1/catalog/deletions", "deleteProducts"),
        "Delete products",
        "How many are deleted.",
        &[400, 413],
    );
    let one = operation::<DeletedAnswer>(
        ("delete", "/admin/v1/catalog/products/{id}", "deleteProduct"),
        "Delete a product",
        "Whether it is deleted; it need not have been there.",
        &[400],
    );
    vec![
        of_import(upload.body(true, &feed, &kinds)),
        of_import(many.body(true, "The products.", &[(JSON, body)])),
        of_import(one.parameters([product_id()])),
    ]
}

pub(super) fn operations() -> Vec<Operation> {
    let status = operation::<CatalogAnswer>(
        ("get", "/admin/v1/catalog", "catalogStatus"),
        "Say how the catalog stands",
        "What decisions have, and the latest import.",
        &[],
    );
    let publish = operation::<PublishedAnswer>(
        ("post", "/admin/v1/catalog/publish", "publishCatalog"),
        "Make a snapshot of all products live",
        "The snapshot that is live now.",
        &[409],
    );
    let after = json!({ "type": "string", "minLength": 1, "maxLength": AFTER_BYTES_MAX });
    let page = operation::<ProductsAnswer>(
        ("get", "/admin/v1/catalog/products", "products"),
        "List products",
        "A page of them, in no order. It may be empty and not be the last one.",
        &[400],
    );
    let product = operation::<ProductAnswer>(
        ("get", "/admin/v1/catalog/products/{id}", "product"),
        "Read a product",
        "Its facts, and what people do with it.",
        &[400, 404],
    );
    let mut all = vec![
        status.tag("catalog"),
        publish.tag("catalog"),
        page.parameters([query("after", "`next` of the page before.", after)]).tag("catalog"),
        product.parameters([product_id()]).tag("catalog"),
    ];
    all.extend(told());
    all
}
