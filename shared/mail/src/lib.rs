//! What a mail says: content as documents in a folder, checked before it is used, and rendered for one person.
//!
//! [`Content`] is a folder that passed every check ([`Files`] is the folder, [`check`] says all that is wrong with it), or
//! the built-in one. [`Material`] is what is known of a cart and a person; [`Material::view`] brings it to words; and
//! [`Content::render`] makes a [`Rendered`] mail of them. MJML is compiled when content is loaded, never for a mail.
//! Everything that a stranger may have written is cleaned by [`text`], links are checked by [`link`], and what goes into a
//! header is a [`HeaderText`]. No clock, no I/O: files and times are arguments. The folder is described in `README.md`.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod check;
mod content;
mod error;
mod files;
mod format;
mod header;
pub mod link;
mod locale;
mod manifest;
mod material;
mod mjml;
mod template;
pub mod text;
mod view;

pub use content::{Content, Rendered};
pub use error::{Problem, Problems, RenderError};
pub use files::{DOCUMENT_BYTES_MAX, FILE_BYTES_MAX, Files, FilesError};
pub use header::{HeaderFault, HeaderText, mailbox};
pub use link::{Hosts, LinkFault};
pub use locale::Locale;
pub use material::{Listed, Material, Offered};
pub use view::{DiscountView, LineView, View};
