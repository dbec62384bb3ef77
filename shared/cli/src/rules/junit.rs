//! The result of a ruleset's tests as JUnit's XML, which build servers show.

use beckon_rules::testing::{TestReport, TestResult};

/// The document.
pub(super) fn xml(file: &str, report: &TestReport) -> String {
    let suite = format!(
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">",
        escaped(file),
        report.tests.len(),
        report.failed()
    );
    let cases: String = report.tests.iter().map(|test| case(file, test)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  {suite}\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn case(file: &str, test: &TestResult) -> String {
    let head = format!(
        "    <testcase classname=\"{file}\" name=\"{}\" file=\"{file}\" line=\"{}\"",
        escaped(&test.name),
        test.line,
        file = escaped(file),
    );
    if test.is_passed() {
        return format!("{head}/>\n");
    }
    let told: Vec<String> = test
        .differences
        .iter()
        .map(|d| format!("{}: expected {}, found {}", d.what, d.expected, d.found))
        .collect();
    let message = told.first().map_or("", String::as_str);
    format!(
        "{head}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
        escaped(message),
        escaped(&told.join("\n"))
    )
}

/// A text within an element or an attribute. Control characters, which XML cannot hold, are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_rules::testing::Difference;

    #[test]
    fn a_build_server_can_read_it() {
        let difference = Difference {
            what: "trait plan".to_owned(),
            expected: "\"a<b\"".to_owned(),
            found: "none".to_owned(),
        };
        let test = |name: &str, line, differences| TestResult { name: name.to_owned(), line, differences };
        let tests = vec![test("fine", 3, vec![]), test("a & b", 7, vec![difference.clone(), difference])];
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="shop.yaml" tests="2" failures="1" errors="0" skipped="0">
    <testcase classname="shop.yaml" name="fine" file="shop.yaml" line="3"/>
    <testcase classname="shop.yaml" name="a &amp; b" file="shop.yaml" line="7">
      <failure message="trait plan: expected &quot;a&lt;b&quot;, found none">trait plan: expected &quot;a&lt;b&quot;, found none
trait plan: expected &quot;a&lt;b&quot;, found none</failure>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(xml("shop.yaml", &TestReport { tests, coverage: vec![] }), expected);
    }
}
