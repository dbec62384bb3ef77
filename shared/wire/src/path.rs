//! A part of a path, as text: a path that is none is answered with a problem, as everything else is.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

/// The part of a path that a route names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Problem;

    /// # Errors
    /// 400 when what is percent-encoded is not UTF-8.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::<String>::from_request_parts(parts, state).await;
        read.map(|Path(text)| Self(text)).map_err(|_| Problem::bad_request("the path is not UTF-8"))
    }
}
