//! Where things are: the repository with the template, and `target/stack/` below it.

use crate::error::CliError;
use std::path::{Path, PathBuf};

/// The repository, and what `beckon stack` keeps in it.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The repository that the current folder is in.
    pub(crate) fn find() -> Result<Self, CliError> {
        let here = std::env::current_dir().map_err(|e| {
            CliError::usage(format!("the current folder cannot be read: {e}; go to another one"))
        })?;
        Self::above(&here).ok_or_else(|| {
            CliError::usage(format!(
                "no template.yaml in {} or above it: run this in a checkout of Beckon",
                here.display()
            ))
        })
    }

    /// The nearest folder with the template, from `here` upward.
    fn above(here: &Path) -> Option<Self> {
        let is_root =
            |folder: &&Path| folder.join("template.yaml").is_file() && folder.join("Cargo.toml").is_file();
        here.ancestors().find(is_root).map(|root| Self { root: root.to_owned() })
    }

    /// A repository, wherever it is.
    #[cfg(test)]
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Something below `target/stack/`.
    pub(crate) fn stack(&self, name: &str) -> PathBuf {
        self.root.join("target").join("stack").join(name)
    }

    /// Makes a folder below `target/stack/`, and those above it.
    pub(crate) fn make(&self, name: &str) -> Result<PathBuf, CliError> {
        let path = self.stack(name);
        std::fs::create_dir_all(&path)
            .map_err(|e| CliError::usage(format!("cannot make the folder {}: {e}", path.display())))?;
        Ok(path)
    }

    /// A path as a person in the repository would write it.
    pub(crate) fn show(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// Removes a file or a whole folder; that it is not there is what was wanted.
pub(crate) fn remove(path: &Path) -> Result<(), CliError> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(CliError::usage(format!("cannot remove {}: {e}", path.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_found_from_any_folder_in_it_and_nowhere_else() {
        let scratch = std::env::temp_dir().join(format!("beckon-folder-{}", std::process::id()));
        let inner = scratch.join("shared").join("cli");
        std::fs::create_dir_all(&inner).unwrap();
        assert!(Folder::above(&inner).is_none(), "nothing is there yet");
        std::fs::write(scratch.join("template.yaml"), "").unwrap();
        assert!(Folder::above(&inner).is_none(), "a template alone is somebody else's");
        std::fs::write(scratch.join("Cargo.toml"), "").unwrap();
        let folder = Folder::above(&inner).unwrap();
        assert_eq!(folder.root(), scratch);
        assert_eq!(folder.show(&folder.stack("build.log")), "target/stack/build.log");
        remove(&scratch).unwrap();
        remove(&scratch).unwrap();
    }
}
