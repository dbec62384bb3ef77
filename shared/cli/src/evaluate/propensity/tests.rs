//! The command on files that are made here, of people whose law is known.

use super::*;
use crate::dice::Dice;

fn file(folder: &Path, name: &str, lines: &[String]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, lines.join("\n")).unwrap();
    path
}

/// A row a session: who looked at pages of value buys more often, and the visitor's type says nothing.
fn table() -> Vec<String> {
    let mut dice = Dice::new(5, 1);
    let mut lines = vec!["ProductRelated;PageValues;Month;VisitorType;Revenue".to_owned()];
    for (month, count) in [("Mar", 900), ("Oct", 900), ("Nov", 600), ("Oct", 1), ("Brumaire", 1)] {
        for _ in 0..count {
            let value = if dice.below(2) == 0 { 0 } else { dice.between(1, 40) };
            let bought = dice.below(100) < if value > 0 { 45 } else { 10 };
            let kind = if dice.below(2) == 0 { "New_Visitor" } else { "Returning_Visitor" };
            lines.push(format!(
                "{};{value};{month};{kind};{}",
                dice.between(1, 30),
                if bought { "TRUE" } else { "FALSE" }
            ));
        }
    }
    lines
}

fn of_table(folder: &Path, without: &[&str], validate: bool) -> Result<PropensityReport, CliError> {
    let args = PropensityArgs {
        propensity: Some(Task::Uci),
        data: Some(file(folder, "table.csv", &table())),
        without: without.iter().map(|name| (*name).to_owned()).collect(),
    };
    evaluate(Task::Uci, &args, (validate, &folder.join("plots")))
}

#[test]
fn a_table_is_learned_from_in_the_order_of_months_and_tested_on_the_last_ones() {
    let folder = tempfile::tempdir().unwrap();
    let report = of_table(folder.path(), &[], false).unwrap();
    assert_eq!((report.train.count, report.test.count, report.bad_rows), (1_801, 600, 1));
    let measured = report.measured.clone().unwrap();
    assert!(measured.auc.unwrap().value > 0.65, "{measured:?}");
    assert!(measured.log_loss.value < report.constant_log_loss.unwrap());
    assert!(measured.calibration.unwrap().slope.may_be(1.0), "{measured:?}");
    let plot = std::fs::read_to_string(report.plot.clone().unwrap()).unwrap();
    assert!(plot.contains("<svg") && plot.contains("share who bought"));
    let text = report.to_string();
    assert!(text.contains("tested with  600 sessions") && text.contains("calibration  slope"), "{text}");
}

#[test]
fn what_is_left_out_is_not_used_and_a_name_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let report = of_table(folder.path(), &["PageValues", "Month"], false).unwrap();
    assert_eq!(report.columns, 4, "the number of products, whether there are some, and two types");
    assert!(report.measured.unwrap().auc.unwrap().value < 0.6, "nothing else says anything");
    let refused = of_table(folder.path(), &["PageValue"], false).unwrap_err().to_string();
    assert!(refused.contains("--without PageValue"), "{refused}");
}

#[test]
fn to_tune_looks_at_no_test() {
    let folder = tempfile::tempdir().unwrap();
    let report = of_table(folder.path(), &[], true).unwrap();
    assert_eq!((&report.measured, &report.plot), (&None, &None));
    assert!(report.to_string().contains("not looked at"));
    assert!(!folder.path().join("plots").exists());
}

/// Sessions of four events at one a minute; who puts something into the cart first buys more often.
fn behaviour(sessions: u64) -> Vec<String> {
    let mut dice = Dice::new(11, 1);
    let mut lines = vec!["user_id,item_id,category_id,behavior,ts".to_owned()];
    for session in 0..sessions {
        // From 27 November to 3 December: the last day and a half is the test.
        let at = 1_511_740_800 + session * 540_000 / sessions;
        let wants = dice.below(3) == 0;
        let buys = dice.below(100) < if wants { 50 } else { 8 };
        let kinds = ["pv", if wants { "cart" } else { "pv" }, "pv", if buys { "buy" } else { "pv" }];
        for (minute, kind) in (0_u64..).zip(kinds) {
            let (user, item) = (1 + session % 400, dice.below(50));
            lines.push(format!("{user},{item},{},{kind},{}", item % 7, at + 60 * minute));
        }
    }
    lines
}

#[test]
fn behaviour_is_learned_from_by_the_fold_that_serves() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = behaviour(3_000);
    lines.sort_by_key(|line| line.rsplit(',').next().and_then(|ts| ts.parse::<u64>().ok()).unwrap_or(0));
    let args = PropensityArgs {
        propensity: Some(Task::Taobao),
        data: Some(file(folder.path(), "behaviour.csv", &lines)),
        without: Vec::new(),
    };
    let report = evaluate(Task::Taobao, &args, (false, folder.path())).unwrap();
    assert_eq!(
        report.train.count + report.test.count,
        3_000,
        "each session has a fourth event and no earlier order"
    );
    assert!(report.test.count > 400, "{:?}", report.test);
    let measured = report.measured.unwrap();
    assert!(measured.auc.unwrap().value > 0.65, "{measured:?}");
    assert!(measured.log_loss.value < report.constant_log_loss.unwrap());
}

#[test]
fn a_file_that_cannot_be_used_is_one_line_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let of = |task, lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let data = Some(file(folder.path(), "bad.csv", &lines));
        let args = PropensityArgs { propensity: Some(task), data, without: Vec::new() };
        evaluate(task, &args, (false, folder.path())).unwrap_err().to_string()
    };
    let cases = [
        (of(Task::Uci, &["a;b", "1;2"]), "no column Revenue"),
        (of(Task::Uci, &["PageValues;Month;Revenue", "1;Feb;TRUE"]), "take a longer file"),
        (of(Task::Taobao, &["user_id,item_id,category_id,behavior,ts"]), "take a longer file"),
    ];
    for (message, expected) in cases {
        assert!(message.contains(expected) && !message.contains('\n'), "{message}");
    }
}
