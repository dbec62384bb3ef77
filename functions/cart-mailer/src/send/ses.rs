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
            Err(error) => Err(send_error(&error)),
        }
    }
}

/// Only what SES says outright counts as "not taken", and a connection that was never made; everything else may have
/// been.
fn send_error(error: &SdkError<SendEmailError, HttpResponse>) -> SendError {
    use SendEmailError as E;
    match error {
        SdkError::ConstructionFailure(_) => SendError::Refused("the request could not be built".to_owned()),
        SdkError::ServiceError(service) => match service.err() {
            E::TooManyRequestsException(_) => SendError::NotNow("too many requests".to_owned()),
            E::LimitExceededException(_) => SendError::NotNow("the sending quota is reached".to_owned()),
            E::AccountSuspendedException(_) => SendError::Stopped("the account is suspended".to_owned()),
            E::SendingPausedException(_) => SendError::Stopped("sending is paused".to_owned()),
            E::MailFromDomainNotVerifiedException(_) => {
                SendError::Stopped("the MAIL FROM domain is not verified".to_owned())
            }
            E::MessageRejected(_) => SendError::Refused("the message was rejected".to_owned()),
            E::BadRequestException(_) => SendError::Refused("the request was not valid".to_owned()),
            E::NotFoundException(_) => SendError::Refused("the configuration set does not exist".to_owned()),
            other if service.raw().status().is_client_error() => match other.code() {
                Some(code) if NOT_ALLOWED.contains(&code) => {
                    SendError::Stopped(format!("the mailer may not send: {code}"))
                }
                Some("ThrottlingException") => SendError::NotNow("too many requests".to_owned()),
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

/// Whether nobody listened: the one failure of a connection that certainly came before the request.
fn is_connection_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::ConnectionRefused)
}
