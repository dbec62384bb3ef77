//! What every adapter promises of suppression, of what became of mails, and of the switch of sending.

use super::{minute, pepper};
use crate::tables::{
    LimitsStore, MailFact, OutreachStore, ReputationStore, Save, Suppression, SuppressionReason,
    SuppressionStore, SwitchAction, SwitchChange, SwitchStore,
};
use beckon_domain::reputation::{Figures, Outcome, first_hour, hour_of};
use beckon_domain::send_limits::{SendLimits, Standing};
use beckon_domain::{DurationMs, Timestamp};

/// Runs this part of the suite.
pub(super) async fn all<T>(tables: &T)
where
    T: OutreachStore + SuppressionStore + ReputationStore + SwitchStore + LimitsStore,
{
    suppression(tables).await;
    undoing(tables).await;
    counting(tables).await;
    switch(tables).await;
    limits(tables).await;
}

/// It belongs to one address; the strongest reason stays whichever came first, and of the same the first.
async fn suppression<T: OutreachStore + SuppressionStore>(tables: &T) {
    let (one, other) = (pepper().contact("one@shop.example"), pepper().contact("other@shop.example"));
    assert!(!tables.is_suppressed(&one).await.unwrap());
    assert_eq!(tables.suppression(&one).await.unwrap(), None);
    let told = |reason, at| Suppression { reason, at: minute(at) };
    use SuppressionReason::{Bounced, Complained, Erased, Unsubscribed};
    for (suppression, expected) in [
        (told(Unsubscribed, 5), told(Unsubscribed, 5)),
        (told(Unsubscribed, 9), told(Unsubscribed, 5)),
        (told(Unsubscribed, 3), told(Unsubscribed, 3)),
        (told(Complained, 8), told(Complained, 8)),
        (told(Bounced, 1), told(Complained, 8)),
        (told(Unsubscribed, 1), told(Complained, 8)),
        (told(Complained, 7), told(Complained, 7)),
        (told(Erased, 9), told(Erased, 9)),
    ] {
        tables.suppress(&one, suppression).await.unwrap();
        assert_eq!(tables.suppression(&one).await.unwrap(), Some(expected), "after {suppression:?}");
    }
    assert!(tables.is_suppressed(&one).await.unwrap());
    assert!(!tables.is_suppressed(&other).await.unwrap());
}

/// Exactly one unsubscription can be taken back, and nothing that is stronger.
async fn undoing<T: OutreachStore + SuppressionStore>(tables: &T) {
    let contact = pepper().contact("back@shop.example");
    let told = |reason, at| Suppression { reason, at: minute(at) };
    assert!(!tables.resubscribe(&contact, minute(1)).await.unwrap(), "there is nothing to take back");
    tables.suppress(&contact, told(SuppressionReason::Unsubscribed, 1)).await.unwrap();
    assert!(!tables.resubscribe(&contact, minute(2)).await.unwrap(), "another one");
    assert!(tables.resubscribe(&contact, minute(1)).await.unwrap());
    assert!(!tables.is_suppressed(&contact).await.unwrap());
    tables.suppress(&contact, told(SuppressionReason::Unsubscribed, 3)).await.unwrap();
    tables.suppress(&contact, told(SuppressionReason::Bounced, 3)).await.unwrap();
    assert!(!tables.resubscribe(&contact, minute(3)).await.unwrap(), "a bounce is not taken back");
    assert!(tables.is_suppressed(&contact).await.unwrap());
}

/// Each fact counts once, in its hour and its counting; hours before the window are left out.
async fn counting<T: ReputationStore>(tables: &T) {
    let (now, never) = (minute(0), Timestamp::EPOCH);
    let fact =
        |id: &str, outcome, at, counting_since| MailFact { id: id.to_owned(), outcome, at, counting_since };
    let first = first_hour(now);
    assert_eq!(tables.figures(first, never).await.unwrap(), Figures::default());
    let hour = DurationMs::from_hours(1);
    for (n, outcome, at) in [
        (0, Outcome::Sent, now),
        (1, Outcome::Sent, now - hour),
        (2, Outcome::Delivered, first),
        (3, Outcome::HardBounced, now),
        (4, Outcome::Complained, now),
        (5, Outcome::Sent, first - DurationMs::from_ms(1)),
    ] {
        let fact = fact(&format!("a{n}"), outcome, at, never);
        assert!(tables.count_fact(&fact, now).await.unwrap());
        assert!(!tables.count_fact(&fact, now).await.unwrap(), "told again");
    }
    let later = fact("b0", Outcome::HardBounced, now, minute(0));
    assert!(tables.count_fact(&later, now).await.unwrap());
    let figures = tables.figures(first, never).await.unwrap();
    assert_eq!(figures, Figures { sends: 2, deliveries: 1, bounces: 1, complaints: 1 });
    let anew = tables.figures(first, minute(0)).await.unwrap();
    assert_eq!(anew, Figures { bounces: 1, ..Figures::default() }, "each counting by itself");
    let all = tables.figures(hour_of(first - DurationMs::from_ms(1)), never).await.unwrap();
    assert_eq!(all.sends, 3);
}

/// Turns follow each other without gaps; the latest says what holds, and all are written down.
async fn switch<T: SwitchStore>(tables: &T) {
    let turn = |number, action, counting_since| SwitchChange {
        number,
        id: format!("turn-{number}"),
        at: minute(number),
        action,
        who: "shop".to_owned(),
        by: (number == 1).then(|| "the night shift".to_owned()),
        reason: (number == 1).then(|| "wrong prices".to_owned()),
        figures: Figures { sends: number, ..Figures::default() },
        counting_since,
    };
    let before = tables.sending().await.unwrap();
    assert!(!before.is_paused() && before.number() == 0 && before.counting_since() == Timestamp::EPOCH);
    let (pause, resume) =
        (turn(1, SwitchAction::Pause, Timestamp::EPOCH), turn(2, SwitchAction::Resume, minute(2)));
    assert_eq!(tables.change_sending(&resume).await.unwrap(), Save::Conflict, "a number is left out");
    assert_eq!(tables.change_sending(&pause).await.unwrap(), Save::Saved);
    assert_eq!(tables.change_sending(&pause).await.unwrap(), Save::Conflict, "the same turn again");
    let paused = tables.sending().await.unwrap();
    assert_eq!(paused.pause(), Some(&pause));
    assert_eq!(tables.change_sending(&resume).await.unwrap(), Save::Saved);
    let resumed = tables.sending().await.unwrap();
    assert!(!resumed.is_paused() && resumed.counting_since() == minute(2), "{resumed:?}");
    assert_eq!(tables.sending_changes(10).await.unwrap(), [resume.clone(), pause]);
    assert_eq!(tables.sending_changes(1).await.unwrap(), [resume]);
}

/// What SES allows is what was written down last.
async fn limits<T: LimitsStore>(tables: &T) {
    assert_eq!(tables.limits().await.unwrap(), None);
    let sandbox = SendLimits {
        per_second: 1,
        per_day: Some(200),
        sent_last_day: 3,
        is_sending_enabled: true,
        has_production_access: false,
        standing: Standing::Healthy,
    };
    tables.record_limits(&sandbox, minute(1)).await.unwrap();
    assert_eq!(tables.limits().await.unwrap(), Some((sandbox, minute(1))));
    let large = SendLimits { per_day: None, has_production_access: true, ..sandbox };
    tables.record_limits(&large, minute(2)).await.unwrap();
    assert_eq!(tables.limits().await.unwrap(), Some((large, minute(2))));
}
