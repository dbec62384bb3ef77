//! What is wrong with a ruleset: where, and what to do about it.

use std::fmt;

/// How many problems are reported of one text; after so many, people correct and load again.
pub const PROBLEM_COUNT_MAX: usize = 20;

/// Where something stands in the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The line, from 1; 0 when the problem is the text as a whole.
    pub line: u64,
    /// The column in characters, from 1; 0 when the problem is the text as a whole.
    pub column: u64,
    /// What is wrong and what to write instead, in one line.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong with a ruleset, in the order of the text. It prints one problem per line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RulesetError {
    problems: Vec<Problem>,
    omitted: usize,
}

impl RulesetError {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort();
        problems.dedup();
        let omitted = problems.len().saturating_sub(PROBLEM_COUNT_MAX);
        problems.truncate(PROBLEM_COUNT_MAX);
        Self { problems, omitted }
    }

    /// The problems, first to last in the text, at most [`PROBLEM_COUNT_MAX`].
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many more there are.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }
}

impl fmt::Display for RulesetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for RulesetError {}

/// The known name that was most likely meant: the nearest, if it is near enough.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong_lower = wrong.to_lowercase();
    let allowed = (wrong.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| (distance(&wrong_lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Insertions, removals, replacements and swaps of neighbours that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(ca != cb);
            let mut cost = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                cost = cost.min(rows[i - 1][j - 1] + 1);
            }
            row.push(cost);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found_and_a_far_one_is_not_guessed() {
        let known = ["when", "then", "priority", "labels"];
        for (wrong, meant) in
            [("wen", Some("when")), ("hten", Some("then")), ("prioritty", Some("priority")), ("colour", None)]
        {
            assert_eq!(nearest(wrong, known), meant, "{wrong}");
        }
        assert_eq!(nearest("WHEN", known), Some("when"));
    }

    #[test]
    fn problems_come_in_the_order_of_the_text_and_not_too_many() {
        let problem = |line| Problem { line, column: 1, message: "x".to_owned() };
        let error = RulesetError::new((1..=25).rev().map(problem).collect());
        assert_eq!((error.problems()[0].line, error.omitted()), (1, 5));
        let text = error.to_string();
        assert!(text.starts_with("line 1, column 1: x\nline 2") && text.ends_with("\nand 5 more"), "{text}");
    }
}
