use super::check;
use super::list::lines;
use super::publish::line;
use serde_json::json;

#[test]
fn how_an_experiment_stands_is_one_row() {
    let answer = json!({ "version": "abc", "change": { "at": "2026-11-23T08:00:00.000Z", "by": "marketing", "who": "shop" },
        "experiments": [
            { "id": "beckon.holdout", "run": 1, "status": "running", "killed": false, "percent": 100.0, "goal": "order",
              "windowSecs": 2_592_000, "variants": [{ "id": "held_out", "weight": 0.05 }, { "id": "personalized", "weight": 0.95 }] },
            { "id": "hero", "run": 2, "status": "stopped", "winner": "b", "killed": false, "percent": 12.5, "goal": "signup",
              "windowSecs": 3_600, "variants": [] }] });
    let told = lines(&answer);
    assert!(told[1].ends_with("100%    order   30d     held_out 5%, personalized 95%"), "{told:#?}");
    assert!(
        told[2].contains("stopped, b won") && told[2].contains("12.5%") && told[2].contains("1h"),
        "{told:#?}"
    );
    assert_eq!(told[3], "version abc, live since 2026-11-23T08:00:00.000Z by marketing");
}

#[test]
fn what_became_of_a_change_is_one_line() {
    let changed = json!({ "version": "b", "from": "a", "changed": true, "dryRun": false });
    assert_eq!(line(&changed), "b is live, after a; functions have it within 30 seconds");
    let same = json!({ "version": "b", "from": "b", "changed": false, "dryRun": true });
    assert_eq!(line(&same), "b is live already; nothing was changed");
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let answer = json!({ "valid": false, "problems": [{ "line": 3, "column": 5, "detail": "write x" }] });
    assert_eq!(check::lines(&answer, "e.yaml"), ["e.yaml:3:5: write x"]);
}
