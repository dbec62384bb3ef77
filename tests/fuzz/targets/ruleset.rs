//! Any bytes as a ruleset: never a panic; what is refused says why, what is read can be decided.
#![no_main]

#[path = "../../../shared/rules/tests/mutations/laws.rs"]
mod laws;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = laws::check(text);
    }
});
