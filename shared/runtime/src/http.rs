//! What the HTTP functions share: which pages may call them, and what browsers say for everybody.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// CORS for these origins, `*` for any. The router answers preflights itself: the gateway's own CORS would override what
/// the function says.
pub fn cors(allowed_origins: &[String]) -> CorsLayer {
    let origins = if allowed_origins.iter().any(|o| o == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(allowed_origins.iter().filter_map(|o| HeaderValue::from_str(o).ok()))
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::POST, Method::GET, Method::OPTIONS])
        .allow_headers([header::CONTENT_TYPE, header::CONTENT_ENCODING, header::AUTHORIZATION])
        // A script of another origin sees no header that is not named here, and would not know how long to wait.
        .expose_headers([header::RETRY_AFTER])
        .max_age(Duration::from_secs(3_600))
}

/// What every answer says besides: nothing of it is run, framed, guessed at or passed on, and it comes over TLS. What a
/// handler has said already stands.
const SEALS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Adds the headers that keep a browser from making anything of an answer: to every answer of a router, also of what it does
/// not route.
pub async fn sealed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in SEALS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether a request carries Global Privacy Control, `Sec-GPC: 1` (<https://www.w3.org/TR/gpc/>): the person wants
/// nothing made of what is known of them. Only `1` says so.
#[must_use]
pub fn has_gpc(headers: &HeaderMap) -> bool {
    headers.get("sec-gpc").is_some_and(|value| value.as_bytes().trim_ascii() == b"1")
}

/// Splits a comma-separated list of origins.
#[must_use]
pub fn origins(list: &str) -> Vec<String> {
    list.split(',').map(|o| o.trim().trim_end_matches('/').to_owned()).filter(|o| !o.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn origins_are_compared_without_a_trailing_slash() {
        assert_eq!(
            super::origins(" https://a.example/, ,https://b.example"),
            ["https://a.example", "https://b.example"]
        );
    }
}
