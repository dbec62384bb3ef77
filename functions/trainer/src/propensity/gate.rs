//! Whether a new model may replace the one that is live: it must not be worse, on sessions that neither has seen.

use beckon_recommend::propensity::metrics::Measured;

/// Orders that the newest sessions must have, so that what is measured on them means something.
pub const NEWEST_ORDERS_MIN: usize = 25;
/// Orders that all sessions before them must have.
pub const ORDERS_MIN: usize = 75;

/// What is compared, all on the newest sessions.
#[derive(Clone, Copy, Debug)]
pub struct Contest<'a> {
    /// The new model.
    pub challenger: &'a Measured,
    /// The live one, if there is one that can be read.
    pub champion: Option<&'a Measured>,
    /// The log-loss of a model that says the same of everybody: how often people bought before.
    pub constant_log_loss: f64,
}

/// What was decided, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Whether the challenger becomes live.
    pub is_published: bool,
    /// Why, for people.
    pub reason: String,
}

impl Verdict {
    fn no(reason: String) -> Self {
        Self { is_published: false, reason }
    }
}

/// Decides. A challenger must tell buyers from others, beat the constant, and against a champion neither AUC nor log-loss
/// may be worse: by nothing, since the champion has proven itself and the challenger has not.
#[must_use]
pub fn judge(contest: Contest<'_>) -> Verdict {
    let Contest { challenger, champion, constant_log_loss } = contest;
    if challenger.happened < NEWEST_ORDERS_MIN {
        return Verdict::no(format!(
            "the newest sessions have {} orders, and {NEWEST_ORDERS_MIN} are needed to judge a model",
            challenger.happened
        ));
    }
    let Some(auc) = challenger.auc.map(|auc| auc.value) else {
        return Verdict::no("the newest sessions all ended alike".to_owned());
    };
    let log_loss = challenger.log_loss.value;
    if log_loss >= constant_log_loss || auc <= 0.5 {
        return Verdict::no(format!(
            "it does not beat what says the same of everybody: log-loss {log_loss:.4}, that one's \
             {constant_log_loss:.4}, AUC {auc:.3}"
        ));
    }
    let Some(champion) = champion else {
        let reason =
            format!("the first model: log-loss {log_loss:.4}, constant {constant_log_loss:.4}, AUC {auc:.3}");
        return Verdict { is_published: true, reason };
    };
    let (live_auc, live_loss) = (champion.auc.map_or(0.5, |auc| auc.value), champion.log_loss.value);
    let compared =
        format!("AUC {auc:.4} against {live_auc:.4}, log-loss {log_loss:.5} against {live_loss:.5}");
    if auc < live_auc || log_loss > live_loss {
        return Verdict::no(format!("it is worse than what is live: {compared}"));
    }
    Verdict { is_published: true, reason: format!("not worse than what was live: {compared}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_recommend::propensity::metrics::Estimate;

    fn measured(auc: f64, log_loss: f64, happened: usize) -> Measured {
        let estimate = |value| Estimate { value, standard_error: 0.01 };
        Measured {
            count: 1_000,
            happened,
            auc: Some(estimate(auc)),
            log_loss: estimate(log_loss),
            calibration: None,
            calibration_error: 0.0,
            reliability: Vec::new(),
        }
    }

    #[test]
    fn only_what_is_not_worse_in_anything_becomes_live() {
        let champion = measured(0.70, 0.270, 100);
        let cases = [
            (measured(0.70, 0.270, 100), true),
            (measured(0.71, 0.269, 100), true),
            (measured(0.699_9, 0.260, 100), false),
            (measured(0.75, 0.270_1, 100), false),
            (measured(0.75, 0.260, NEWEST_ORDERS_MIN - 1), false),
        ];
        for (challenger, expected) in cases {
            let contest =
                Contest { challenger: &challenger, champion: Some(&champion), constant_log_loss: 0.3 };
            let verdict = judge(contest);
            assert_eq!(verdict.is_published, expected, "{challenger:?}: {}", verdict.reason);
        }
    }

    #[test]
    fn the_first_model_must_beat_the_constant() {
        let judged = |auc, log_loss| {
            let challenger = measured(auc, log_loss, 100);
            judge(Contest { challenger: &challenger, champion: None, constant_log_loss: 0.3 }).is_published
        };
        assert!(judged(0.6, 0.299));
        assert!(!judged(0.6, 0.3));
        assert!(!judged(0.5, 0.299));
    }
}
