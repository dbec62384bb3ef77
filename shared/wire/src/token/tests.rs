use super::*;
use beckon_domain::key::hs256;
use serde_json::json;

const SECRET: &str = "ts_a-secret-of-a-shop";
const NOW: i64 = 1_763_800_000;

fn now() -> Timestamp {
    Timestamp::from_ms(NOW * 1_000)
}

fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&hs256(secret, &signed)))
}

fn header() -> Value {
    json!({ "alg": "HS256", "typ": "JWT", "kid": "key_a" })
}

fn claims() -> Value {
    json!({ "sub": "customer-1", "aud": "beckon", "exp": NOW + 600, "iat": NOW })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn read(token: &str) -> Result<String, TokenFault> {
    let token = Unverified::parse(token)?;
    assert_eq!(token.kid, "key_a");
    token.verify(SECRET, now()).map(|user| user.as_str().to_owned())
}

#[test]
fn a_token_of_another_library_proves_its_subject() {
    // Made with Python's hmac and base64, as the recipe says.
    let token = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImtleV9hIn0.eyJzdWIiOiJjdXN0b21lci0xIiwiYXVkIjoiYmVja29uIiwiaWF0IjoxNzYz\
        ODAwMDAwLCJleHAiOjE3NjM4MDA2MDB9.7SSsbC8goS7r9zT_aMNn6aF5kNmY_eJMpuAFN2rUeGk";
    assert_eq!(read(token).as_deref(), Ok("customer-1"));
    assert_eq!(read(&signed(&header(), &claims(), SECRET)).as_deref(), Ok("customer-1"));
    let several = with(claims(), "aud", json!(["other", "beckon"]));
    assert_eq!(read(&signed(&header(), &several, SECRET)).as_deref(), Ok("customer-1"));
}

#[test]
fn what_is_not_exactly_so_proves_nothing_and_says_why() {
    let claim = |name: &str, value: Value| signed(&header(), &with(claims(), name, value), SECRET);
    let head = |name: &str, value: Value| signed(&with(header(), name, value), &claims(), SECRET);
    let none = signed(&json!({ "alg": "none", "kid": "key_a" }), &claims(), SECRET);
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
    let cases = [
        (none, TokenFault::Algorithm),
        (unsigned, TokenFault::Algorithm),
        (head("alg", json!("None")), TokenFault::Algorithm),
        (head("alg", json!("HS512")), TokenFault::Algorithm),
        (head("alg", json!("RS256")), TokenFault::Algorithm),
        (head("alg", Value::Null), TokenFault::Algorithm),
        (head("crit", json!(["b64"])), TokenFault::Form),
        (head("kid", Value::Null), TokenFault::Form),
        (signed(&header(), &claims(), "another secret"), TokenFault::Signature),
        (signed(&header(), &claims(), ""), TokenFault::Signature),
        (claim("aud", json!("other")), TokenFault::Audience),
        (claim("aud", Value::Null), TokenFault::Audience),
        (claim("exp", json!(NOW)), TokenFault::Expired),
        (claim("exp", json!(NOW + 86_401)), TokenFault::TooLong),
        (claim("exp", Value::Null), TokenFault::Form),
        (claim("exp", json!("1e9")), TokenFault::Form),
        (claim("exp", json!(-1)), TokenFault::Form),
        (claim("iat", Value::Null), TokenFault::Form),
        (claim("iat", json!(NOW + 301)), TokenFault::NotYet),
        (claim("nbf", json!(NOW + 301)), TokenFault::NotYet),
        (claim("sub", Value::Null), TokenFault::Form),
        (claim("sub", json!("null")), TokenFault::Form),
        (claim("sub", json!("")), TokenFault::Form),
    ];
    for (token, fault) in cases {
        assert_eq!(read(&token), Err(fault), "{token}");
    }
    for text in ["", ".", "..", "a.b.c", "e30.e30.", &format!("{}.e30.AA", "A".repeat(3_000))] {
        let read = Unverified::parse(text).map(|_| ());
        assert!(matches!(read, Err(TokenFault::Form | TokenFault::Algorithm)), "{text}: {read:?}");
    }
}

#[test]
fn a_changed_character_anywhere_proves_nothing() {
    let token = signed(&header(), &claims(), SECRET);
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        let result = Unverified::parse(&changed).and_then(|token| token.verify(SECRET, now()));
        assert!(result.is_err(), "{at}: {changed}");
    }
}

#[test]
fn a_token_is_found_where_it_belongs_and_nowhere_else() {
    assert_eq!(of_body(br#"{"context":{"beckon":{"token":"t"}},"userId":1}"#).as_deref(), Some("t"));
    for body in [
        r#"{"token":"t"}"#,
        r#"{"context":{"token":"t"}}"#,
        r#"{"context":{"beckon":{"token":7}}}"#,
        r#"{"properties":{"beckon":{"token":"t"}}}"#,
        r#"{"context":[],"token":1}"#,
    ] {
        assert_eq!(of_body(body.as_bytes()), None, "{body}");
    }
}
