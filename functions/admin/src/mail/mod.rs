//! Mails: their content, published and looked at.

pub(crate) mod content;
mod content_routes;

pub(crate) use content_routes::{check, live, publish};
