//! Any bytes as a line of the stream: never a panic; a line that is read is read the same way without its record.
#![no_main]

use beckon_domain::ProfileKey;
use beckon_wire::stream::{read, read_alone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok((key, alone)) = read_alone(text) {
        assert!(ProfileKey::parse(key.as_str()).is_ok(), "{key} is no key of a profile");
        assert_eq!(read(text, key.as_str()).ok(), Some(alone), "one line, two meanings");
        assert!(read(text, "another key").is_err(), "a line under another key is read");
    } else {
        let _ = read(text, "another key");
    }
});
