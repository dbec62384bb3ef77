//! `beckon rules test`: runs the tests that a ruleset carries.

use super::{file, junit};
use crate::error::CliError;
use beckon_rules::testing::{TestReport, TestResult, run_only};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `beckon rules test`.
#[derive(Args, Debug)]
pub(super) struct TestArgs {
    /// The ruleset
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Run only the tests whose name holds this text
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Write the result to this file too, as JUnit's XML
    #[arg(long, value_name = "OUT.xml")]
    junit: Option<PathBuf>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

/// Runs the tests.
pub(super) fn run(args: &TestArgs) -> Result<(), CliError> {
    let ruleset = file::load(&args.file)?;
    let file = args.file.display().to_string();
    let wanted = args.only.as_deref().map(str::to_lowercase);
    let report = run_only(&ruleset, |name| {
        wanted.as_deref().is_none_or(|wanted| name.to_lowercase().contains(wanted))
    });
    if let Some(only) = args.only.as_deref().filter(|_| report.tests.is_empty()) {
        return Err(CliError::usage(format!(
            "no test of {file} is called {only}: leave --only out to see all"
        )));
    }
    if let Some(out) = &args.junit {
        std::fs::write(out, junit::xml(&file, &report))
            .map_err(|e| CliError::usage(format!("the file {} cannot be written: {e}", out.display())))?;
    }
    if args.json {
        crate::say(format_args!("{:#}", document(&file, &report)));
    } else {
        crate::say(text(&file, &report));
    }
    match report.failed() {
        0 => Ok(()),
        failed => Err(CliError::failed(format!("{failed} of {} tests of {file} failed", report.tests.len()))),
    }
}

/// The report for people.
pub(super) fn text(file: &str, report: &TestReport) -> String {
    let mut lines: Vec<String> = report.tests.iter().flat_map(|test| told(file, test)).collect();
    if lines.is_empty() {
        lines.push(format!("{file} carries no tests: write some under `tests:`"));
    } else {
        lines.push(String::new());
        lines.push(format!(
            "{} tests: {} passed, {} failed",
            report.tests.len(),
            report.passed(),
            report.failed()
        ));
    }
    let missed: Vec<String> = report.never_reached().map(|p| format!("  {} {}", p.kind, p.name)).collect();
    let total = report.coverage.len();
    lines.push(format!(
        "{} of {total} rules, rows and segments reached{}",
        total - missed.len(),
        if missed.is_empty() { "" } else { "; never:" }
    ));
    lines.extend(missed);
    lines.join("\n")
}

fn told(file: &str, test: &TestResult) -> Vec<String> {
    if test.is_passed() {
        return vec![format!("ok    {}", test.name)];
    }
    let mut lines = vec![format!("FAIL  {} ({file}:{})", test.name, test.line)];
    for difference in &test.differences {
        lines.push(format!("        {}", difference.what));
        lines.push(format!("          expected  {}", difference.expected));
        lines.push(format!("          found     {}", difference.found));
        lines.extend(difference.because.iter().map(|because| format!("          because   {because}")));
    }
    lines
}

fn document(file: &str, report: &TestReport) -> Value {
    let test = |test: &TestResult| {
        let differences: Vec<Value> = test
            .differences
            .iter()
            .map(|d| json!({"what": d.what, "expected": d.expected, "found": d.found, "because": d.because}))
            .collect();
        json!({"name": test.name, "line": test.line, "passed": test.is_passed(), "differences": differences})
    };
    let coverage: Vec<Value> =
        report.coverage.iter().map(|p| json!({"kind": p.kind, "name": p.name, "count": p.count})).collect();
    json!({
        "file": file,
        "passed": report.passed(),
        "failed": report.failed(),
        "tests": report.tests.iter().map(test).collect::<Vec<_>>(),
        "coverage": coverage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_rules::Ruleset;

    /// The sample with three tests: one that holds, one that does not, and one with signs that XML escapes.
    pub(crate) fn report() -> TestReport {
        let rules = beckon_rules::SAMPLE.split("\ntests:\n").next().unwrap();
        let tests = r#"
tests:
  - name: a stranger sees the list
    expect: { slot: home.hero, reason: NO_PROFILE }
  - name: the mail that nobody agreed to
    given:
      - { at: 0s, event: Product Added, properties: { product_id: mug, category: cooking } }
    at: 20m
    page: { type: home }
    expect:
      - { mail: true }
      - { slot: home.hero, rule: members-only }
  - name: '"a" < b & c'
    expect: { traits: { plan: 'a<b' } }
"#;
        beckon_rules::testing::run(&Ruleset::parse(&format!("{rules}{tests}")).unwrap())
    }

    #[test]
    fn a_failure_shows_what_was_expected_and_what_was_found() {
        let expected = r#"ok    a stranger sees the list
FAIL  the mail that nobody agreed to (shop.yaml:LINE)
        mail
          expected  one by 20m
          found     none; not sent: NO_CONSENT (1)
        home.hero: rule
          expected  members-only
          found     favourite-categories
          because   members-only does not hold: logged_in: true (found false)
FAIL  "a" < b & c (shop.yaml:LINE)
        trait plan
          expected  "a<b"
          found     none

3 tests: 1 passed, 2 failed
1 of 8 rules, rows and segments reached; never:
  rule members-only
  rule tent-accessories
  rule related-after-30s
  rule for-you
  rule similar-products
  rule goes-with-the-cart
  rule cart-left"#;
        let report = report();
        let mut text = text("shop.yaml", &report);
        for test in &report.tests {
            text = text.replace(&format!("shop.yaml:{})", test.line), "shop.yaml:LINE)");
        }
        assert_eq!(text, expected);
    }

    #[test]
    fn a_script_reads_the_same() {
        let document = document("shop.yaml", &report());
        assert_eq!((&document["passed"], &document["failed"]), (&json!(1), &json!(2)));
        assert_eq!(document["tests"][1]["differences"][0]["what"], "mail");
        assert_eq!(
            document["coverage"][1],
            json!({"kind": "rule", "name": "favourite-categories", "count": 1})
        );
    }
}
