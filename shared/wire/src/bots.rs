//! Programs that look at pages and are nobody: search engines, previews of links, monitors, browsers without a window.
//!
//! The words are those under which the operators' own pages name their programs (Google, Bing, Meta, Apple, OpenAI, the
//! Internet Archive and others), and the general ones that the rest uses. Libraries that only send (curl, okhttp,
//! python-requests) are not among them: with those a shop's own programs and apps report what people do.

use serde_json::{Map, Value};

/// Words of a user agent, in small letters. `bot` is looked for apart, because a telephone has it in its name.
const WORDS: &[&str] = &[
    "adsbot",
    "apis-google",
    "archive.org",
    "bingpreview",
    "chatgpt-user",
    "chrome-lighthouse",
    "claude-user",
    "crawl",
    "duckduckgo-favicons",
    "embedly",
    "facebookcatalog",
    "facebookexternalhit",
    "feedfetcher",
    "google-extended",
    "google-inspectiontool",
    "google-read-aloud",
    "google-safety",
    "googleother",
    "gtmetrix",
    "headless",
    "ia_archiver",
    "mediapartners-google",
    "meta-externalagent",
    "meta-externalfetcher",
    "page speed",
    "pagespeed",
    "perplexity-user",
    "phantomjs",
    "pingdom",
    "playwright",
    "prerender",
    "puppeteer",
    "scrapy",
    "screaming frog",
    "selenium",
    "skypeuripreview",
    "slurp",
    "spider",
    "statuscake",
    "storebot",
    "uptime-kuma",
    "wordpress.com mshots",
];

/// Whether a user agent names such a program.
#[must_use]
pub fn is_bot(user_agent: &str) -> bool {
    let agent = user_agent.to_ascii_lowercase();
    let says_bot = || agent.match_indices("bot").any(|(at, _)| !agent[..at].ends_with("cu"));
    says_bot() || WORDS.iter().any(|word| agent.contains(word)) || agent.starts_with("whatsapp/")
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
        ] {
            assert!(is_bot(agent), "{agent}");
        }
        for agent in [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit/605.1.15 [FBAN/FBIOS;FBAV/440.0]",
            "curl/8.5.0",
            "okhttp/4.12.0",
            "",
        ] {
            assert!(!is_bot(agent), "{agent}");
        }
    }
}
