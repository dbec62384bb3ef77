//! SES v2: what is asked, what each answer means, and that nothing is ever asked twice.

use crate::clients;
use crate::server::{Refusing, Reply, Server};
use beckon_runtime::aws::Patience;
use cart_mailer::send::ses::SesSender;
use cart_mailer::send::{Email, SendEmail, SendError};
use serde_json::json;

fn email() -> Email {
    Email {
        from: "Böckchen <shop@shop.example>".into(),
        to: "anna@mail.example".into(),
        subject: "Noch da? – 2 × Tee ☕".into(),
        text: "Grüße\n\n.\n-- \nZeile".into(),
        html: "<p>Grüße &amp; \"Küsse\"</p>".into(),
        headers: vec![
            ("List-Unsubscribe".into(), "<https://shop.example/u/TOKEN>".into()),
            ("List-Unsubscribe-Post".into(), "List-Unsubscribe=One-Click".into()),
        ],
        tags: vec![("episode".into(), "0123456789abcdef".into()), ("step".into(), "1".into())],
    }
}

/// The patience of a send, with the time that a busy machine may need. The number of attempts is the real one.
fn sender(endpoint: &str) -> SesSender {
    SesSender::new(clients::ses(endpoint, clients::unhurried(Patience::SEND)), "beckon-set")
}

fn taken() -> Reply {
    Reply::ok(&json!({ "MessageId": "0100-ses" }))
}

#[tokio::test]
async fn a_send_is_one_request_with_everything_that_the_email_has() {
    let server = Server::playing([taken()]).await;
    assert_eq!(sender(&server.endpoint).send(&email()).await, Ok("0100-ses".to_owned()));
    let request = server.only_request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v2/email/outbound-emails"));
    let content = |data: &str| json!({ "Data": data, "Charset": "UTF-8" });
    let expected = json!({
        "FromEmailAddress": "Böckchen <shop@shop.example>",
        "Destination": { "ToAddresses": ["anna@mail.example"] },
        "ConfigurationSetName": "beckon-set",
        "EmailTags": [{ "Name": "episode", "Value": "0123456789abcdef" }, { "Name": "step", "Value": "1" }],
        "Content": { "Simple": {
            "Subject": content("Noch da? – 2 × Tee ☕"),
            "Body": {
                "Text": content("Grüße\n\n.\n-- \nZeile"),
                "Html": content("<p>Grüße &amp; \"Küsse\"</p>"),
            },
            "Headers": [
                { "Name": "List-Unsubscribe", "Value": "<https://shop.example/u/TOKEN>" },
                { "Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click" },
            ],
        } },
    });
    assert_eq!(request.body, expected);
}

/// The kind of an error, without its words.
fn kind(error: &SendError) -> &'static str {
    match error {
        SendError::Throttled(_) => "throttled",
        SendError::NotNow(_) => "not now",
        SendError::Stopped(_) => "stopped",
        SendError::Refused(_) => "refused",
        SendError::Unknown(_) => "unknown",
    }
}

async fn expect_kind(reply: Reply, expected: &str) {
    // What follows would be taken: a second attempt shows as a success, or as a second request.
    let server = Server::playing([reply.clone(), taken()]).await;
    let error = sender(&server.endpoint).send(&email()).await.expect_err("it was not taken");
    assert_eq!(kind(&error), expected, "{reply:?}: {error}");
    assert_eq!(server.requests().len(), 1, "{reply:?} was tried again");
    assert!(!format!("{error:?} {error}").contains("anna@"), "the error names the person: {error:?}");
}

#[tokio::test]
async fn a_throttled_send_may_be_tried_later_and_is_not_tried_now() {
    expect_kind(Reply::rest_error(429, "TooManyRequestsException"), "throttled").await;
    expect_kind(Reply::rest_error(400, "LimitExceededException"), "not now").await;
    expect_kind(Reply::rest_error(400, "ThrottlingException"), "throttled").await;
}

#[tokio::test]
async fn an_account_that_may_not_send_stops_the_run() {
    for code in ["AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException"]
    {
        expect_kind(Reply::rest_error(400, code), "stopped").await;
    }
}

