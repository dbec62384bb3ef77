//! Previews: who may ask for one, and who somebody made up is, as far as rules can tell.

use crate::error::DecideError;
use crate::person::{Known, Who};
use beckon_domain::fold::Item;
use beckon_domain::key::{ProfileKind, WriteKey, WriteKeyKind};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{Profile, ProfileKey, SourceId, Timestamp};
use beckon_rules::Ruleset;
use beckon_rules::testing::Timeline;
use beckon_runtime::{KeysUnavailable, Secrets};
use beckon_wire::capture::{Received, capture};
use beckon_wire::decisions::{MintAsk, Minted, Persona, Preview, PreviewAsk};
use beckon_wire::problem::{Fault, Problem};
use beckon_wire::stream::Line;
use beckon_wire::token::preview as tokens;
use serde_json::{Map, Value, json};

fn not_with_this_key() -> Problem {
    let detail =
        "a page previews with a token: sign one, or have one made with a secret key (POST /v1/previews)";
    Problem::forbidden(detail).with(Fault::new("/options/preview", "preview.secret", detail))
}

/// The preview that a request asks for, where something vouches for it: a secret key, or a token.
///
/// # Errors
/// 403 without either; 503 when nobody can say which keys are live.
pub(crate) async fn granted(
    asked: &PreviewAsk,
    key: &WriteKey,
    secrets: &Secrets,
    now: Timestamp,
) -> Result<Preview, DecideError> {
    let token = match asked {
        PreviewAsk::Inline(preview) if key.kind == WriteKeyKind::Secret => return Ok((**preview).clone()),
        PreviewAsk::Inline(_) => return Err(not_with_this_key().into()),
        PreviewAsk::Token(token) => token,
    };
    let secrets_of = async |kid: String| {
        if kid == tokens::MADE {
            return Ok(secrets.preview_secrets(&kid).unwrap_or_default());
        }
        let own = secrets.signing_secret(&kid, &key.source, now).await?;
        Ok::<Vec<String>, KeysUnavailable>(own.into_iter().collect())
    };
    let proven = tokens::prove(token, secrets_of, now).await?;
    proven.map_err(|fault| {
        let fault = tokens::refused(fault);
        Problem::forbidden(fault.detail.clone()).with(fault).into()
    })
}

/// Makes a token, with a secret key.
///
/// # Errors
/// 403 with a publishable key.
pub(crate) fn minted(
    ask: &MintAsk,
    key: &WriteKey,
    secrets: &Secrets,
    now: Timestamp,
) -> Result<Minted, Problem> {
    if key.kind != WriteKeyKind::Secret {
        return Err(not_with_this_key());
    }
    let expires_at = now + ask.life;
    let own = secrets.preview_secrets(tokens::MADE).unwrap_or_default();
    let secret = own.first().ok_or_else(Problem::internal)?;
    let token = tokens::make(&ask.preview, secret, now, expires_at);
    Ok(Minted { token, expires_at: beckon_wire::format_time(expires_at) })
}

/// Whose profile a preview reads: that which it names, nobody's for somebody made up, else the request's.
pub(crate) fn who(preview: &Preview, asked: Who) -> Who {
    match &preview.profile {
        Some(key) if key.kind() == ProfileKind::Customer => {
            Who { customer: Some(key.clone()), ..Who::default() }
        }
        Some(key) => Who { visitor: Some(key.clone()), ..Who::default() },
        None if preview.persona.is_some() => Who::default(),
        None => asked,
    }
}

/// Somebody made up, by what they did until `now`. What an SDK could not have sent is told and left out.
pub(crate) fn made_up(
    persona: &Persona,
    ruleset: &Ruleset,
    source: &SourceId,
    now: Timestamp,
    warnings: &mut Vec<Fault>,
) -> Known {
    let mut timeline = Timeline::new(ruleset, ProfileKey::nobody());
    let traits = (!persona.traits.is_empty()).then(|| {
        let identify = json!({ "type": "identify", "traits": persona.traits });
        // Before anything that they did, so that rules about traits see it.
        let at = persona.events.first().map_or(now, |event| now - event.ago);
        (at, identify.as_object().cloned().unwrap_or_default())
    });
    let events = persona.events.iter().map(|event| (now - event.ago, event.event.clone()));
    for (number, (at, event)) in traits.into_iter().chain(events).enumerate() {
        match item(event, number, at, ruleset, source) {
            Ok(item) => timeline.happen(&item),
            Err(detail) => {
                let pointer = format!("/options/preview/persona/events ({number})");
                warnings.push(Fault::new(pointer, "preview.event", detail));
            }
        }
    }
    timeline.pass_to(now);
    let profile =
        timeline.profile().cloned().unwrap_or_else(|| Profile { last_seen_at: now, ..Profile::default() });
    Known { key: None, profile, is_customer: persona.is_known, propensity: None }
}

/// One event as the profiler would read it from the stream.
fn item(
    mut event: Map<String, Value>,
    number: usize,
    at: Timestamp,
    ruleset: &Ruleset,
    source: &SourceId,
) -> Result<Item, String> {
    let key = ProfileKey::nobody();
    event.remove("secondsAgo");
    event.entry("type").or_insert_with(|| json!("track"));
    event.insert("anonymousId".to_owned(), json!("preview"));
    event.insert("messageId".to_owned(), json!(format!("preview-{number}")));
    let received = Received {
        at,
        sent_at: None,
        source,
        currency: ruleset.currency(),
        context: &Map::new(),
        event_type: None,
        is_bot: false,
        gpc: false,
        room: 0,
        fresh_id: &|| format!("preview-{number}"),
    };
    let captured = capture(&Value::Object(event).to_string(), &received).map_err(|fault| fault.detail)?;
    let mut line = captured.line;
    key.as_str().clone_into(&mut line.key);
    let text = serde_json::to_string(&line).map_err(|error| error.to_string())?;
    let (_, event) = Line::parse(&text, key.as_str()).map_err(|error| error.to_string())?;
    let position = Position {
        shard: ShardKey::new("preview", "0"),
        sequence: SequenceNumber::parse(&(number + 1).to_string()).ok_or("no number")?,
        offset: 0,
    };
    Ok(Item { position, internal: false, event })
}
