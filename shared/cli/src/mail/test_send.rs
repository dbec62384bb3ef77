//! `beckon mail test-send`: one mail to an address of yours. It touches no ledger and no contact. On AWS the caller's own
//! credentials send it, so that no function has more rights for it.

use super::folder;
use super::persona::PersonaArgs;
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use aws_config::BehaviorVersion;
use beckon_mail::{HeaderText, mailbox};
use beckon_runtime::Clock;
use beckon_runtime::aws::{self, Patience};
use cart_mailer::send::ses::SesSender;
use cart_mailer::send::{Email, SendEmail};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Mails of one command at most: nobody wants to find hundreds.
const MAIL_COUNT_MAX: usize = 20;
/// Who sends into the inbox of `beckon serve`.
const SERVE_SENDER: &str = "shop@shop.invalid";

/// Arguments of `beckon mail test-send`.
#[derive(Args, Debug)]
pub(super) struct TestSendArgs {
    /// To whom
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    /// The folder with a mail.yaml [default: the built-in content]
    #[arg(long, value_name = "FOLDER")]
    content: Option<PathBuf>,
    #[command(flatten)]
    persona: PersonaArgs,
    /// Send it by SES, with your AWS credentials, from this verified address
    #[arg(long, value_name = "ADDRESS", requires = "configuration_set")]
    ses_from: Option<String>,
    /// The configuration set of SES
    #[arg(long, value_name = "NAME", requires = "ses_from")]
    configuration_set: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) async fn run(args: TestSendArgs) -> Result<(), CliError> {
    let content = folder::content(args.content.as_deref())?;
    let to =
        mailbox(None, &args.to).map_err(|error| CliError::usage(format!("--to: {error}")))?.into_string();
    let views = args.persona.views(&content, Clock::system().now())?;
    if views.len() > MAIL_COUNT_MAX {
        let count = views.len();
        return Err(CliError::usage(format!("these are {count} mails: choose with --locale and --step")));
    }
    let sender = args.ses_from.as_deref().unwrap_or(SERVE_SENDER);
    let mut emails = Vec::new();
    for (_, view) in views {
        let mail = content.render(&view).map_err(|error| CliError::usage(error.to_string()))?;
        let unusable = |error| CliError::usage(format!("the mail cannot be sent: {error}"));
        emails.push(Email {
            from: mailbox(mail.from_name.as_ref(), sender).map_err(unusable)?.into_string(),
            to: to.clone(),
            subject: HeaderText::new(format!("[Test] {}", mail.subject)).map_err(unusable)?.into_string(),
            text: mail.text,
            html: mail.html,
            headers: Vec::new(),
            tags: Vec::new(),
        });
    }
    match args.configuration_set {
        Some(set) => {
            let own = aws_config::load_defaults(BehaviorVersion::latest()).await;
            let ses = SesSender::from_config(&aws::with_patience(&own, Patience::SEND), set);
            for email in &emails {
                let sent = ses.send(email).await;
                let id =
                    sent.map_err(|error| CliError::failed(format!("SES did not take the mail: {error}")))?;
                crate::say(format_args!("sent to {to}: {} ({id})", email.subject));
            }
        }
        None => {
            let admin = args.place.open().await?;
            for email in &emails {
                let body = json!({ "from": email.from, "to": email.to, "subject": email.subject, "text": email.text, "html": email.html });
                admin.post("/mail/test-send", &[], body.to_string()).await?.done(None)?;
                crate::say(format_args!("in the inbox: {}; open /inbox of `beckon serve`", email.subject));
            }
        }
    }
    Ok(())
}
