//! `beckon mail check`.

use super::folder;
use crate::error::CliError;
use beckon_mail::Content;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `beckon mail check`.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// The folder with a mail.yaml
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs) -> Result<(), CliError> {
    let files = folder::read(&args.folder)?;
    match Content::parse(&files) {
        Ok(content) if args.json => {
            crate::say(json!({ "valid": true, "version": content.version(), "problems": [] }));
            Ok(())
        }
        Ok(content) => {
            let locales: Vec<String> = content.locales().map(ToString::to_string).collect();
            let name = args.folder.display();
            crate::say(format_args!(
                "{name}: nothing is wrong; version {}, in {}",
                content.version(),
                locales.join(", ")
            ));
            Ok(())
        }
        Err(problems) => {
            if args.json {
                let problem = |p: &beckon_mail::Problem| json!({ "file": p.file, "line": p.line, "message": p.message });
                let problems: Vec<_> = problems.0.iter().map(problem).collect();
                crate::say(json!({ "valid": false, "version": files.version(), "problems": problems }));
            }
            Err(folder::wrong(&args.folder, &problems))
        }
    }
}
