//! What SES's documentation shows, read.

use super::*;
use beckon_domain::{EpisodeId, Timestamp};
use serde_json::json;

const EPISODE: &str = "00112233445566778899aabbccddeeff";

fn event(kind: &str, part: &str, about: Value) -> Value {
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2026-11-22T08:00:00.000Z", "messageId": "0100-m", "source": "shop@shop.example",
            "destination": ["anna@mail.example"],
            "tags": { "ses:configuration-set": ["beckon"], "episode": [EPISODE], "step": ["2"] },
        },
    });
    event[part] = about;
    event
}

fn bridge(detail_type: &str, detail: Value) -> Value {
    json!({ "version": "0", "source": "aws.ses", "detail-type": detail_type, "detail": detail })
}

fn sns(messages: &[String]) -> Value {
    let records: Vec<Value> =
        messages.iter().map(|m| json!({ "EventSource": "aws:sns", "Sns": { "Message": m } })).collect();
    json!({ "Records": records })
}

fn only(payload: &Value) -> SesEvent {
    match read(payload).unwrap().remove(0) {
        Ok(Told::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

fn kind(event: Value) -> SesEventKind {
    only(&bridge("", event)).kind
}

#[test]
fn the_same_event_is_read_from_eventbridge_and_from_sns() {
    let bounce = event(
        "Bounce",
        "bounce",
        json!({ "bounceType": "Permanent", "bounceSubType": "General", "timestamp": "2026-11-22T08:00:03.500Z",
            "bouncedRecipients": [{ "emailAddress": "Anna <anna@mail.example>", "status": "5.1.1" }] }),
    );
    let read = only(&bridge("Email Bounced", bounce.clone()));
    assert_eq!(read.kind, SesEventKind::Bounce(Bounce::Permanent));
    assert_eq!(
        (read.message_id.as_str(), read.recipients.as_slice()),
        ("0100-m", &["anna@mail.example".to_owned()][..])
    );
    assert_eq!(read.at.since(read.sent_at).as_ms(), 3_500);
    assert_eq!(read.reminder, EpisodeId::parse(EPISODE).map(|episode| (episode, 2)));
    assert_eq!(only(&sns(&[bounce.to_string()])), read);
    assert!(!format!("{read:?}").contains("anna"), "an address is never printed");
}

#[test]
fn every_type_of_event_is_known() {
    use SesEventKind as K;
    assert_eq!(kind(event("Send", "send", json!({}))), K::Send);
    assert_eq!(kind(event("Delivery", "delivery", json!({ "recipients": ["a@b.example"] }))), K::Delivery);
    assert_eq!(kind(event("Reject", "reject", json!({ "reason": "Bad content" }))), K::Reject);
    assert_eq!(kind(event("Rendering Failure", "failure", json!({}))), K::RenderingFailure);
    assert_eq!(
        kind(event("DeliveryDelay", "deliveryDelay", json!({ "delayType": "MailboxFull" }))),
        K::DeliveryDelay
    );
    let gone = json!({ "newTopicPreferences": { "unsubscribeAll": true } });
    assert_eq!(kind(event("Subscription", "subscription", gone)), K::Subscription { unsubscribed: true });
    assert_eq!(
        kind(event("Complaint", "complaint", json!({ "complaintFeedbackType": "abuse" }))),
        K::Complaint { is_new: true }
    );
    let bounce = |kind: &str, sub: &str| json!({ "bounceType": kind, "bounceSubType": sub });
    for (kind_name, sub, expected) in [
        ("Permanent", "Suppressed", Bounce::Permanent),
        ("Permanent", "OnAccountSuppressionList", Bounce::OnSuppressionList),
        ("Transient", "MailboxFull", Bounce::Transient),
        ("Undetermined", "Undetermined", Bounce::Undetermined),
    ] {
        assert_eq!(kind(event("Bounce", "bounce", bounce(kind_name, sub))), K::Bounce(expected), "{sub}");
    }
}

#[test]
fn the_name_that_eventbridge_gives_serves_when_the_event_has_none() {
    let mut delivered = event("", "delivery", json!({}));
    delivered.as_object_mut().unwrap().remove("eventType");
    assert_eq!(only(&bridge("Email Delivered", delivered.clone())).kind, SesEventKind::Delivery);
    assert_eq!(
        read(&bridge("Sending Status Disabled", delivered)),
        Ok(vec![ignored("a type of event that is not known")])
    );
}

fn ignored(why: &'static str) -> Result<Told, SesError> {
    Ok(Told::Ignored(why))
}

#[test]
fn what_is_not_known_is_ignored_and_what_is_broken_is_told_by_its_place() {
    let unknown = bridge("Email Teleported", event("Teleport", "teleport", json!({})));
    assert_eq!(read(&unknown), Ok(vec![ignored("a type of event that is not known")]));
    let fine = event("Complaint", "complaint", json!({ "complaintFeedbackType": "not-spam" }));
    assert_eq!(read(&bridge("", fine)), Ok(vec![ignored("a report that a mail is no spam")]));
    let good = event("Send", "send", json!({})).to_string();
    let topic = "Successfully validated SNS topic for Amazon SES event publishing.".to_owned();
    let several = read(&sns(&["{".to_owned(), topic, good])).unwrap();
    assert_eq!(several[0], Err(SesError::Message));
    assert!(several[1] == ignored("a notice that the topic works") && several[2].is_ok(), "{several:?}");
    let mut nameless = event("Send", "send", json!({}));
    nameless["mail"]["messageId"] = json!("");
    let error = read(&bridge("", nameless)).unwrap().remove(0).unwrap_err();
    assert_eq!(error.to_string(), "the event of SES has no usable mail.messageId");
    let odd = event("Bounce", "bounce", json!({ "bounceType": "Odd" }));
    assert_eq!(read(&bridge("", odd)).unwrap(), [Err(SesError::Field("bounce.bounceType"))]);
    for payload in [json!({}), json!([]), json!({ "Records": [{ "kinesis": {} }] })] {
        assert_eq!(read(&payload), Err(SesError::Envelope), "{payload}");
    }
    assert_eq!(read(&bridge("", json!("text"))).unwrap(), [Err(SesError::Field("eventType"))]);
}

#[test]
fn programs_are_told_from_people() {
    let open = |second: &str, agent: &str| {
        let about = json!({ "timestamp": format!("2026-11-22T08:00:{second}.000Z"), "userAgent": agent });
        kind(event("Open", "open", about)) == SesEventKind::Open { machine: true }
    };
    let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15";
    assert!(!open("30", phone));
    assert!(open("01", phone), "nobody reads a mail within a second");
    assert!(open("30", "Mozilla/5.0"), "Apple's proxy says no more of itself");
    assert!(open("30", "Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)"));
    let flagged = json!({ "timestamp": "2026-11-22T09:00:00Z", "userAgent": phone, "isAutomated": true });
    assert_eq!(kind(event("Click", "click", flagged)), SesEventKind::Click { machine: true });
    let person = json!({ "timestamp": "2026-11-22T09:00:00Z", "userAgent": phone, "isAutomated": false });
    assert_eq!(kind(event("Click", "click", person)), SesEventKind::Click { machine: false });
}

#[test]
fn a_mail_without_our_tags_is_no_reminder_and_its_recipients_are_known_all_the_same() {
    let mut delivered = event("Delivery", "delivery", json!({}));
    for tags in [
        json!({}),
        json!({ "episode": [EPISODE], "step": ["0"] }),
        json!({ "episode": ["x"], "step": ["1"] }),
    ] {
        delivered["mail"]["tags"] = tags;
        let read = only(&bridge("", delivered.clone()));
        assert_eq!((read.reminder, read.recipients.len()), (None, 1));
    }
    assert_eq!(only(&bridge("", delivered)).at, Timestamp::from_ms(1_795_334_400_000), "when it was sent");
}
