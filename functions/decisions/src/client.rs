//! The client for pages, `GET /v1/beckon.js`: the module in `client/beckon.js`, as it travels.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::LazyLock;

const SOURCE: &str = include_str!("../client/beckon.js");

/// How long a browser may keep the module without asking: a release reaches every page within an hour.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");
const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// The module in one encoding.
struct Module {
    bytes: Bytes,
    /// A strong validator: the hash of these bytes, and so another in each encoding (RFC 9110, section 8.8.3.3).
    tag: HeaderValue,
}

impl Module {
    fn of(bytes: Vec<u8>) -> Self {
        let hash = HEXLOWER.encode(&Sha256::digest(&bytes)[..12]);
        let tag = HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { bytes: Bytes::from(bytes), tag }
    }
}

/// Made when a page first asks: the start of a process waits for none of it.
static PLAIN: LazyLock<Module> = LazyLock::new(|| Module::of(lean(SOURCE).into_bytes()));
/// `None` where it cannot be compressed; then everybody gets it plain.
static PACKED: LazyLock<Option<Module>> = LazyLock::new(|| packed(&PLAIN.bytes).map(Module::of));

/// Compressed as `gzip -9` does.
fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// The module without what only its readers need: lines of comment, indents, and spaces around punctuation outside of
/// quotes. Names and lines stay, so that an error in a browser's console can be found in the source.
fn lean(source: &str) -> String {
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    let mut lean = String::with_capacity(source.len());
    for line in lines {
        without_spaces(line, &mut lean);
        lean.push('\n');
    }
    lean
}

fn without_spaces(line: &str, lean: &mut String) {
    let is_mark = |c: char| "{}()[]=>,:;?&|<*".contains(c);
    let (mut quote, mut last) = (None, '{');
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if c == ' ' && (is_mark(last) || rest.peek().is_some_and(|next| is_mark(*next))) => continue,
            _ => {}
        }
        lean.push(c);
        last = c;
    }
}

/// Answers a page that loads the module.
pub async fn serve(headers: HeaderMap) -> Response {
    let packed = PACKED.as_ref().filter(|_| takes_gzip(&headers));
    let module = packed.unwrap_or(&PLAIN);
    let mut response = if is_known(&headers, &module.tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = module.bytes.clone().into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, JAVASCRIPT);
        if packed.is_some() {
            response.headers_mut().insert(header::CONTENT_ENCODING, GZIP);
        }
        response
    };
    let all = response.headers_mut();
    all.insert(header::CACHE_CONTROL, CACHED);
    all.insert(header::ETAG, module.tag.clone());
    all.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    all.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The members of a header that is a list, which may stand in several lines.
fn members(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// Whether a browser has it already. `If-None-Match` is compared weakly: what stands between may have weakened the tag
/// (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    members(headers, header::IF_NONE_MATCH)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}

/// Whether gzip may be sent: named, and not with a weight of zero.
fn takes_gzip(headers: &HeaderMap) -> bool {
    members(headers, header::ACCEPT_ENCODING).any(|member| {
        let (coding, weight) = member.split_once(';').unwrap_or((member, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        coding.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    /// What a page may have to load at most, in bytes as `gzip -9` makes them.
    const PACKED_BYTES_MAX: usize = 3_072;

    #[test]
    fn the_module_costs_a_page_three_kilobytes_at_most() {
        let bytes = &PACKED.as_ref().unwrap().bytes;
        assert!(bytes.len() <= PACKED_BYTES_MAX, "{} bytes", bytes.len());
        let mut text = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text.as_bytes(), &PLAIN.bytes[..]);
    }

    #[test]
    fn nothing_within_quotes_is_changed_and_no_word_runs_into_another() {
        let cases = [
            ("  // words\n\n", ""),
            ("  const a = { b: 1, c };", "const a={b:1,c};\n"),
            ("return found ? [x] : y;", "return found?[x]:y;\n"),
            (
                r#"go("a , b", 'c = "d" , e', `f ${ g } , h` , i);"#,
                "go(\"a , b\",'c = \"d\" , e',`f ${ g } , h`,i);\n",
            ),
            ("for (const kind of [\"a b\"]) typeof x + y", "for(const kind of[\"a b\"])typeof x + y\n"),
        ];
        for (source, expected) in cases {
            assert_eq!(lean(source), expected, "{source}");
        }
    }

    #[test]
    fn what_lean_cannot_read_is_not_in_the_module() {
        // A text over several lines, a comment behind code, and a regular expression with a quote or a space in it.
        for (number, line) in SOURCE.lines().enumerate() {
            let code = line.trim();
            let even = |quote: char| code.matches(quote).count() % 2 == 0;
            assert!(code.starts_with("//") || (even('`') && even('"')), "line {}: {line}", number + 1);
            assert!(!code.contains("/*") && !code.contains(" // "), "line {}: {line}", number + 1);
        }
    }

    #[test]
    fn gzip_goes_to_whoever_takes_it() {
        let takes = |value: &str| {
            takes_gzip(&HeaderMap::from_iter([(
                header::ACCEPT_ENCODING,
                HeaderValue::from_str(value).unwrap(),
            )]))
        };
        for value in ["gzip", "br, GZIP;q=0.5", "gzip , deflate"] {
            assert!(takes(value), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "gzip; q=0.0", "x-gzip", "gzip;q=much"] {
            assert!(!takes(value), "{value}");
        }
    }

    #[test]
    fn a_browser_that_has_it_is_known_by_its_tag() {
        let knows = |value: &str| {
            let headers =
                HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap())]);
            is_known(&headers, &HeaderValue::from_static("\"a1\""))
        };
        for value in ["\"a1\"", "W/\"a1\"", "\"b\", \"a1\"", "*"] {
            assert!(knows(value), "{value}");
        }
        for value in ["\"a\"", "a1", "\"b\"", ""] {
            assert!(!knows(value), "{value}");
        }
    }
}
