//! E-mail: what it says, whether it is sent at all, and how it goes.

pub(crate) mod content;
mod content_routes;
pub mod report;
mod status;
mod switch;

pub(crate) use content_routes::{check, live, publish};
pub(crate) use report::report;
pub(crate) use status::status;
pub(crate) use switch::{pause, resume};
