//! Any bytes as a ruleset: never a panic; what is refused says why, what is read can be decided.
#![no_main]

#[path = "../../../shared/rules/tests/mutations/laws.rs"]
mod laws;

use beckon_rules::Ruleset;
use laws::Outcome;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if laws::check(text) == Outcome::Read {
        let version = |text: &str| Ruleset::parse(text).ok().map(|ruleset| ruleset.version().to_owned());
        assert_ne!(version(text), version(&format!("{text}\n#")), "another text is another version");
    }
});
