//! SES v2. The client's retries must be off ([`beckon_runtime::aws::Patience::SEND`]): a retry of a send whose answer was
//! lost would mail twice.

use super::{Email, SendEmail, SendError};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag};

/// Codes, of every AWS service, for a caller that may not call: the request was looked at no further.
const NOT_ALLOWED: [&str; 7] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Sends through SES v2.
#[derive(Clone, Debug)]
pub struct SesSender {
    client: Client,
    configuration_set: String,
}

impl SesSender {
    /// A sender with this configuration set, by the function's AWS configuration.
    pub fn from_config(config: &aws_config::SdkConfig, configuration_set: impl Into<String>) -> Self {
        Self::new(Client::new(config), configuration_set)
    }

    /// A sender with this configuration set, behind a client.
    pub fn new(client: Client, configuration_set: impl Into<String>) -> Self {
        Self { client, configuration_set: configuration_set.into() }
    }
}

fn content(data: &str) -> Result<Content, BuildError> {
    Content::builder().data(data).charset("UTF-8").build()
}

fn message(email: &Email) -> Result<EmailContent, BuildError> {
    let body = Body::builder().text(content(&email.text)?).html(content(&email.html)?).build();
    let mut message = Message::builder().subject(content(&email.subject)?).body(body);
    for (name, value) in &email.headers {
        message = message.headers(MessageHeader::builder().name(name).value(value).build()?);
    }
    Ok(EmailContent::builder().simple(message.build()).build())
}

impl SendEmail for SesSender {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        let refused = |error: BuildError| SendError::Refused(error.to_string());
        let mut request = self
            .client
            .send_email()
            .from_email_address(&email.from)
            .destination(Destination::builder().to_addresses(&email.to).build())
            .content(message(email).map_err(refused)?)
            .configuration_set_name(&self.configuration_set);
        for (name, value) in &email.tags {
            request =
                request.email_tags(MessageTag::builder().name(name).value(value).build().map_err(refused)?);
        }
        match request.send().await {
            Ok(answer) => Ok(answer.message_id.unwrap_or_default()),
            Err(error) => Err(send_error(&error, email)),
        }
    }
}

/// Only what SES says outright counts as "not taken", and a connection that was never made; everything else may have
/// been.
fn send_error(error: &SdkError<SendEmailError, HttpResponse>, email: &Email) -> SendError {
    use SendEmailError as E;
    match error {
        SdkError::ConstructionFailure(_) => SendError::Refused("the request could not be built".to_owned()),
        SdkError::ServiceError(service) => match service.err() {
            E::TooManyRequestsException(_) => SendError::Throttled("too many requests".to_owned()),
            E::LimitExceededException(_) => SendError::NotNow("the sending quota is reached".to_owned()),
            E::AccountSuspendedException(_) => SendError::Stopped("the account is suspended".to_owned()),
            E::SendingPausedException(_) => SendError::Stopped("sending is paused".to_owned()),
            E::MailFromDomainNotVerifiedException(_) => {
                SendError::Stopped("the MAIL FROM domain is not verified".to_owned())
            }
            E::MessageRejected(rejected) => rejection(rejected.message().unwrap_or_default(), email),
            E::BadRequestException(_) => SendError::Refused("the request was not valid".to_owned()),
            E::NotFoundException(_) => SendError::Refused("the configuration set does not exist".to_owned()),
            other if service.raw().status().is_client_error() => match other.code() {
                Some("AccessDeniedException") if is_about_recipient(other.message(), email) => {
                    // SES also asks for the recipient's identity, if the account has it: always so in its sandbox.
                    SendError::NotNow("the mailer may not mail to an identity of this account".to_owned())
                }
                Some(code) if NOT_ALLOWED.contains(&code) => {
                    SendError::Stopped(format!("the mailer may not send: {code}"))
                }
                Some("ThrottlingException") => SendError::Throttled("too many requests".to_owned()),
                _ => SendError::Unknown("SES answered with an unknown error".to_owned()),
            },
            _ => SendError::Unknown("SES answered with an unknown error".to_owned()),
        },
        SdkError::DispatchFailure(_) if is_connection_refused(error) => {
            SendError::NotNow("the connection was refused".to_owned())
        }
        _ => SendError::Unknown("the connection failed or timed out".to_owned()),
    }
}

/// Why a question that changes nothing was not answered.
pub(super) fn not_answered<E>(error: &SdkError<E, HttpResponse>) -> SendError
where
    E: ProvideErrorMetadata,
{
    match error.code() {
        Some(code) if NOT_ALLOWED.contains(&code) => {
            SendError::Stopped(format!("the mailer may not ask: {code}"))
        }
        Some("TooManyRequestsException" | "ThrottlingException") => {
            SendError::Throttled("too many requests".to_owned())
        }
        _ => SendError::Unknown("SES did not answer".to_owned()),
    }
}

/// A message that SES does not take. Until the sender is verified, and in the sandbox the recipient too, that is no
/// verdict on the message: it may be sent when they are.
fn rejection(message: &str, email: &Email) -> SendError {
    if !message.to_ascii_lowercase().contains("not verified") {
        SendError::Refused("the message was rejected".to_owned())
    } else if names(message, address(&email.from)) || !names(message, &email.to) {
        SendError::Stopped("the sender is not verified in SES".to_owned())
    } else {
        SendError::NotNow("the recipient is not verified in SES, which its sandbox wants".to_owned())
    }
}

/// Whether a denial is about the recipient's identity, and not about the sender's.
fn is_about_recipient(message: Option<&str>, email: &Email) -> bool {
    let message = message.unwrap_or_default();
    names(message, &email.to) && !names(message, address(&email.from))
}

/// Whether a text names an address, or the identity of its whole domain: `arn:…:identity/shop.example`.
fn names(text: &str, address: &str) -> bool {
    let (text, address) = (text.to_ascii_lowercase(), address.to_ascii_lowercase());
    let Some((_, domain)) = address.rsplit_once('@') else { return false };
    let identity = format!(":identity/{domain}");
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || ".-@".contains(c));
    text.contains(&address)
        || text.match_indices(&identity).any(|(at, found)| !goes_on(&text[at + found.len()..]))
}

/// The address of a From, without its name.
fn address(from: &str) -> &str {
    from.rsplit_once('<').map_or(from, |(_, address)| address.trim_end_matches('>')).trim()
}

/// Whether nobody listened: the one failure of a connection that certainly came before the request.
fn is_connection_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::ConnectionRefused)
}
