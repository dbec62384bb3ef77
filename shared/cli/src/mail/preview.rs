//! `beckon mail preview`.

use super::folder;
use super::persona::PersonaArgs;
use crate::error::CliError;
use beckon_mail::{Content, Rendered, mailbox};
use beckon_runtime::Clock;
use clap::Args;
use mail_builder::MessageBuilder;
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of `beckon mail preview`.
#[derive(Args, Debug)]
pub(super) struct PreviewArgs {
    /// The folder with a mail.yaml [default: the built-in content]
    #[arg(long, value_name = "FOLDER")]
    content: Option<PathBuf>,
    #[command(flatten)]
    persona: PersonaArgs,
    /// Where the files are written
    #[arg(long, value_name = "DIR", default_value = "target/mail-preview")]
    out: PathBuf,
    /// Write the built-in content into this folder instead, to begin with
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["content", "out"])]
    write_built_in: Option<PathBuf>,
}

pub(super) fn run(args: &PreviewArgs) -> Result<(), CliError> {
    if let Some(folder) = &args.write_built_in {
        folder::write(folder, &Content::built_in_files())?;
        crate::say(format_args!("{} has the built-in content; change it, and check it", folder.display()));
        return Ok(());
    }
    let content = folder::content(args.content.as_deref())?;
    for (name, view) in args.persona.views(&content, Clock::system().now())? {
        let rendered = content.render(&view).map_err(|error| CliError::usage(error.to_string()))?;
        for path in write(&args.out, &name, &rendered)? {
            crate::say(path.display());
        }
    }
    Ok(())
}

/// Writes a mail as HTML, as text and as a mail program keeps it.
fn write(out: &Path, name: &str, mail: &Rendered) -> Result<Vec<PathBuf>, CliError> {
    let failed =
        |error: &std::io::Error| CliError::usage(format!("cannot write into {}: {error}", out.display()));
    fs::create_dir_all(out).map_err(|error| failed(&error))?;
    let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
    let parts = [("html", mail.html.clone().into_bytes()), ("txt", text.into_bytes()), ("eml", eml(mail)?)];
    let mut paths = Vec::new();
    for (ending, bytes) in parts {
        let path = out.join(format!("{name}.{ending}"));
        fs::write(&path, bytes).map_err(|error| failed(&error))?;
        paths.push(path);
    }
    Ok(paths)
}

fn eml(mail: &Rendered) -> Result<Vec<u8>, CliError> {
    let from = mailbox(mail.from_name.as_ref(), "shop@shop.invalid");
    let from = from.map_err(|error| CliError::usage(format!("from_name: {error}")))?;
    let message = MessageBuilder::new()
        .header("From", mail_builder::headers::raw::Raw::new(from.into_string()))
        .to("you@mail.invalid")
        .subject(mail.subject.as_str())
        .message_id("preview@shop.invalid")
        .text_body(mail.text.as_str())
        .html_body(mail.html.as_str());
    message.write_to_vec().map_err(|error| CliError::caused("the mail could not be written", &error))
}