#[tokio::test]
async fn a_caller_without_permission_stops_the_run_and_burns_no_reminder() {
    for code in ["AccessDeniedException", "InvalidClientTokenId", "SignatureDoesNotMatch"] {
        expect_kind(Reply::rest_error(403, code), "stopped").await;
    }
}

/// SES asks for the recipient's identity too, if the account has it, as for everybody in its sandbox. One such person must
/// not hold up everyone behind.
#[tokio::test]
async fn a_denial_about_the_recipient_alone_concerns_no_other_mail() {
    let denied = |identity: &str| {
        let text = format!(
            "User `arn:aws:sts::1:x' is not authorized to perform `ses:SendEmail' on resource \
                            `arn:aws:ses:eu-west-1:1:identity/{identity}'"
        );
        Reply::rest_error_saying(403, "AccessDeniedException", &text)
    };
    expect_kind(denied("anna@mail.example"), "not now").await;
    expect_kind(denied("mail.example"), "not now").await;
    expect_kind(denied("mail.example.org"), "stopped").await;
    expect_kind(denied("shop@shop.example"), "stopped").await;
    expect_kind(denied("shop.example"), "stopped").await;
}

#[tokio::test]
async fn until_an_identity_is_verified_nothing_is_lost() {
    let failed = |addresses: &str| {
        let text = format!(
            "Email address is not verified. The following identities failed the check in region \
                            EU-WEST-1: {addresses}"
        );
        Reply::rest_error_saying(400, "MessageRejected", &text)
    };
    expect_kind(failed("shop@shop.example"), "stopped").await;
    expect_kind(failed("shop@shop.example, anna@mail.example"), "stopped").await;
    expect_kind(failed("anna@mail.example"), "not now").await;
}

#[tokio::test]
async fn a_message_that_ses_does_not_want_is_refused_for_good() {
    expect_kind(Reply::rest_error(400, "MessageRejected"), "refused").await;
    expect_kind(Reply::rest_error(400, "BadRequestException"), "refused").await;
    expect_kind(Reply::rest_error(404, "NotFoundException"), "refused").await;
}

#[tokio::test]
async fn whatever_may_have_been_taken_is_unknown_and_sent_once() {
    for status in [500, 502, 503, 504] {
        expect_kind(Reply::foreign(status), "unknown").await;
    }
    expect_kind(Reply::rest_error(500, "InternalServiceErrorException"), "unknown").await;
    expect_kind(Reply::rest_error(503, "ServiceUnavailable"), "unknown").await;
    // Nobody documents these; that they were not taken would be a guess.
    expect_kind(Reply::rest_error(400, "BrandNewException"), "unknown").await;
    expect_kind(Reply::rest_error(409, "ConflictException"), "unknown").await;
    // A name of ours in a server's failure proves nothing either.
    expect_kind(Reply::rest_error(500, "AccessDeniedException"), "unknown").await;
    // Taken, but the answer is not readable.
    expect_kind(Reply::foreign(200), "unknown").await;
    expect_kind(Reply::HangUp, "unknown").await;
}

#[tokio::test]
async fn an_answer_that_never_comes_is_unknown_and_sent_once() {
    let server = Server::playing([Reply::Silence, taken()]).await;
    let patience = Patience { attempts: Patience::SEND.attempts, ..clients::BRIEF };
    let sender = SesSender::new(clients::ses(&server.endpoint, patience), "beckon-set");
    let error = sender.send(&email()).await.unwrap_err();
    assert_eq!(kind(&error), "unknown", "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_that_was_used_before_and_breaks_is_not_replaced_by_a_second_send() {
    let server = Server::playing([taken(), Reply::HangUp, taken()]).await;
    let sender = sender(&server.endpoint);
    assert!(sender.send(&email()).await.is_ok());
    let error = sender.send(&email()).await.unwrap_err();
    assert_eq!(kind(&error), "unknown", "{error}");
    assert_eq!(server.requests().len(), 2, "one of the first send, one of the second");
    assert!(sender.send(&email()).await.is_ok(), "the next send has a connection again");
}

/// Nothing was said to anybody, so the reminder may be sent by a later run.
#[tokio::test]
async fn a_refused_connection_certainly_took_nothing() {
    let nobody = Refusing::new();
    let error = sender(&nobody.endpoint).send(&email()).await.unwrap_err();
    assert_eq!(kind(&error), "not now", "{error}");
}
