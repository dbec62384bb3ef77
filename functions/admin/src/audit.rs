//! The audit chain: every request that may change something is written down before it is carried out, and again with what
//! came of it. What cannot be written down is not done.

use crate::change::Change;
use crate::error::AdminError;
use crate::handler::{Shared, answer, user};
use crate::process::Admin;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use beckon_runtime::fresh_id;
use beckon_store::tables::{AuditLog, AuditRecord};
use beckon_store::{ErrorKind, StoreError};
use beckon_wire::audit::{AuditAnswer, AuditEntry, BEFORE_ALL, RecordAnswer, Stage};
use beckon_wire::format_time;
use beckon_wire::problem::Problem;
use serde_json::{Map, Value};

/// How often the next place is looked for while others write.
const ATTEMPTS_MAX: u32 = 250;
/// Bytes of an answer that are looked at for what it says.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// Characters of a path and query that are kept.
const SUBJECT_CHARS_MAX: usize = 500;
/// Characters of a value of an answer that are kept.
const VALUE_CHARS_MAX: usize = 200;
/// Values of an answer that are nobody's business later: secrets, and what the entry has anyway.
const LEFT_OUT: [&str; 6] = ["key", "secret", "token", "requestId", "detail", "email"];
/// Records of one page.
const PAGE: u32 = 200;

/// A request that may change something.
struct Asked {
    id: String,
    who: String,
    action: String,
    subject: String,
}

/// What is written down of an answer instead of what it says itself: it is about a person.
#[derive(Clone)]
pub(crate) struct Recorded(pub(crate) Map<String, Value>);

/// What came of a request.
#[derive(Default)]
struct Came {
    status: Option<u16>,
    result: Map<String, Value>,
    change: Option<Change>,
}

/// Writes down what is asked and what came of it, around whatever answers.
pub(crate) async fn audited<T: AuditLog, O>(
    State(admin): Shared<T, O>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let asked = match admin.asked(&parts).await {
        Ok(Some(asked)) => asked,
        Ok(None) => return next.run(Request::from_parts(parts, body)).await,
        Err(error) => return answer::<()>(Err(error), &fresh_id()),
    };
    if let Err(error) = admin.chain(&asked, Stage::Asked, Came::default()).await {
        return answer::<()>(Err(error), &asked.id);
    }
    let (mut parts, body) = next.run(Request::from_parts(parts, body)).await.into_parts();
    let (body, result) = match parts.extensions.remove::<Recorded>() {
        Some(Recorded(said)) => (body, said),
        None => look_at(body).await,
    };
    let change = parts.extensions.remove::<Change>();
    let came = Came { status: Some(parts.status.as_u16()), result, change };
    if let Err(error) = admin.chain(&asked, Stage::Done, came).await {
        tracing::error!(request.id = asked.id, error = ?error, "an answer is missing in the audit chain");
    }
    Response::from_parts(parts, body)
}

/// A page of the chain.
pub(crate) async fn page<T: AuditLog, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin
            .source_for(
                user(&parts).as_deref(),
                "a publishable key reads no records: send a secret key (sk_)",
            )
            .await?;
        let Asking { after, last } = asked_for(&parts)?;
        let after = match last {
            None => after,
            Some(count) => {
                let head = admin.tables.audit_head().await?;
                head.map_or(after, |head| head.number.saturating_sub(count).max(after))
            }
        };
        let records = admin.tables.audit_page(after, PAGE).await?;
        let next = records.last().filter(|_| records.len() == PAGE as usize).map(|last| last.number);
        let told = |AuditRecord { number, text, hash }| RecordAnswer { number, text, hash };
        let records = records.into_iter().map(told).collect();
        Ok(AuditAnswer { request_id: request_id.clone(), records, next })
    };
    answer(result.await, &request_id)
}

/// Where a page of the chain begins.
#[derive(Default)]
struct Asking {
    /// After this record; 0: from the first one on.
    after: u64,
    /// No earlier than so many records before the end.
    last: Option<u64>,
}

