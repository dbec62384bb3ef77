//! The README's commands work, and its answers have the form that is shown.

use crate::tree::{files, read, stack};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use beckon_domain::Timestamp;
use data_encoding::BASE64;
use serde_json::Value;
use tower::ServiceExt;

/// Fenced blocks of a Markdown text: language and content.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut current: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut current, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => current = Some((language.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(current.take()),
            (Some((_, content)), None) => {
                content.push_str(line);
                content.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// The words of a shell command: single and double quotes, line continuations, nothing else.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    for c in command.replace("\\\n", " ").chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

struct Curl {
    path: String,
    user: Option<String>,
    body: Option<String>,
}

fn curl(command: &str) -> Curl {
    let words = words(command);
    let mut curl = Curl { path: String::new(), user: None, body: None };
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-u" => curl.user = rest.next().cloned(),
            "-d" | "--data" | "--json" => curl.body = rest.next().cloned(),
            "-H" => _ = rest.next(),
            flag if flag.starts_with('-') => {}
            url => {
                curl.path =
                    url.strip_prefix("http://127.0.0.1:8787").expect("the README's own address").to_owned()
            }
        }
    }
    curl
}

/// Whether both have the same shape: the same keys, and values of the same kind.
fn same_shape(shown: &Value, real: &Value) -> bool {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => {
            shown.keys().eq(real.keys()) && shown.iter().all(|(key, value)| same_shape(value, &real[key]))
        }
        (Value::Array(shown), Value::Array(real)) => {
            shown.len() == real.len() && shown.iter().zip(real).all(|(a, b)| same_shape(a, b))
        }
        (shown, real) => std::mem::discriminant(shown) == std::mem::discriminant(real),
    }
}

#[tokio::test]
async fn every_curl_line_of_the_readme_gets_the_answer_it_shows() {
    let stack = stack(Timestamp::from_ms(1_763_800_000_000)).await;
    let blocks = blocks(&read("README.md"));
    let mut tried = 0;
    for pair in blocks.windows(2) {
        let [(language, command), (answer_language, shown)] = pair else { continue };
        if language != "sh" || !command.starts_with("curl") || answer_language != "json" {
            continue;
        }
        let curl = curl(command);
        let mut request =
            Request::builder().uri(&curl.path).method(if curl.body.is_some() { "POST" } else { "GET" });
        if let Some(user) = &curl.user {
            request = request.header("authorization", format!("Basic {}", BASE64.encode(user.as_bytes())));
        }
        let request = request.body(Body::from(curl.body.unwrap_or_default())).unwrap();
        let response = stack.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200, "{command}");
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let real: Value = serde_json::from_slice(&bytes).unwrap();
        let shown: Value =
            serde_json::from_str(shown).unwrap_or_else(|e| panic!("{command}: the answer shown: {e}"));
        assert!(same_shape(&shown, &real), "{command}\nshown: {shown:#}\nreal: {real:#}");
        stack.drain().await.unwrap();
        tried += 1;
    }
    assert!(tried >= 3, "the README shows {tried} curl lines with answers");
}

#[test]
fn the_readme_names_the_two_commands_and_ci_runs_them() {
    let (readme, ci) = (read("README.md"), read(".ci/run"));
    let commands =
        ["cargo beckon serve --shop 50", "cargo test", "cargo beckon smoke", "cargo beckon stack up"];
    for command in commands {
        assert!(readme.contains(command), "the README does not name `{command}`");
        // The script runs the command that was built with the tests; what the alias runs is looked at below.
        let run = command.replace("cargo beckon", "\"$beckon\"");
        assert!(ci.contains(&run), ".ci/run does not run `{run}`");
    }
    assert!(ci.contains("beckon=\"${CARGO_TARGET_DIR:-target}/debug/beckon\""), ".ci/run: which beckon");
    let alias = "beckon = \"run --quiet --package beckon-cli --bin beckon --\"";
    assert!(
        read(".cargo/config.toml").contains(alias),
        ".cargo/config.toml: `cargo beckon` is not the command"
    );
    let workflow = read(".github/workflows/ci.yml");
    assert!(workflow.contains(".ci/run"), "the workflow runs the same script");
}

#[test]
fn nothing_in_the_tree_points_at_one_machine() {
    let here = ["/wo", "rk/"].concat();
    for folder in ["functions", "shared", "tests", "events", ".ci", ".github"] {
        for ending in [".rs", ".md", ".toml", ".yaml", ".yml", ".json", "run"] {
            for path in files(folder, ending) {
                assert!(!read(&path).contains(&here), "{path}");
            }
        }
    }
}
