//! Mail that is sent at most once: the ledger of reminders, and what each recipient was sent.
//!
//! SES has no idempotency token, so what was sent is known from the ledger alone. A reminder is one step of the series of
//! one episode. Its row is changed by transitions that are pure ([`reminder`]) and written by compare-and-set; one run's
//! way through them is [`attempt`]. Both are searched for every interleaving of two runs, an event consumer and a crash
//! in its tests.
//!
//! ```text
//! (no row) → CLAIMED → SENDING → SENT                        the usual way
//!              │          ├→ FAILED, DEFERRED                 SES refused: certainly not sent
//!              │          └→ UNKNOWN → SENT | FAILED          by SES's events; never taken over
//!              └→ CLAIMED by another run, after the lease
//! SUPPRESSED, DEFERRED, CANCELLED: not sent, and why. May be claimed when the cart is due again.
//! ```

pub mod assignment;
pub mod attempt;
pub mod history;
pub mod mail_event;
pub mod reminder;
pub mod series;

pub use assignment::{Group, bucket};
pub use attempt::{Answer, Attempt, Do, End, Heard};
pub use history::{History, Mailed};
pub use mail_event::{Feedback, MailEvent};
pub use reminder::{Claim, NotClaimed, Offer, Reminder, ReminderId, ReminderStatus};
pub use series::{Cap, OnUnknown, Series, WithoutCode};

#[cfg(test)]
mod tests;
