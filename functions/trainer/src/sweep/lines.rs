//! What stays of a line of the stream when people are erased. Pure.

use beckon_domain::Timestamp;
use beckon_store::tables::ErasureRequest;
use serde_json::Value;

/// What becomes of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It is of nobody who was erased.
    Stays,
    /// It is of one of these: the index of the request.
    Goes(usize),
    /// It is of somebody else, who claimed to be the person: without the claim.
    Changed(Vec<u8>),
}

/// Whether a text has one of the keys in it at all: most have none.
pub(super) fn mentions(text: &[u8], requests: &[&ErasureRequest]) -> bool {
    let text = String::from_utf8_lossy(text);
    requests.iter().flat_map(|request| &request.keys).any(|key| text.contains(key.as_str()))
}

/// Looks at one line.
pub(super) fn look(line: &[u8], requests: &[&ErasureRequest]) -> Fate {
    let Ok(mut json) = serde_json::from_slice::<Value>(line) else {
        // What cannot be read is of whom it names.
        let named = requests.iter().position(|request| mentions(line, &[request]));
        return named.map_or(Fate::Stays, Fate::Goes);
    };
    let time = |name: &str| json[name].as_i64().map_or(Timestamp::EPOCH, Timestamp::from_ms);
    let (occurred_at, received_at) = (time("occurred_at"), time("received_at"));
    let names = |value: &Value, request: &ErasureRequest| {
        value.as_str().is_some_and(|text| request.keys.iter().any(|key| key.as_str() == text))
    };
    let mut has_claim = false;
    for (index, request) in requests.iter().enumerate() {
        if !request.erasure().keeps_out(occurred_at, received_at) {
            continue;
        }
        if [&json["key"], &json["link"], &json["merge"]["from"]]
            .into_iter()
            .any(|value| names(value, request))
        {
            return Fate::Goes(index);
        }
        has_claim |= names(&json["claim"], request);
    }
    match (has_claim, json.as_object_mut()) {
        (true, Some(object)) => {
            object.remove("claim");
            serde_json::to_vec(&json).map_or(Fate::Goes(0), Fate::Changed)
        }
        _ => Fate::Stays,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::id::UserId;
    use beckon_domain::{ErasureId, Pepper, ProfileKey};
    use beckon_store::tables::{Removed, Swept};
    use serde_json::json;

    fn key(name: &str) -> ProfileKey {
        Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new(name).unwrap())
    }

    fn request(released_at: Option<i64>) -> ErasureRequest {
        ErasureRequest {
            id: ErasureId::new("er").unwrap(),
            at: Timestamp::from_ms(100),
            until: Timestamp::from_ms(1_000),
            keys: [key("gone")].into(),
            contacts: [].into(),
            erased_at: None,
            released_at: released_at.map(Timestamp::from_ms),
            swept: Swept::default(),
            removed: Removed::default(),
        }
    }

    fn line(changes: &Value) -> Vec<u8> {
        let mut line = json!({ "v": 1, "key": key("stays").as_str(), "occurred_at": 50, "received_at": 60 });
        for (name, value) in changes.as_object().unwrap() {
            line[name] = value.clone();
        }
        serde_json::to_vec(&line).unwrap()
    }

    #[test]
    fn a_line_goes_with_whoever_it_is_of_and_stays_otherwise() {
        let (request, gone) = (request(None), key("gone"));
        let requests = [&request];
        for of in [
            json!({ "key": gone.as_str() }),
            json!({ "link": gone.as_str() }),
            json!({ "merge": { "from": gone.as_str() } }),
        ] {
            assert_eq!(look(&line(&of), &requests), Fate::Goes(0), "{of}");
        }
        assert_eq!(look(&line(&json!({})), &requests), Fate::Stays);
        assert!(!mentions(&line(&json!({})), &requests));
        assert_eq!(look(format!("not JSON {gone}").as_bytes(), &requests), Fate::Goes(0));
    }

    #[test]
    fn a_claim_to_be_the_person_goes_and_the_strangers_line_stays() {
        let request = request(None);
        let claimed = line(&json!({ "claim": key("gone").as_str() }));
        let Fate::Changed(rest) = look(&claimed, &[&request]) else { panic!("the line stays") };
        assert_eq!(serde_json::from_slice::<Value>(&rest).unwrap(), {
            serde_json::from_slice::<Value>(&line(&json!({}))).unwrap()
        });
    }

    #[test]
    fn what_a_person_did_after_coming_back_stays() {
        let request = request(Some(200));
        let of = |occurred: i64, received: i64| {
            line(&json!({ "key": key("gone").as_str(), "occurred_at": occurred, "received_at": received }))
        };
        assert_eq!(look(&of(150, 200), &[&request]), Fate::Goes(0));
        assert_eq!(look(&of(90, 300), &[&request]), Fate::Goes(0), "put again");
        assert_eq!(look(&of(201, 201), &[&request]), Fate::Stays);
    }
}
