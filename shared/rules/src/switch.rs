//! Quick changes of a document of experiments, as text: what its author wrote stays, comments and all, but for the fields that
//! are set. Whoever makes the new text live compiles it first, so an edit that came to nothing good is never live.

use crate::error::Problem;
use crate::tree::{self, Node, Value};
use std::fmt;

/// What is switched.
#[derive(Clone, PartialEq, Debug)]
pub enum Switch {
    /// Nobody is assigned any more; everybody sees the winner, if one is named.
    Stop {
        /// The variant that everybody sees.
        winner: Option<String>,
    },
    /// Everybody sees the control, and nothing is counted.
    Kill,
    /// So large a part of all people is taken, 0 to 100 (percent).
    Ramp {
        /// Percent.
        percent: f64,
    },
}

/// Why a text was not changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SwitchError {
    /// It cannot be read.
    Unreadable(Problem),
    /// No experiment has this name.
    Unknown(String),
    /// The experiment is written in one line, and a field that must change is among the others.
    Braces(String),
}

impl fmt::Display for SwitchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(problem) => write!(f, "the document cannot be read: {problem}"),
            Self::Unknown(id) => write!(f, "the document has no experiment `{id}`"),
            Self::Braces(id) => {
                write!(
                    f,
                    "`{id}` is written in braces: write its fields one below the other, or change it by hand"
                )
            }
        }
    }
}

impl std::error::Error for SwitchError {}

impl SwitchError {
    /// Whether the same change may be possible later: never, of the same text.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        false
    }
}

/// Switches an experiment, or everything where none is named.
///
/// # Errors
/// When the text cannot be read or has no such experiment, or is written so that it must be changed by hand.
pub fn switched(text: &str, experiment: Option<&str>, switch: &Switch) -> Result<String, SwitchError> {
    match switch {
        Switch::Kill => set(text, experiment, "killed", Some("true")),
        Switch::Ramp { percent } => set(text, experiment, "coverage", Some(&format!("{percent}%"))),
        Switch::Stop { winner } => {
            let stopped = set(text, experiment, "status", Some("stopped"))?;
            set(&stopped, experiment, "winner", winner.as_deref().map(quoted).as_deref())
        }
    }
}

/// A text as YAML reads it back.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn fields(node: &Node) -> &[(Node, Node)] {
    match &node.value {
        Value::Map(fields) => fields,
        _ => &[],
    }
}

fn is_text(node: &Node, wanted: &str) -> bool {
    matches!(&node.value, Value::Text(text) if text == wanted)
}

fn field<'a>(node: &'a Node, name: &str) -> Option<&'a (Node, Node)> {
    fields(node).iter().find(|(key, _)| is_text(key, name))
}

/// The mapping of an experiment, or the document's own.
fn target<'a>(root: &'a Node, experiment: Option<&str>) -> Result<&'a Node, SwitchError> {
    let Some(name) = experiment else { return Ok(root) };
    let is_meant = |node: &&Node| field(node, "id").is_some_and(|(_, id)| is_text(id, name));
    let listed = field(root, "experiments").map(|(_, list)| list);
    let found = match listed.map(|list| &list.value) {
        Some(Value::List(items)) => items.iter().find(is_meant),
        _ => None,
    };
    found.ok_or_else(|| SwitchError::Unknown(name.to_owned()))
}

/// Sets a field, or removes it.
fn set(text: &str, experiment: Option<&str>, name: &str, value: Option<&str>) -> Result<String, SwitchError> {
    let root = tree::parse(text).map_err(SwitchError::Unreadable)?;
    let owner = target(&root, experiment)?;
    let in_braces = || SwitchError::Braces(experiment.unwrap_or("the document").to_owned());
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    let Some((first, _)) = fields(owner).first() else { return Err(in_braces()) };
    let (row, column) = at(first);
    let before: String = lines.get(row).map(|line| line.chars().take(column).collect()).unwrap_or_default();
    let is_in_braces = before.contains('{');
    match (field(owner, name), value) {
        (None, None) => return Ok(text.to_owned()),
        (Some(_), _) if is_in_braces => return Err(in_braces()),
        (Some((key, _)), _) => {
            let (row, column) = at(key);
            let end = end_of(&lines, row, column);
            let start: String = lines[row].chars().take(column).collect();
            let put = value.map(|value| format!("{start}{name}: {value}"));
            // The first field of an item of a list stands behind its dash; nothing removes that one.
            lines.splice(row..end, put);
        }
        (None, Some(value)) if is_in_braces => {
            let rest: String = lines[row].chars().skip(column).collect();
            lines[row] = format!("{before}{name}: {value}, {rest}");
        }
        (None, Some(value)) => {
            let end = end_of(&lines, row, column);
            lines.insert(end, format!("{}{name}: {value}", " ".repeat(column)));
        }
    }
    let mut changed = lines.join("\n");
    changed.push('\n');
    Ok(changed)
}

