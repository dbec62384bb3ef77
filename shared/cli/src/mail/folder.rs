//! A folder of content, read from disk and written to it.

use crate::error::CliError;
use beckon_mail::{Content, FILE_BYTES_MAX, Files, Problems};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Reads the files of a folder: `mail.yaml`, and the `.mjml` and `.txt` files of each folder in it. Others are left alone.
pub(super) fn read(folder: &Path) -> Result<Files, CliError> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        CliError::usage(format!("cannot read {}: {error}; name a folder with a mail.yaml", path.display()))
    };
    let mut files = BTreeMap::new();
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "mail.yaml" {
            files.insert(name, text(&path)?);
        } else if path.is_dir() && !name.starts_with('.') {
            let inner = fs::read_dir(&path).map_err(|error| unreadable(&path, &error))?;
            for file in inner.flatten().map(|file| file.path()) {
                let is_content = file.extension().is_some_and(|ending| ending == "mjml" || ending == "txt");
                let file_name =
                    file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                if is_content {
                    files.insert(format!("{name}/{file_name}"), text(&file)?);
                }
            }
        }
    }
    Files::new(files).map_err(|error| CliError::usage(format!("{}: {error}", folder.display())))
}

fn text(path: &Path) -> Result<String, CliError> {
    let length = fs::metadata(path).map_or(0, |found| found.len());
    if length > 2 * FILE_BYTES_MAX as u64 {
        let path = path.display();
        return Err(CliError::usage(format!(
            "{path} has {length} bytes, and {FILE_BYTES_MAX} are allowed: shorten it"
        )));
    }
    fs::read_to_string(path)
        .map_err(|error| CliError::usage(format!("cannot read {}: {error}", path.display())))
}

/// Writes files into a folder that holds none of them yet.
pub(super) fn write(folder: &Path, files: &Files) -> Result<(), CliError> {
    for (path, text) in &files.files {
        let path = folder.join(path);
        if path.exists() {
            return Err(CliError::usage(format!("{} is there already: name another folder", path.display())));
        }
        let failed =
            |error: std::io::Error| CliError::usage(format!("cannot write {}: {error}", path.display()));
        fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
        fs::write(&path, text).map_err(failed)?;
    }
    Ok(())
}

/// Content of a folder, or the built-in one.
pub(super) fn content(folder: Option<&Path>) -> Result<Content, CliError> {
    match folder {
        Some(folder) => Content::parse(&read(folder)?).map_err(|problems| wrong(folder, &problems)),
        None => Content::built_in().map_err(|error| CliError::caused("the built-in content", &error)),
    }
}

/// Everything that is wrong with a folder, each on a line as editors understand it.
pub(super) fn wrong(folder: &Path, problems: &Problems) -> CliError {
    let lines: Vec<String> = problems.0.iter().map(|p| format!("{}/{p}", folder.display())).collect();
    CliError::usage(lines.join("\nbeckon: "))
}
