//! A Lambda function that does nothing: what `cargo beckon bench cold` compares the start of the others with.

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use std::convert::Infallible;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let echo = |event: LambdaEvent<Value>| async move { Ok::<_, Infallible>(event.payload) };
    lambda_runtime::run(service_fn(echo)).await
}
