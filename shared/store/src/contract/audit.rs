//! What every adapter promises of the audit chain.

use crate::tables::{AuditLog, AuditRecord};

fn record(number: u64) -> AuditRecord {
    AuditRecord { number, text: format!(r#"{{"number":{number}}}"#), hash: format!("hash {number}") }
}

/// A place is taken once, whoever comes second; the order is that of the numbers.
pub(super) async fn all<T: AuditLog>(tables: &T) {
    assert_eq!(tables.audit_head().await.unwrap(), None);
    assert_eq!(tables.audit_page(0, 10).await.unwrap(), []);
    for number in 1..=12 {
        assert!(tables.put_audit(&record(number)).await.unwrap());
    }
    let second = AuditRecord { text: "another".to_owned(), ..record(12) };
    assert!(!tables.put_audit(&second).await.unwrap(), "the place is taken");
    assert_eq!(tables.audit_head().await.unwrap(), Some(record(12)));
    let page = tables.audit_page(0, 9).await.unwrap();
    assert_eq!(page, (1..=9).map(record).collect::<Vec<_>>());
    assert_eq!(tables.audit_page(9, 9).await.unwrap(), (10..=12).map(record).collect::<Vec<_>>());
    assert_eq!(tables.audit_page(12, 9).await.unwrap(), []);
}
