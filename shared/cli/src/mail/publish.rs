//! `beckon mail publish`.

use super::folder;
use crate::error::CliError;
use crate::rules::change::ChangeArgs;
use beckon_mail::Content;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `beckon mail publish`.
#[derive(Args, Debug)]
pub(super) struct PublishArgs {
    /// The folder with a mail.yaml
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Check it, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(args: PublishArgs) -> Result<(), CliError> {
    let files = folder::read(&args.folder)?;
    Content::parse(&files).map_err(|problems| folder::wrong(&args.folder, &problems))?;
    let query = args.change.query(&[("dry_run", args.dry_run)]);
    let admin = args.change.place.open().await?;
    let answer = admin.put("/mail/content", &query, files.document()).await?.done(None)?;
    if args.change.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    let text = |name: &str| answer[name].as_str().unwrap_or("the built-in content");
    let (to, from) = (text("version"), text("from"));
    crate::say(match (answer["dry_run"] == true, answer["changed"] == true) {
        (true, true) => format!("{to} would be live, after {from}; nothing was changed"),
        (false, true) => format!("{to} is live, after {from}; the mailer has it within 30 seconds"),
        (_, false) => format!("{to} is live already; nothing was changed"),
    });
    Ok(())
}
