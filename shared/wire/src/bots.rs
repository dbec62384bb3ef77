//! Programs that look at pages and are nobody: search engines, previews of links, monitors, browsers without a window.
//!
//! Names come from crawler-user-agents (<https://github.com/monperrus/crawler-user-agents>, MIT), which many keep:
//! `tests/outside/bots.py` makes the two files of them, and holds this code against every program that the list knows and
//! against browsers of people. Libraries that only send (curl, okhttp, python-requests) are not among them: with those
//! a shop's own programs and apps report what people do.

use aho_corasick::AhoCorasick;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Words that say it without any name, in large or small letters; and what the list's names leave out.
const GENERAL: &[&str] =
    &[BOT, "crawl", "headless", "slurp", "spider", "archive.org", "embedly", "ia_archiver", "prerender"];
/// A telephone has it in its name: not behind these letters.
const BOT: &str = "bot";
const NOT_BEHIND: &str = "cu";
/// What browsers name, and programs that pose as one.
const ENGINES: &[&str] = &["Gecko", "AppleWebKit", "MSIE ", "Presto/"];

/// Compiled once, a millisecond or two: not for each of a request's events.
static WORDS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(GENERAL).ok());
/// Names that count wherever they stand, and those that count in an agent that names no engine: telephones and apps have
/// such names too.
static ALWAYS: LazyLock<Names> = LazyLock::new(|| Names::read(include_str!("bots/always.txt")));
static WITHOUT_ENGINE: LazyLock<Names> =
    LazyLock::new(|| Names::read(include_str!("bots/without_engine.txt")));

/// Names of programs.
struct Names {
    /// Those that stand anywhere. `None` only when they could not be compiled: nobody is refused then.
    anywhere: Option<AhoCorasick>,
    at_the_beginning: Vec<&'static str>,
}

impl Names {
    fn read(text: &'static str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (first, anywhere): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with('^'));
        Self {
            anywhere: AhoCorasick::new(anywhere).ok(),
            at_the_beginning: first.into_iter().map(|line| line.trim_start_matches('^')).collect(),
        }
    }

    fn are_in(&self, agent: &str) -> bool {
        self.anywhere.as_ref().is_some_and(|names| names.is_match(agent))
            || self.at_the_beginning.iter().any(|name| agent.starts_with(name))
    }
}

/// Whether a user agent names such a program.
#[must_use]
pub fn is_bot(user_agent: &str) -> bool {
    has_word(user_agent)
        || ALWAYS.are_in(user_agent)
        || (!ENGINES.iter().any(|engine| user_agent.contains(engine)) && WITHOUT_ENGINE.are_in(user_agent))
}

fn has_word(agent: &str) -> bool {
    let Some(words) = WORDS.as_ref() else { return false };
    words.find_iter(agent).any(|found| {
        let before = found.start().checked_sub(NOT_BEHIND.len()).and_then(|at| agent.get(at..found.start()));
        GENERAL.get(found.pattern().as_usize()) != Some(&BOT)
            || !before.is_some_and(|before| before.eq_ignore_ascii_case(NOT_BEHIND))
    })
}

/// Whether the context of an event does: in `userAgent`, or in a brand of `userAgentData` (User-Agent Client Hints,
/// <https://wicg.github.io/ua-client-hints/>), which is the only standard field in which a browser without a window
/// still says that it is one.
#[must_use]
pub fn is_told_by(context: &Map<String, Value>) -> bool {
    let agent = context.get("userAgent").and_then(Value::as_str);
    let brands = context.get("userAgentData").and_then(|data| data.get("brands")).and_then(Value::as_array);
    let brand = |brand: &Value| brand.get("brand").and_then(Value::as_str).is_some_and(is_bot);
    agent.is_some_and(is_bot) || brands.is_some_and(|brands| brands.iter().any(brand))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_and_people_are_not_taken_for_them() {
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/116.0 Safari/537.36",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0 Safari/537.36",
            "WhatsApp/2.23.20.0",
            "Sogou web spider/4.0",
            "Mozilla/5.0 (Linux; Android 11; moto g) AppleWebKit/537.36 Mobile Safari/537.36 Chrome-Lighthouse",
            // Of the list alone, without a word of ours: wherever it stands, alone, at the beginning.
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 DatadogSynthetics",
            "Blackboard Safeassign",
            "LCC (+https://linguistic.example)",
        ] {
            assert!(is_bot(agent), "{agent}");
        }
        for agent in [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit/605.1.15 [FBAN/FBIOS;FBAV/440.0]",
            // A telephone and an app that have the name of a program.
            "Mozilla/5.0 (Linux; Android 5.0.2; HTC Butterfly s) AppleWebKit/537.36 Chrome/64.0 Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1) AppleWebKit/605.1.15 (KHTML, like Gecko) PayPal/8.50",
            "Shop/2.0 LCC ",
            "curl/8.5.0",
            "okhttp/4.12.0",
            "",
        ] {
            assert!(!is_bot(agent), "{agent}");
        }
    }
}
