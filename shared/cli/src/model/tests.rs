use super::show::{document, lines};
use super::train::told;
use beckon_domain::Timestamp;
use beckon_store::tables::{LiveModel, ModelKind, ModelPlace, ModelStanding, TrainingEnd, TrainingRecord};
use serde_json::json;

fn standing() -> ModelStanding {
    let measured = json!({
        "count": 600, "happened": 60,
        "auc": { "value": 0.71, "standard_error": 0.02 },
        "log_loss": { "value": 0.29, "standard_error": 0.01 },
        "calibration": null, "calibration_error": 0.01,
        "reliability": [{ "count": 60, "expected": 0.1, "observed": 0.12 }],
    });
    let weighed = |name: &str, weight: f64| json!({ "name": name, "weight": weight, "mean": 1.0, "deviation": 1.0, "least": 0.0, "most": 9.0 });
    let card = json!({
        "version": "0bdfccf9111f", "made_at": "2026-11-22T03:00:00.000Z", "says": "how likely",
        "data": {
            "from": "2026-10-25T00:00:00.000Z", "until": "2026-11-22T00:00:00.000Z",
            "newest_from": "2026-11-18T00:00:00.000Z", "people": 900, "examples": 3_600, "bought": 360,
            "trained_on": 3_000, "depths": [1, 3, 8], "objects": 12, "lines": 40_000,
            "people_per_thousand": 400, "is_cut": true,
        },
        "penalty": 30.0, "tried": [], "corrected": null, "intercept": -2.0,
        "features": [weighed("session.adds", 0.8), weighed("hour.02", -0.1), weighed("session.pages", 0.0)],
        "measured": measured, "constant_log_loss": 0.33, "champion": null, "verdict": "the first model",
    });
    let live = LiveModel {
        version: "0bdfccf9111f".to_owned(),
        made_at: Timestamp::from_ms(1_763_800_000_000),
        judged_at: Timestamp::from_ms(1_763_900_000_000),
        card: card.to_string(),
        place: ModelPlace::Inline(vec![0; 1_234]),
    };
    ModelStanding { number: 2, live: Some(live) }
}

fn refused() -> TrainingRecord {
    TrainingRecord {
        number: 2,
        id: "x".to_owned(),
        at: Timestamp::from_ms(1_763_900_000_000),
        end: TrainingEnd::Refused,
        from: Some("0bdfccf9111f".to_owned()),
        made: Some("aaaaaaaaaaaa".to_owned()),
        who: "trainer".to_owned(),
        reason: "it is worse than what is live".to_owned(),
        card: String::new(),
    }
}

#[test]
fn a_card_tells_data_weights_metrics_and_why() {
    let text = lines(ModelKind::Propensity, &standing(), &[refused()]).join("\n");
    for expected in [
        "live         propensity 0bdfccf9111f, 1234 bytes",
        "900 people, 3600 examples, 360 bought",
        "400 of each 1000 people were drawn",
        "older events were left out",
        "AUC          0.7100 (standard error 0.0200)",
        "log-loss     0.2900 (standard error 0.0100), constant 0.3300",
        "because      the first model",
        " +0.800  session.adds",
        "training 2   ",
        "refused by trainer: it is worse than what is live",
    ] {
        assert!(text.contains(expected), "{expected}\n\n{text}");
    }
    assert!(!text.contains("session.pages"), "what weighs nothing is not shown");
}

#[test]
fn a_script_gets_the_whole_card() {
    let found = document(ModelKind::Propensity, &standing(), &[refused()]);
    assert_eq!(found["live"]["card"]["data"]["people"], 900);
    assert_eq!(
        (&found["trainings"][0]["end"], &found["trainings"][0]["number"]),
        (&json!("refused"), &json!(2))
    );
}

#[test]
fn without_a_model_it_is_said_how_to_make_one() {
    let told = lines(ModelKind::Propensity, &ModelStanding::default(), &[]);
    assert_eq!(told, ["no propensity model is live yet: beckon model train"]);
}

#[test]
fn the_end_of_a_training_is_one_line() {
    let report = |end: &str, made: Option<&str>| {
        told(&json!({ "kind": "propensity", "end": end, "made": made, "reason": "why" }))
    };
    assert_eq!(report("published", Some("a")), "propensity a is live: why");
    assert_eq!(report("refused", Some("a")), "propensity a was not published: why; what is live stays");
    assert_eq!(report("refused", None), "no propensity model was made: why; what is live stays");
}
