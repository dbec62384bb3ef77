use crate::sample_with;
use beckon_domain::DurationMs;
use beckon_domain::experiment::{Activation, Status};
use beckon_rules::{Experiments, Ruleset, SAMPLE, SAMPLE_EXPERIMENTS, SHOP_EXPERIMENTS};
use std::path::Path;

#[test]
fn every_mistake_is_reported_as_agreed() {
    let ruleset = Ruleset::parse(SAMPLE).expect("the sample");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/experiments");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 5, "cases are missing: {}", paths.len());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a readable case");
        let error = Experiments::load(&text, &ruleset).expect_err("must be refused");
        let (golden, found) = (path.with_extension("txt"), format!("{error}\n"));
        if std::env::var("UPDATE_GOLDEN").is_ok() {
            std::fs::write(&golden, &found).expect("a writable folder");
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(expected, found, "{}", path.display());
    }
}

#[test]
fn the_sample_says_what_it_means() {
    let ruleset = sample_with(SAMPLE_EXPERIMENTS);
    let experiments = ruleset.experiments();
    let ids: Vec<String> = experiments.iter().map(|experiment| experiment.run.to_string()).collect();
    assert_eq!(
        ids,
        ["beckon.holdout#1", "members-hero#1", "related-also-bought#1", "reminder-discount#1", "aa#1"]
    );
    assert_eq!(experiments.goal_ids().collect::<Vec<_>>(), ["order", "tent-added"]);
    let all: Vec<_> = experiments.iter().collect();
    let weights: Vec<f64> = all[0].variants.iter().map(|variant| variant.weight).collect();
    assert_eq!(weights, [0.05, 0.95], "the held out first: reports compare with them");
    assert_eq!((all[1].window, all[1].status), (DurationMs::from_days(14), Status::Running));
    assert_eq!((all[2].goal.as_str(), all[3].status), ("tent-added", Status::Draft));
    assert!(all.iter().all(|experiment| experiment.activation == Activation::Server));
}

#[test]
fn what_the_synthetic_shop_runs_fits_the_sample() {
    let ruleset = sample_with(SHOP_EXPERIMENTS);
    let ids: Vec<String> =
        ruleset.experiments().iter().map(|experiment| experiment.run.to_string()).collect();
    assert_eq!(ids, ["beckon.holdout#1", "hero-offer#1", "aa#1"]);
}

#[test]
fn without_a_document_the_holdout_is_on_and_a_document_can_turn_it_off() {
    let ids = |experiments: &Experiments| experiments.iter().map(|e| e.run.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&Experiments::default()), ["beckon.holdout#1"]);
    let off = sample_with("version: 1\nholdout: 0%\n");
    assert_eq!(ids(off.experiments()), Vec::<String>::new());
    let by_default = sample_with("version: 1\n");
    let variants: Vec<_> = by_default.experiments().iter().map(|e| e.variants.clone()).collect();
    let of_default: Vec<_> = Experiments::default().iter().map(|e| e.variants.clone()).collect();
    assert_eq!(variants, of_default);
    assert_ne!(by_default.experiments().version(), off.experiments().version());
}
