use super::*;
use beckon_domain::Pepper;
use beckon_domain::event::EventKind;
use beckon_domain::id::UserId;

fn key() -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("c").unwrap())
}

#[test]
fn a_line_survives_the_stream_and_is_held_to_its_key() {
    let line = Line::timer(&key(), "e", 1, TimerOutcome::Done, Timestamp::from_ms(5));
    let data = encode(&[line.clone(), line.clone()]).unwrap();
    assert_eq!(data.len(), 1);
    let text = String::from_utf8(data[0].clone()).unwrap();
    assert_eq!(text.lines().count(), 2);
    let (read, event) = Line::parse(text.lines().next().unwrap(), key().as_str()).unwrap();
    assert_eq!(read, line);
    assert_eq!(event.id.as_str(), "timer:e:1:done");
    let other = Line::parse(text.lines().next().unwrap(), "c1_other").unwrap_err();
    assert_eq!(other.reason, FailedReason::WrongKey);
}

#[test]
fn lines_that_one_record_cannot_hold_go_on_in_the_next_in_order() {
    let mut lines = vec![Line::timer(&key(), "e", 1, TimerOutcome::Done, Timestamp::from_ms(5)); 2_000];
    for (n, line) in lines.iter_mut().enumerate() {
        line.id = format!("m{n}");
        line.context.page_url = Some("x".repeat(500));
    }
    let records = encode(&lines).unwrap();
    assert!(records.len() > 1 && records.iter().all(|data| data.len() <= RECORD_BYTES_MAX));
    let joined = records.join(&b'\n');
    let ids = String::from_utf8(joined).unwrap();
    let ids: Vec<String> = ids.lines().map(|line| Line::parse(line, key().as_str()).unwrap().0.id).collect();
    assert_eq!(ids, lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>());
}

#[test]
fn a_merge_line_carries_the_state() {
    let mut state = Profile::default();
    state.counts.adds = 3;
    let line = Line::merge(&key(), &key(), &state, Timestamp::from_ms(5)).unwrap();
    let EventKind::Merge { state: read, .. } = line.to_event().unwrap().kind else { panic!("not a merge") };
    assert_eq!(*read, state);
}

#[test]
fn what_cannot_be_read_says_why_without_quoting_it() {
    let cases = [
        ("{\"v\":9,\"shape\":\"new\"}", FailedReason::UnknownVersion),
        ("{\"v\":1,\"key\":\"secret-value\"}", FailedReason::Undecodable),
        ("not json secret-value", FailedReason::Undecodable),
    ];
    for (text, reason) in cases {
        let error = Line::parse(text, "k").unwrap_err();
        assert_eq!(error.reason, reason, "{text}");
        assert!(!error.detail.contains("secret-value"), "{}", error.detail);
    }
}
