//! E-mail: whether it is sent at all, and how it goes.

mod status;
mod switch;

pub(crate) use status::status;
pub(crate) use switch::{pause, resume};