/// `after` and `last` of the query; from the first record on when both are left out.
fn asked_for(parts: &Parts) -> Result<Asking, Problem> {
    let mut asking = Asking::default();
    for pair in parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (name, value.parse()) {
            ("after", Ok(number)) => asking.after = number,
            ("last", Ok(count)) => asking.last = Some(count),
            _ => {
                let detail =
                    "the query is neither `after=` and the number of a record nor `last=` and how many";
                return Err(Problem::bad_request(detail));
            }
        }
    }
    Ok(asking)
}

impl<T: AuditLog, O> Admin<T, O> {
    /// What is asked, if it may change something and the caller may ask it.
    async fn asked(&self, parts: &Parts) -> Result<Option<Asked>, AdminError> {
        let path = parts.extensions.get::<MatchedPath>().map_or(parts.uri.path(), MatchedPath::as_str);
        let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
        if reads || path.ends_with("/check") {
            return Ok(None);
        }
        let who = match self.source(user(parts).as_deref()).await {
            Ok(who) => who,
            // Nobody can say who it is just now: what answers might be able to in a moment, and it would not be kept.
            Err(error) if error.is_transient() => return Err(error),
            // A stranger is refused by what answers.
            Err(_) => return Ok(None),
        };
        let subject = parts.uri.path_and_query().map_or_else(|| path.to_owned(), ToString::to_string);
        Ok(Some(Asked {
            id: fresh_id(),
            who: who.as_str().to_owned(),
            action: format!("{} {path}", parts.method),
            subject: subject.chars().take(SUBJECT_CHARS_MAX).collect(),
        }))
    }

    async fn chain(&self, asked: &Asked, stage: Stage, came: Came) -> Result<(), AdminError> {
        let Came { status, result, change } = came;
        let (before, after) = change.map(|change| (change.before, change.after)).unzip();
        for _ in 0..ATTEMPTS_MAX {
            let head = self.tables.audit_head().await?;
            let (number, previous) = head.map_or((0, BEFORE_ALL.to_owned()), |head| (head.number, head.hash));
            let entry = AuditEntry {
                number: number + 1,
                at: format_time(self.clock.now()),
                request_id: asked.id.clone(),
                stage,
                who: asked.who.clone(),
                action: asked.action.clone(),
                subject: asked.subject.clone(),
                status,
                result: result.clone(),
                before: before.clone(),
                after: after.clone(),
                previous,
            };
            let (text, hash) = entry.seal().map_err(|_| Problem::internal())?;
            if self.tables.put_audit(&AuditRecord { number: entry.number, text, hash }).await? {
                return Ok(());
            }
        }
        let what = "others wrote each time a place was found";
        Err(StoreError::new("put a record into the audit chain", ErrorKind::Throttled, what).into())
    }
}

/// What an answer says in single values, of itself and of the things in it. The body is handed back as it was.
async fn look_at(body: Body) -> (Body, Map<String, Value>) {
    if body.size_hint().exact().is_none_or(|bytes| bytes > ANSWER_BYTES_MAX) {
        return (body, Map::new());
    }
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return (Body::empty(), Map::new()) };
    let mut said = Map::new();
    if let Ok(Value::Object(answer)) = serde_json::from_slice(&bytes) {
        for (name, value) in answer {
            match value {
                Value::Object(inner) => {
                    let inner =
                        inner.into_iter().map(|(part, value)| (format!("{name}.{part}"), part, value));
                    inner.for_each(|(path, part, value)| keep(&mut said, path, &part, value));
                }
                value => keep(&mut said, name.clone(), &name, value),
            }
        }
    }
    (Body::from(bytes), said)
}

fn keep(said: &mut Map<String, Value>, path: String, name: &str, value: Value) {
    if LEFT_OUT.contains(&name) {
        return;
    }
    let value = match value {
        Value::String(text) => Value::String(text.chars().take(VALUE_CHARS_MAX).collect()),
        Value::Bool(_) | Value::Number(_) => value,
        Value::Null | Value::Array(_) | Value::Object(_) => return,
    };
    said.insert(path, value);
}
