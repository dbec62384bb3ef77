//! What an emulator shows of the mail that it took, and the links in it.

use crate::cloud::target::{Kind, Target};
use crate::error::CliError;
use reqwest::Client;
use serde_json::Value;

/// Where MiniStack shows its mail.
const MINISTACK_PATH: &str = "/_ministack/ses/messages";
/// Where LocalStack shows its mail.
const LOCALSTACK_PATH: &str = "/_aws/ses";

/// Mail that can be read back, or not: SES shows nobody what it sent.
pub(super) struct Inbox {
    client: Client,
    url: Option<String>,
}

/// A mail that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mail {
    pub(super) to: Vec<String>,
    pub(super) subject: String,
    pub(super) text: String,
}

impl Inbox {
    /// The inbox of a stack.
    pub(super) async fn of(target: &Target, client: &Client) -> Self {
        let url = match (target.kind, &target.endpoint_url) {
            (Kind::MiniStack, Some(endpoint)) => Some(format!("{endpoint}{MINISTACK_PATH}")),
            (Kind::Emulator, Some(endpoint)) => {
                let mut found = None;
                for path in [LOCALSTACK_PATH, MINISTACK_PATH] {
                    let url = format!("{endpoint}{path}");
                    if found.is_none() && shows_mail(client, &url).await {
                        found = Some(url);
                    }
                }
                found
            }
            _ => None,
        };
        Self { client: client.clone(), url }
    }

    /// The mails to an address, oldest first; `None` when they cannot be read back here.
    pub(super) async fn mails_to(&self, address: &str) -> Result<Option<Vec<Mail>>, CliError> {
        let Some(url) = &self.url else { return Ok(None) };
        let failed = |e: reqwest::Error| CliError::caused("the emulator did not show its mail", &e);
        let shown: Value = self.client.get(url).send().await.map_err(failed)?.json().await.map_err(failed)?;
        let is_to = |mail: &Mail| mail.to.iter().any(|to| to.contains(address));
        Ok(Some(parse(&shown).into_iter().filter(is_to).collect()))
    }
}

async fn shows_mail(client: &Client, url: &str) -> bool {
    match client.get(url).send().await {
        Ok(answer) if answer.status().is_success() => {
            answer.json::<Value>().await.is_ok_and(|v| !v["messages"].is_null())
        }
        _ => false,
    }
}

/// Reads what MiniStack shows (messages by account) or LocalStack (a list).
fn parse(shown: &Value) -> Vec<Mail> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let messages = &shown["messages"];
    match messages.as_object() {
        Some(accounts) => accounts.values().flat_map(list).map(|m| ministack(&m)).collect(),
        None => list(messages).iter().map(localstack).collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(text).collect()
}

fn ministack(message: &Value) -> Mail {
    Mail { to: texts(&message["To"]), subject: text(&message["Subject"]), text: text(&message["BodyText"]) }
}

fn localstack(message: &Value) -> Mail {
    Mail {
        to: texts(&message["Destination"]["ToAddresses"]),
        subject: text(&message["Subject"]),
        text: text(&message["Body"]["text_part"]),
    }
}

/// The path of the unsubscribe link in a mail. Its host is the one that AWS would serve; an emulator serves another.
pub(super) fn unsubscribe_path(text: &str) -> Option<String> {
    let links =
        text.split_whitespace().filter(|word| word.starts_with("https://") || word.starts_with("http://"));
    let paths = links.filter_map(|link| link.split_once("://")?.1.split_once('/')).map(|(_, path)| path);
    paths.filter_map(|path| path.rsplit_once("u/")).map(|(_, token)| format!("/u/{token}")).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ministack_shows_messages_by_account_and_localstack_a_list() {
        let mail =
            Mail { to: vec!["a@shop.example".into()], subject: "Your cart".into(), text: "BACK-1".into() };
        let ministack = json!({ "messages": { "000000000000": [{
            "MessageId": "m", "Source": "Shop <shop@shop.example>", "To": ["a@shop.example"], "CC": [], "BCC": [],
            "Subject": "Your cart", "BodyText": "BACK-1", "BodyHtml": "<p>BACK-1</p>", "Timestamp": 1.0, "Type": "SendEmailV2",
        }] } });
        assert_eq!(parse(&ministack), std::slice::from_ref(&mail));
        let localstack = json!({ "messages": [{
            "Id": "m", "Region": "us-east-1", "Destination": { "ToAddresses": ["a@shop.example"] },
            "Subject": "Your cart", "Body": { "html_part": null, "text_part": "BACK-1" },
        }] });
        assert_eq!(parse(&localstack), [mail]);
        assert_eq!(parse(&json!({ "messages": {} })), []);
        assert_eq!(parse(&json!("something else")), []);
    }

    #[test]
    fn the_unsubscribe_link_keeps_its_path_whatever_its_host_and_stage() {
        let text = "Back to your cart: https://shop.example/cart\n--\nUnsubscribe: https://id.execute-api.eu-west-1.amazonaws.com/u/1_ab.cd-e\n";
        assert_eq!(unsubscribe_path(text).as_deref(), Some("/u/1_ab.cd-e"));
        let staged = "http://127.0.0.1:4588/_aws/execute-api/abc/$default/u/1_ab.cd";
        assert_eq!(unsubscribe_path(staged).as_deref(), Some("/u/1_ab.cd"));
        assert_eq!(unsubscribe_path("https://shop.example/cart and https://shop.example"), None);
    }
}