/// The row and the column of a node, from 0.
fn at(node: &Node) -> (usize, usize) {
    let from_zero = |n: u64| usize::try_from(n.saturating_sub(1)).unwrap_or(usize::MAX);
    (from_zero(node.place.line), from_zero(node.place.column))
}

/// The row after the last one of a field that begins here: what is further to the right belongs to it, and items of a list that
/// stand right below its name. Comments and empty rows after it do not.
fn end_of(lines: &[String], row: usize, column: usize) -> usize {
    let mut end = row + 1;
    for (index, line) in lines.iter().enumerate().skip(row + 1) {
        let content = line.trim_start();
        let indentation = line.chars().count() - content.chars().count();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let is_item = indentation == column && (content == "-" || content.starts_with("- "));
        if indentation <= column && !is_item {
            break;
        }
        end = index + 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours
version: 1
experiments:
  - id: hero   # the big one
    status: running
    coverage:
    - { from: 2026-11-01T00:00:00Z, coverage: 10% }

    - { from: 2026-12-01T00:00:00Z, coverage: 50% }
    # below
    variants: [{ id: a }, { id: b }]
  - { id: short, variants: [{ id: a }, { id: b }] }
  - variants:
      - id: a
      - id: b
    id: last
";

    fn stop(winner: Option<&str>) -> Switch {
        Switch::Stop { winner: winner.map(ToOwned::to_owned) }
    }

    #[test]
    fn only_the_field_changes_and_comments_stay() {
        let ramped = switched(TEXT, Some("hero"), &Switch::Ramp { percent: 25.0 }).unwrap();
        let list = &TEXT[TEXT.find("    coverage").unwrap()..TEXT.find("    # below").unwrap()];
        assert_eq!(ramped, TEXT.replace(list, "    coverage: 25%\n"));
        let killed = switched(TEXT, None, &Switch::Kill).unwrap();
        assert_eq!(killed, TEXT.replace("version: 1\n", "version: 1\nkilled: true\n"));
        assert_eq!(switched(&killed, None, &Switch::Kill).unwrap(), killed);
    }

    #[test]
    fn a_stop_names_the_winner_or_forgets_it() {
        let stopped = switched(TEXT, Some("hero"), &stop(Some("b"))).unwrap();
        let expected = TEXT
            .replace("status: running", "status: stopped")
            .replace("# the big one\n", "# the big one\n    winner: \"b\"\n");
        assert_eq!(stopped, expected);
        let without = switched(&stopped, Some("hero"), &stop(None)).unwrap();
        assert_eq!(without, TEXT.replace("status: running", "status: stopped"));
    }

    #[test]
    fn what_is_in_braces_gets_a_field_and_keeps_those_that_it_has() {
        let killed = switched(TEXT, Some("short"), &Switch::Kill).unwrap();
        assert_eq!(killed, TEXT.replace("{ id: short", "{ killed: true, id: short"));
        let again = switched(&killed, Some("short"), &Switch::Kill).unwrap_err();
        assert_eq!(again, SwitchError::Braces("short".to_owned()));
    }

    #[test]
    fn a_field_goes_behind_the_whole_first_one() {
        let killed = switched(TEXT, Some("last"), &Switch::Kill).unwrap();
        assert_eq!(killed, TEXT.replace("      - id: b\n", "      - id: b\n    killed: true\n"));
        let unknown = switched(TEXT, Some("none"), &Switch::Kill).unwrap_err();
        assert_eq!(unknown, SwitchError::Unknown("none".to_owned()));
    }
}
