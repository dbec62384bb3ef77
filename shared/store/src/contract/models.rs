//! What is promised of models: what is live and its record change together, and an object is what its pointer says.

use super::minute;
use crate::ErrorKind;
use crate::models::{MODEL_BYTES_MAX, ModelObjects, fetch, keep, model_version, sha256_hex};
use crate::tables::models::MODEL_INLINE_BYTES_MAX;
use crate::tables::{
    ConfigStore, LiveModel, ModelKind, ModelPlace, ModelStanding, ModelStore, Save, TrainingEnd,
    TrainingRecord,
};

fn live(bytes: &[u8]) -> LiveModel {
    LiveModel {
        version: model_version(bytes),
        made_at: minute(7),
        judged_at: minute(0),
        card: "{\"metrics\":{\"auc\":0.8}}".to_owned(),
        place: ModelPlace::Inline(bytes.to_vec()),
    }
}

fn record(number: u64, end: TrainingEnd, from: Option<&LiveModel>) -> TrainingRecord {
    TrainingRecord {
        number,
        id: format!("training-{number}"),
        at: minute(number),
        end,
        from: from.map(|live| live.version.clone()),
        made: Some(model_version(b"made")),
        who: "trainer".to_owned(),
        reason: "besser als die Konstante, grün".to_owned(),
        card: "{\"rows\":1}".repeat(100),
    }
}

/// Runs the suite on empty tables.
pub(super) async fn all<T: ConfigStore + ModelStore>(tables: &T) {
    let kind = ModelKind::Propensity;
    assert_eq!(tables.model_standing(kind).await.unwrap(), ModelStanding::default());
    assert_eq!(tables.live_model(kind).await.unwrap(), None);

    let nothing = TrainingRecord { made: None, card: String::new(), ..record(1, TrainingEnd::Refused, None) };
    assert_eq!(tables.record_training(kind, None, &nothing).await.unwrap(), Save::Saved);
    assert_eq!(tables.model_standing(kind).await.unwrap(), ModelStanding { number: 1, live: None });

    let (first, second) = (live(b"first"), live(&[0; 1_000]));
    let published = record(2, TrainingEnd::Published, None);
    assert_eq!(tables.record_training(kind, Some(&first), &published).await.unwrap(), Save::Saved);
    for stale in [1, 2, 4] {
        let late = record(stale, TrainingEnd::Published, Some(&first));
        assert_eq!(tables.record_training(kind, Some(&second), &late).await.unwrap(), Save::Conflict);
    }
    let judged = |live: &LiveModel, n| LiveModel { judged_at: minute(n), ..live.clone() };
    let found = tables.live_model(kind).await.unwrap();
    assert_eq!(found, Some(judged(&first, 2)), "a late one leaves no trace");
    let refused = record(3, TrainingEnd::Refused, Some(&first));
    assert_eq!(tables.record_training(kind, Some(&first), &refused).await.unwrap(), Save::Saved);
    let standing = tables.model_standing(kind).await.unwrap();
    assert_eq!(standing, ModelStanding { number: 3, live: Some(judged(&first, 3)) }, "what was live stays");

    let newest = tables.trainings(kind, None, 2).await.unwrap();
    assert_eq!(newest, [refused, published], "with every word of them");
    assert_eq!(tables.trainings(kind, Some(2), 9).await.unwrap(), [nothing]);
    kinds_are_apart(tables).await;
}

/// What is live of one kind says nothing of another, and a pointer to an object is kept as it is.
async fn kinds_are_apart<T: ConfigStore + ModelStore>(tables: &T) {
    let kind = ModelKind::SessionIndex;
    assert_eq!(tables.live_model(kind).await.unwrap(), None);
    assert!(tables.trainings(kind, None, 9).await.unwrap().is_empty());
    let place = ModelPlace::Object { key: "models/x".to_owned(), sha256: sha256_hex(b"x"), bytes: 1 << 40 };
    let index = LiveModel { place, ..live(b"x") };
    let published = record(1, TrainingEnd::Published, None);
    assert_eq!(tables.record_training(kind, Some(&index), &published).await.unwrap(), Save::Saved);
    let found = tables.live_model(kind).await.unwrap();
    assert_eq!(found, Some(LiveModel { judged_at: minute(1), ..index }));
}

/// What every adapter of the models' objects promises. Takes an empty one.
pub async fn model_objects<O: ModelObjects>(objects: &O) {
    let kind = ModelKind::SessionIndex;
    let small = keep(objects, kind, b"small".to_vec()).await.unwrap();
    assert_eq!(small, ModelPlace::Inline(b"small".to_vec()), "a small one needs no object");
    let large: Vec<u8> = (0..=u8::MAX).cycle().take(MODEL_INLINE_BYTES_MAX + 1).collect();
    let mut place = ModelPlace::Inline(Vec::new());
    for _ in 0..2 {
        place = keep(objects, kind, large.clone()).await.unwrap();
    }
    assert_eq!(fetch(objects, &place).await.unwrap(), large);

    let ModelPlace::Object { key, sha256, bytes } = place else { panic!("a large model is an object") };
    assert_eq!(bytes, large.len() as u64);
    let pointers = [
        ("another size", ModelPlace::Object { key: key.clone(), sha256: sha256.clone(), bytes: bytes - 1 }),
        ("another hash", ModelPlace::Object { key: key.clone(), sha256: sha256_hex(b"other"), bytes }),
        ("no object", ModelPlace::Object { key: "models/none".to_owned(), sha256, bytes }),
    ];
    for (what, pointer) in pointers {
        let error = fetch(objects, &pointer).await.unwrap_err();
        assert_eq!((error.kind, error.is_transient()), (ErrorKind::Corrupt, false), "{what}");
    }
    objects.put_model(&key, large[..1_000].to_vec()).await.unwrap();
    assert_eq!(objects.model_object(&key, MODEL_BYTES_MAX).await.unwrap(), Some(large[..1_000].to_vec()));
    assert_eq!(objects.model_object(&key, 999).await.unwrap_err().kind, ErrorKind::Corrupt);
    assert_eq!(objects.model_object("models/none", 1).await.unwrap(), None);
}
