//! The built-in mail, word for word. A golden is read by a person before it is committed: `UPDATE_GOLDEN=1` writes it.

use beckon_mail::{Content, Locale, check::samples};
use std::path::Path;

#[test]
fn the_built_in_mail_is_what_somebody_has_read() {
    let content = Content::built_in().unwrap();
    for tag in ["en", "de"] {
        let mail = content.render(&samples::view(&Locale::parse(tag).unwrap(), 1)).unwrap();
        let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
        for (ending, found) in [("txt", &text), ("html", &mail.html)] {
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/reminder.{tag}.{ending}"));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::write(&path, found).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                kept == *found,
                "{} has changed: UPDATE_GOLDEN=1 writes it anew; read it then",
                path.display()
            );
        }
    }
}
