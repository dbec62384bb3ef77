//! The files of a folder with content, as one value.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The most that all files have together, in bytes, written as one JSON document.
pub const DOCUMENT_BYTES_MAX: usize = 300 * 1024;
/// The most that one file has, in bytes.
pub const FILE_BYTES_MAX: usize = 100 * 1024;
/// The most files.
pub const FILE_COUNT_MAX: usize = 200;
/// The file that names all others.
pub const MANIFEST: &str = "mail.yaml";

/// Files by their path in the folder (`en/reminder.mjml`).
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Path and text.
    pub files: BTreeMap<String, String>,
}

/// Why files cannot be content.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FilesError {
    /// The document is no JSON of the expected form.
    #[error("expected {{\"files\": {{\"mail.yaml\": \"...\", ...}}}}: {0}")]
    Json(String),
    /// All files together are too much.
    #[error(
        "the files have {0} bytes as one document, and {DOCUMENT_BYTES_MAX} are allowed: shorten the templates"
    )]
    TooLarge(usize),
    /// One file is too much.
    #[error("{0} has {1} bytes, and {FILE_BYTES_MAX} are allowed: shorten it")]
    FileTooLarge(String, usize),
    /// Too many files.
    #[error("there are {0} files, and {FILE_COUNT_MAX} are allowed: remove those that no mail uses")]
    TooMany(usize),
    /// A path that is none of a content folder.
    #[error(
        "{0} is no path of content: expected mail.yaml, or a language and a file such as en/reminder.mjml"
    )]
    Path(String),
}

impl Files {
    /// Checks paths and sizes.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn new(files: BTreeMap<String, String>) -> Result<Self, FilesError> {
        if files.len() > FILE_COUNT_MAX {
            return Err(FilesError::TooMany(files.len()));
        }
        for (path, text) in &files {
            if !is_path(path) {
                return Err(FilesError::Path(path.chars().take(100).filter(|c| !c.is_control()).collect()));
            }
            if text.len() > FILE_BYTES_MAX {
                return Err(FilesError::FileTooLarge(path.clone(), text.len()));
            }
        }
        let files = Self { files };
        let bytes = files.document().len();
        if bytes > DOCUMENT_BYTES_MAX { Err(FilesError::TooLarge(bytes)) } else { Ok(files) }
    }

    /// Reads the document that [`Files::document`] writes.
    ///
    /// # Errors
    /// When it is not such a document, or does not fit.
    pub fn parse(document: &str) -> Result<Self, FilesError> {
        if document.len() > 2 * DOCUMENT_BYTES_MAX {
            return Err(FilesError::TooLarge(document.len()));
        }
        let files: Self = serde_json::from_str(document).map_err(|e| FilesError::Json(e.to_string()))?;
        Self::new(files.files)
    }

    /// All files as one JSON document; equal files give equal bytes.
    #[must_use]
    pub fn document(&self) -> String {
        // A map of texts is always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The version: the beginning of the document's SHA-256, in hex.
    #[must_use]
    pub fn version(&self) -> String {
        data_encoding::HEXLOWER.encode(&Sha256::digest(self.document().as_bytes())[..6])
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }
}

/// `mail.yaml`, or `LANGUAGE/NAME.mjml` and `.txt`.
fn is_path(path: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word.len() <= 60
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    path == MANIFEST
        || path.split_once('/').is_some_and(|(folder, file)| {
            let name = file.strip_suffix(".mjml").or_else(|| file.strip_suffix(".txt"));
            is_word(folder) && name.is_some_and(is_word)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> Result<Files, FilesError> {
        Files::new(pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn a_document_is_read_back_and_has_a_version_of_its_own() {
        let one = files(&[("mail.yaml", "a"), ("en/reminder.mjml", "b")]).unwrap();
        assert_eq!(Files::parse(&one.document()).unwrap(), one);
        assert_ne!(one.version(), files(&[("mail.yaml", "a"), ("en/reminder.mjml", "c")]).unwrap().version());
        assert_eq!(one.version().len(), 12);
    }

    #[test]
    fn what_is_no_content_is_refused_before_it_is_read() {
        for path in [
            "../mail.yaml",
            "/etc/passwd",
            "en/../x.mjml",
            "en/x.html",
            "x.mjml",
            "en/a b.txt",
            "en/.mjml",
            "",
        ] {
            assert!(matches!(files(&[(path, "")]), Err(FilesError::Path(_))), "{path}");
        }
        let big = "x".repeat(FILE_BYTES_MAX);
        assert!(matches!(
            files(&[("mail.yaml", &format!("{big}x"))]),
            Err(FilesError::FileTooLarge(_, 102_401))
        ));
        let many = [("a/a.txt", big.as_str()), ("a/b.txt", &big), ("a/c.txt", &big)];
        assert!(matches!(files(&many), Err(FilesError::TooLarge(_))));
        assert!(matches!(Files::parse("[]"), Err(FilesError::Json(_))));
        assert!(matches!(Files::parse(r#"{"files":{},"x":1}"#), Err(FilesError::Json(_))));
    }
}
