//! Experiments as reminders see them: whom the shop holds out of all personalization, and what variants change of a mail.
//!
//! The person is who the profile is of, divided by its key; what they were shown before stays. That somebody is in an
//! experiment counts from the moment at which a reminder is decided: it is told before the mail is claimed, and a reminder
//! whose telling fails stays due.

use crate::error::MailerError;
use crate::process::{MailTables, Mailer, Run};
use beckon_domain::abandonment::{Plan, SkipReason};
use beckon_domain::{Profile, ProfileKey};
use beckon_rules::{Asked, Assigned, Forced, Subject};
use beckon_store::streams::{EventStream, NewRecord};
use beckon_wire::stream::{Line, encode};

impl Run {
    /// What experiments do with whom a reminder would go to.
    pub(crate) fn assigned(&self, key: &ProfileKey, profile: &Profile) -> Assigned<'_> {
        let forced = Forced::default();
        let subject =
            Subject { unit: Some(key.as_str()), measured: Some(&profile.measured), forced: &forced };
        self.ruleset.assign(&subject, Asked::Mail, &self.person(profile, key), self.now)
    }
}

/// What is planned of a reminder to somebody in these experiments: who is held out of everything gets none.
pub(crate) fn planned(plan: Plan, assigned: &Assigned<'_>) -> Plan {
    match plan {
        Plan::Remind(id) if assigned.overlay().is_held_out() => Plan::Skip(id, SkipReason::Holdout),
        plan => plan,
    }
}

impl<T: MailTables, S: EventStream, M, A> Mailer<T, S, M, A> {
    /// Tells what the person is in for the first time.
    pub(crate) async fn put_exposures(
        &self,
        run: &Run,
        key: &ProfileKey,
        profile: &Profile,
    ) -> Result<(), MailerError> {
        let assigned = run.assigned(key, profile);
        let line = |(experiment, variant)| Line::exposure(key, experiment, variant, run.now);
        let lines: Vec<Line> = assigned.exposures().map(line).collect();
        if !lines.is_empty() {
            self.stream.put(NewRecord::of_key(key.as_str(), encode(&lines)?)).await?;
        }
        Ok(())
    }
}
