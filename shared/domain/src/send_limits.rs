//! What SES allows the account, and what a person should do about it.

/// What SES allows an account, as it last said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SendLimits {
    /// Mails a second, at most; 1 in the sandbox.
    pub per_second: u32,
    /// Mails in 24 hours, at most; `None` when there is no limit.
    pub per_day: Option<u64>,
    /// Mails that went out in the last 24 hours, those of other programs included.
    pub sent_last_day: u64,
    /// Whether the account may send at all.
    pub is_sending_enabled: bool,
    /// Whether the account is out of the sandbox, where mail goes to verified addresses only.
    pub has_production_access: bool,
    /// What SES thinks of the account.
    pub standing: Standing,
}

/// What SES thinks of an account (`EnforcementStatus`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Nothing is wrong.
    Healthy,
    /// Under review.
    Probation,
    /// Stopped.
    Shutdown,
    /// SES said something that is not known here, or nothing.
    Unknown,
}

impl Standing {
    /// The names that SES gives them.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Probation => "PROBATION",
            Self::Shutdown => "SHUTDOWN",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// What SES's name means.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let known = [Self::Healthy, Self::Probation, Self::Shutdown];
        known.into_iter().find(|standing| standing.name() == name).unwrap_or(Self::Unknown)
    }
}

impl SendLimits {
    /// Mails that may still go out today; `None` when there is no limit.
    #[must_use]
    pub const fn left_today(&self) -> Option<u64> {
        match self.per_day {
            Some(max) => Some(max.saturating_sub(self.sent_last_day)),
            None => None,
        }
    }

    /// What a person should do about the account, in one line; `None` when nothing.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        if !self.is_sending_enabled || self.standing == Standing::Shutdown {
            return Some(
                "SES has stopped this account: read its message in the SES console (Account dashboard), mend the cause, \
                 and answer the case there",
            );
        }
        if !self.has_production_access {
            return Some(
                "the account is in SES's sandbox: 200 mails a day, 1 a second, and to verified addresses only; ask for \
                 production access in the SES console (Account dashboard, Request production access)",
            );
        }
        if self.standing == Standing::Probation {
            return Some(
                "SES has this account under review: read its message in the SES console (Account dashboard) before more \
                 is sent",
            );
        }
        match self.left_today() {
            Some(0) => Some(
                "today's quota of SES is used up: what is due waits; ask for a higher one in Service Quotas",
            ),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_and_a_stopped_account_are_told_with_what_to_do() {
        let good = SendLimits {
            per_second: 14,
            per_day: Some(50_000),
            sent_last_day: 10,
            is_sending_enabled: true,
            has_production_access: true,
            standing: Standing::Healthy,
        };
        assert_eq!((good.advice(), good.left_today()), (None, Some(49_990)));
        let says = |limits: SendLimits| limits.advice().unwrap_or_default();
        assert!(says(SendLimits { has_production_access: false, ..good }).contains("200 mails a day"));
        assert!(says(SendLimits { is_sending_enabled: false, ..good }).contains("has stopped"));
        assert!(says(SendLimits { standing: Standing::parse("SHUTDOWN"), ..good }).contains("has stopped"));
        assert!(says(SendLimits { standing: Standing::Probation, ..good }).contains("under review"));
        assert!(says(SendLimits { sent_last_day: 60_000, ..good }).contains("quota"));
        assert_eq!(SendLimits { per_day: None, sent_last_day: 60_000, ..good }.advice(), None);
    }
}
