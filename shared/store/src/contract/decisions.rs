//! What was decided is read back until its time is over.

use super::{key, minute};
use crate::tables::{DecisionStore, StoredDecision};

pub(super) async fn kept_until_their_time_is_over<T: DecisionStore>(tables: &T) {
    let decision = |request: &str, body: &str| StoredDecision {
        request: request.to_owned(),
        profile: Some(key("anna")),
        body: body.to_owned(),
        expires_at: minute(60),
    };
    assert_eq!(tables.decision("r-1", minute(0)).await.unwrap(), None);
    for body in ["{}", "{\"slots\":[]}"] {
        tables.put_decision(&decision("r-1", body)).await.unwrap();
    }
    tables.put_decision(&StoredDecision { profile: None, ..decision("r-2", "2") }).await.unwrap();
    let found = tables.decision("r-1", minute(59)).await.unwrap();
    assert_eq!(found, Some(decision("r-1", "{\"slots\":[]}")), "the last one stands");
    assert_eq!(tables.decision("r-2", minute(0)).await.unwrap().unwrap().profile, None);
    assert_eq!(tables.decision("r-1", minute(60)).await.unwrap(), None, "forgotten, deleted or not");
}
