//! The command on files that are made here, from sessions that a seed decides.

use super::*;
use crate::dice::Dice;
use crate::evaluate::measure::Measure;
use crate::evaluate::ranker::{Ranker, TrainingSession};
use beckon_domain::{ProductId, Timestamp};
use beckon_recommend::Scored;
use std::path::Path;
use std::time::Duration;

/// Sessions of people who look at things of one kind, a line each.
fn sessions(count: u64, seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed, 3);
    let session = |_| {
        let kind = dice.below(12);
        let length = dice.between(1, 8);
        let ids: Vec<String> = (0..length).map(|_| format!("k{kind}-{}", dice.below(9))).collect();
        ids.join(" ")
    };
    (0..count).map(session).collect()
}

fn file(folder: &Path, name: &str, lines: &[String]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn args(folder: &Path, train: PathBuf, test: Option<PathBuf>) -> NextItemArgs {
    let validate = test.is_none();
    let plots = folder.join("plots");
    NextItemArgs {
        train: Some(train),
        test,
        validate,
        holdout: 7,
        layers: Vec::new(),
        count: 20,
        sample: None,
        behind: 0,
        fresh_weight: BLEND_FRESH_WEIGHT,
        plots,
        json: true,
    }
}

#[test]
fn a_report_has_the_layers_with_their_measures_and_draws_them() {
    let folder = tempfile::tempdir().unwrap();
    let train = file(folder.path(), "train.txt", &sessions(400, 1));
    let test = file(folder.path(), "test.txt", &sessions(60, 2));
    let report = evaluate(&args(folder.path(), train, Some(test))).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert!(json["test"]["pairs"].as_u64().unwrap() > 100, "{json}");
    let layers = json["layers"].as_array().unwrap();
    assert_eq!(layers.len(), layers::names().count());
    for (layer, known) in layers.iter().zip(layers::names()) {
        assert_eq!(layer["name"], known);
        let (hr, mrr) = (layer["hr20"].as_f64().unwrap(), layer["mrr20"].as_f64().unwrap());
        assert!(0.0 < mrr && mrr <= hr && hr <= 1.0, "{layer}");
        for field in ["hr20_se", "mrr20_se", "coverage", "popularity_percentile", "short_lists", "build_ms"] {
            assert!(layer[field].is_number(), "{field}: {layer}");
        }
        assert!(layer["latency_us"]["p99"].is_number(), "{layer}");
    }
    // People stay with a kind of things: who knows the session finds what who knows nobody does not.
    let hit_rate = |name| layers.iter().find(|l| l["name"] == name).unwrap()["hr20"].as_f64().unwrap();
    assert!(hit_rate("vmis") > 0.8 && hit_rate("popularity") < 0.4, "{json}");
    for plot in &report.plots {
        let svg = std::fs::read_to_string(plot).unwrap();
        assert!(svg.starts_with("<svg") && layers::names().all(|name| svg.contains(name)), "{svg}");
    }
    let text = report.to_string();
    assert!(text.contains("HR@20") && text.lines().all(|line| line.chars().count() <= 150), "{text}");
}

#[test]
fn validation_learns_from_the_older_sessions_and_asks_about_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines: Vec<String> = (0..93).map(|_| "old-1 old-2".to_owned()).collect();
    lines.extend((0..7).map(|_| "old-1 new-2 new-3".to_owned()));
    let train = file(folder.path(), "train.txt", &lines);
    let report = evaluate(&args(folder.path(), train, None)).unwrap();
    assert_eq!((report.train.sessions, report.train.products), (93, 2));
    assert_eq!((report.test.pairs, report.test.unknown_targets, report.test.validation), (14, 14, true));
    assert!(report.layers.iter().all(|layer| layer.hit_rate.mean == 0.0), "{report}");
}

#[test]
fn a_blend_knows_what_came_after_the_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = vec!["old-1 old-2".to_owned(); 80];
    lines.extend(vec!["new-1 new-2".to_owned(); 20]);
    let train = file(folder.path(), "train.txt", &lines);
    let test = file(folder.path(), "test.txt", &["new-1 new-2".to_owned()]);
    let hit_rates = |behind, fresh_weight| {
        let layers = ["fresh", "snapshot", "blend"].map(str::to_owned).to_vec();
        let args = args(folder.path(), train.clone(), Some(test.clone()));
        let report = evaluate(&NextItemArgs { behind, fresh_weight, layers, ..args }).unwrap();
        report.layers.iter().map(|layer| layer.hit_rate.mean).collect::<Vec<_>>()
    };
    assert_eq!(hit_rates(0, BLEND_FRESH_WEIGHT), [1.0, 1.0, 1.0]);
    assert_eq!(hit_rates(30, BLEND_FRESH_WEIGHT), [1.0, 0.0, 1.0]);
    assert_eq!(hit_rates(30, 0.0), [1.0, 0.0, 0.0], "a layer without weight says nothing");
}

#[test]
fn a_quick_look_asks_less_and_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let train = file(folder.path(), "train.txt", &sessions(300, 5));
    let look = || {
        let sample = NextItemArgs { sample: Some(10), count: 3, ..args(folder.path(), train.clone(), None) };
        evaluate(&sample).unwrap()
    };
    let (first, second) = (look(), look());
    assert_eq!(first.test.pairs, 10);
    let found = |report: &Report| report.layers.iter().map(|layer| layer.hit_rate).collect::<Vec<_>>();
    assert_eq!(found(&first), found(&second));
    let json = serde_json::to_value(&first).unwrap();
    assert!(json["layers"][0]["hr3"].is_number() && json["layers"][0]["mrr3"].is_number(), "{json}");
}

