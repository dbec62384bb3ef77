//! Asking before something on AWS is changed, because only a person at a terminal can agree to it.

use super::target::{Kind, Target};
use crate::error::CliError;
use std::io::{BufRead, IsTerminal, Write};

/// Whether a person is asked: on AWS, unless they said `--yes`. Without a terminal nobody can be.
pub(crate) fn is_needed(target: &Target, yes: bool) -> Result<bool, CliError> {
    is_needed_at(target, yes, std::io::stdin().is_terminal())
}

fn is_needed_at(target: &Target, yes: bool, has_terminal: bool) -> Result<bool, CliError> {
    if target.kind != Kind::Aws || yes {
        return Ok(false);
    }
    if has_terminal {
        return Ok(true);
    }
    Err(CliError::usage(format!(
        "there is no terminal to ask on before {} is changed: say --yes if it may be",
        target.place()
    )))
}

/// Asks on the terminal. Only a clear yes is one.
pub(crate) fn ask(question: &str) -> Result<bool, CliError> {
    // stdout is for the answer of the command.
    asked(&mut std::io::stdin().lock(), &mut std::io::stderr(), question)
        .map_err(|e| CliError::caused("the answer could not be read", &e))
}

fn asked(input: &mut impl BufRead, output: &mut impl Write, question: &str) -> std::io::Result<bool> {
    write!(output, "{question} [y/N] ")?;
    output.flush()?;
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: Kind) -> Target {
        let region = Some("eu-west-1".to_owned());
        Target { kind, endpoint_url: None, stack_name: "beckon-dev".to_owned(), region }
    }

    #[test]
    fn only_on_aws_is_a_person_asked_and_without_a_terminal_yes_is_named() {
        assert!(is_needed_at(&target(Kind::Aws), false, true).unwrap());
        assert!(!is_needed_at(&target(Kind::Aws), true, false).unwrap());
        assert!(!is_needed_at(&target(Kind::MiniStack), false, false).unwrap());
        assert!(!is_needed_at(&target(Kind::Emulator), false, false).unwrap());
        let message = is_needed_at(&target(Kind::Aws), false, false).unwrap_err().to_string();
        assert!(message.contains("--yes") && message.contains("beckon-dev in eu-west-1"), "{message}");
    }

    #[test]
    fn anything_but_a_clear_yes_is_a_no() {
        for (answer, expected) in
            [("y\n", true), (" YES \n", true), ("\n", false), ("", false), ("n\n", false), ("yay\n", false)]
        {
            let mut shown = Vec::new();
            let agreed = asked(&mut answer.as_bytes(), &mut shown, "Make these changes?").unwrap();
            assert_eq!(agreed, expected, "{answer:?}");
            assert_eq!(String::from_utf8(shown).unwrap(), "Make these changes? [y/N] ");
        }
    }
}
