//! Damages the characters of a text: what a slipped key, a bad merge or a broken editor does, and worse.

use super::dice::Dice;

/// Pieces that mean something to YAML, to the language, or to a program that is not careful.
const PIECES: [&str; 60] = [
    "",
    " ",
    "\n",
    "\n  ",
    "\n        ",
    "\t",
    "\r\n",
    ": ",
    ":",
    "- ",
    "- - - ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "|",
    "|+\n",
    ">",
    ">-\n",
    "&a ",
    "*a",
    "<<: ",
    "!x ",
    "!!binary ",
    "~",
    "null",
    "true",
    "no",
    "0",
    "-1",
    "007",
    "0x1F",
    "1_000",
    "1e999",
    "-1e-999",
    ".nan",
    ".inf",
    "99999999999999999999999999",
    "9223372036854775808",
    "\u{0}",
    "\u{7}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{202e}",
    "e\u{301}",
    "🧵",
    "ﬀ",
    "---\n",
    "...\n",
    "? ",
    "% ",
    "# ",
    "@",
    "`",
    "(a+)+$",
    "id: id",
];
const SCALARS: [&str; 24] = [
    "",
    "~",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e308",
    "-9223372036854775808",
    "18446744073709551616",
    ".nan",
    "-.inf",
    "''",
    "' '",
    "[]",
    "{}",
    "[[[]]]",
    "{a: {b: {}}}",
    "0s",
    "99999999999d",
    "-5m",
    "100 EUR",
    "1e9 EUR",
    "\"\\u0000\\U0001F9F5\"",
];

/// The text with one damage more.
pub fn damage(text: &str, other: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    if lines.is_empty() || dice.chance(300) {
        return characters(text, other, dice);
    }
    let (at, to) = (dice.index(lines.len()), dice.index(lines.len()));
    match dice.below(8) {
        0 => drop(lines.remove(at)),
        1 => drop(lines.drain(at.min(to)..at.max(to))),
        2 => lines.insert(to, lines[at].clone()),
        3 => lines.swap(at, to),
        4 => {
            let spaces = dice.index(9);
            let indented = format!("{}{}", " ".repeat(spaces), lines[at].trim_start());
            lines[at] = indented;
        }
        5 | 6 => {
            if let Some((key, _)) = lines[at].split_once(": ") {
                lines[at] = format!("{key}: {}", dice.pick(&SCALARS).unwrap_or(&""));
            }
        }
        _ => {
            let theirs: Vec<&str> = other.lines().collect();
            let from = dice.index(theirs.len().max(1));
            lines.truncate(at);
            lines.extend(theirs.iter().skip(from).map(|line| (*line).to_owned()));
        }
    }
    lines.join("\n")
}

fn characters(text: &str, other: &str, dice: &mut Dice) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = dice.index(characters.len() + 1);
    let end = (at + dice.index(12)).min(characters.len());
    let piece = dice.pick(&PIECES).copied().unwrap_or_default();
    match dice.below(6) {
        0 => characters.truncate(at),
        1 => drop(characters.drain(at..end)),
        2 => drop(characters.splice(at..end, piece.chars())),
        3 => drop(characters.splice(at..at, piece.chars())),
        4 => drop(characters.splice(at..at, piece.repeat(dice.index(200)).chars())),
        _ => {
            characters.truncate(at);
            let length = other.chars().count();
            characters.extend(other.chars().skip(dice.index(length + 1)));
        }
    }
    characters.into_iter().collect()
}