#[test]
fn a_file_of_pairs_asks_for_each_target_once() {
    let folder = tempfile::tempdir().unwrap();
    let train = file(folder.path(), "train.txt", &["a b".to_owned(), "a b".to_owned(), "c".to_owned()]);
    let test = file(folder.path(), "test.tsv", &["c c a\tb".to_owned(), "a\tnever-seen".to_owned()]);
    let report = evaluate(&args(folder.path(), train, Some(test))).unwrap();
    assert_eq!((report.test.pairs, report.test.unknown_targets), (2, 1));
    let vmis = report.layers.iter().find(|layer| layer.name == "vmis").unwrap();
    assert_eq!(vmis.hit_rate.mean, 0.5);
}

#[test]
fn a_shop_of_one_product_and_a_session_without_end_are_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let one = file(folder.path(), "one.txt", &vec!["only only".to_owned(); 30]);
    let report = evaluate(&args(folder.path(), one, None)).unwrap();
    assert!(report.layers.iter().all(|layer| layer.hit_rate.mean == 1.0), "{report}");
    let long: Vec<String> = (0..20_000).map(|n: u32| (n % 300).to_string()).collect();
    let train = file(folder.path(), "train.txt", &sessions(200, 9));
    let test = file(folder.path(), "long.txt", &[long.join(" ")]);
    let report =
        evaluate(&NextItemArgs { sample: Some(40), ..args(folder.path(), train, Some(test)) }).unwrap();
    assert_eq!(report.test.pairs, 40);
}

#[test]
fn what_cannot_be_evaluated_is_said_in_one_line_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let train = file(folder.path(), "train.txt", &sessions(30, 1));
    let pairs = file(folder.path(), "pairs.tsv", &["a\tb".to_owned()]);
    let alone = file(folder.path(), "alone.txt", &vec!["a".to_owned(); 20]);
    let unknown =
        NextItemArgs { layers: vec!["fresch".to_owned()], ..args(folder.path(), train.clone(), None) };
    let cases = [
        (args(folder.path(), pairs.clone(), Some(train.clone())), "give it as --test"),
        (args(folder.path(), alone, None), "nothing to ask about"),
        (args(folder.path(), train, Some(folder.path().join("missing"))), "check the path"),
        (unknown, "choose of "),
    ];
    for (args, wanted) in cases {
        let error = evaluate(&args).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(wanted) && !said.contains('\n'), "{said}");
        assert_eq!(error.exit_code(), 2.into(), "{said}");
    }
}

/// Answers what it is told to.
struct Told(Vec<(&'static str, f64)>);

impl Ranker for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn rank(&self, _: &[ProductId], _: usize) -> Vec<Scored> {
        let entry =
            |(id, score): &(&str, f64)| Scored { product: ProductId::new(id).unwrap(), score: *score };
        self.0.iter().map(entry).collect()
    }
}

#[test]
fn a_layer_that_answers_what_it_must_not_is_not_measured() {
    let products: Vec<_> = ["a", "b", "c"].iter().map(|id| ProductId::new(id).unwrap()).collect();
    let session = TrainingSession { products: products.clone(), at: Timestamp::EPOCH };
    let training = TrainingSet { sessions: vec![session], has_times: false };
    let items = Items::of(&training);
    let session = formats::FileSession { products, at: None };
    let test = TestSet::of(vec![session], Kind::Sessions);
    let measure = Measure { items: &items, clicks: &[1, 1, 1], test: &test, count: 2 };
    let run = |told: &[(&'static str, f64)]| {
        measure.run(&Told(told.to_vec()), Duration::ZERO, &ProgressBar::hidden())
    };
    assert_eq!(run(&[("b", 2.0), ("c", 1.0)]).unwrap().hit_rate.mean, 1.0);
    // What the session itself has may be recommended, even if nobody had seen it before.
    let newcomer = formats::FileSession { products: vec![ProductId::new("new").unwrap(); 2], at: None };
    let test = TestSet::of(vec![newcomer], Kind::Sessions);
    let again = Measure { test: &test, ..measure }.run(
        &Told(vec![("new", 1.0)]),
        Duration::ZERO,
        &ProgressBar::hidden(),
    );
    let again = again.unwrap();
    assert_eq!((again.hit_rate.mean, again.coverage, again.popularity), (1.0, 0.0, None));
    for (told, wanted) in [
        (&[("a", 3.0), ("b", 2.0), ("c", 1.0)][..], "2 asked for"),
        (&[("a", 1.0), ("a", 1.0)], "ranked twice"),
        (&[("a", 1.0), ("b", 2.0)], "scores rise"),
        (&[("a", f64::NAN)], "no numbers"),
        (&[("z", 1.0)], "never seen"),
    ] {
        let error = run(told).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
        assert_eq!(error.exit_code(), 1.into());
    }
}

#[test]
fn a_file_that_is_not_named_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = NextItemArgs { train: None, ..args(folder.path(), PathBuf::new(), None) };
    assert!(evaluate(&nothing).unwrap_err().to_string().contains("--train FILE"));
    let only = NextItemArgs { validate: false, ..args(folder.path(), folder.path().join("a"), None) };
    assert!(evaluate(&only).unwrap_err().to_string().contains("--test FILE, or --validate"));
}

#[test]
fn the_arguments_of_the_command_agree_with_each_other() {
    let command = <crate::evaluate::EvaluateArgs as clap::Args>::augment_args(clap::Command::new("evaluate"));
    command.debug_assert();
}
