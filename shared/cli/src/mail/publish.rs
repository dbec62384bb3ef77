//! `beckon mail publish`.

use super::folder;
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use beckon_mail::Content;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `beckon mail publish`.
#[derive(Args, Debug)]
pub(super) struct PublishArgs {
    /// The folder with a mail.yaml
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who, for the history; the key's source is noted in any case
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Check it, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Publish it only if this version is live
    #[arg(long, value_name = "VERSION")]
    expect: Option<String>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) async fn run(args: PublishArgs) -> Result<(), CliError> {
    let files = folder::read(&args.folder)?;
    Content::parse(&files).map_err(|problems| folder::wrong(&args.folder, &problems))?;
    let mut query = Vec::new();
    for (name, value) in [("note", args.note), ("by", args.by), ("expect", args.expect)] {
        query.extend(value.map(|value| (name, value)));
    }
    query.extend(args.dry_run.then(|| ("dry_run", "true".to_owned())));
    let admin = args.place.open().await?;
    let answer = admin.put("/mail/content", &query, files.document()).await?.done(None)?;
    if args.json {
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
