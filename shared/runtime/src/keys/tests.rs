use super::*;
use beckon_domain::SourceId;
use beckon_domain::key::{key_id, write_key_material};
use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};

const START: Timestamp = Timestamp::from_ms(1_800_000_000_000);

/// A table whose answer a test changes: `None` when it fails.
#[derive(Clone, Default)]
struct Table {
    answer: Arc<Mutex<Option<Vec<MadeKey>>>>,
    reads: Arc<AtomicUsize>,
}

impl Table {
    fn set(&self, answer: Option<Vec<MadeKey>>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn keys(&self) -> MadeKeys {
        let table = self.clone();
        MadeKeys::reading(move || {
            table.reads.fetch_add(1, Ordering::SeqCst);
            ready(table.answer.lock().unwrap().clone().ok_or("the table does not answer"))
        })
    }
}

fn made(text: &str) -> MadeKey {
    MadeKey {
        id: key_id(&[1; 32]).unwrap(),
        source: SourceId::new("web").unwrap(),
        material: write_key_material(text).unwrap(),
        label: None,
        origins: Vec::new(),
        created_at: START,
        expires_at: None,
        revoked_at: None,
    }
}

/// The future of a table that answers at once is ready at once.
fn found(keys: &MadeKeys, text: &str, secs: u64) -> Result<bool, KeysUnavailable> {
    let now = START + DurationMs::from_secs(secs);
    let mut future = std::pin::pin!(keys.find(text, now));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(answer) => answer.map(|key| key.is_some()),
        std::task::Poll::Pending => panic!("a table in memory does not wait"),
    }
}

#[test]
fn a_revoked_key_stops_within_a_minute_and_a_new_one_works_within_seconds() {
    let table = Table::default();
    table.set(Some(vec![made("pk_a")]));
    let keys = table.keys();
    assert_eq!(found(&keys, "pk_a", 0), Ok(true));
    let revoked = MadeKey { revoked_at: Some(START), ..made("pk_a") };
    table.set(Some(vec![revoked, made("pk_b")]));
    assert_eq!(found(&keys, "pk_a", 59), Ok(true), "what is in memory holds");
    assert_eq!(found(&keys, "pk_b", 4), Ok(false));
    assert_eq!(found(&keys, "pk_b", 6), Ok(true), "an unknown key has the table asked");
    assert_eq!(found(&keys, "pk_a", 60), Ok(false));
}

#[test]
fn a_table_that_fails_takes_no_key_away_and_is_not_asked_by_every_request() {
    let table = Table::default();
    let keys = table.keys();
    assert_eq!(found(&keys, "pk_a", 0), Err(KeysUnavailable), "unknown is not refused: nobody has looked");
    table.set(Some(vec![made("pk_a")]));
    assert_eq!(found(&keys, "pk_a", 1), Ok(true));
    table.set(None);
    let before = table.reads.load(Ordering::SeqCst);
    for _ in 0..100 {
        assert_eq!(found(&keys, "pk_a", 120), Ok(true), "the last good ones stay");
        assert_eq!(found(&keys, "pk_guess", 120), Ok(false));
    }
    assert_eq!(table.reads.load(Ordering::SeqCst), before + 1);
}

#[test]
fn without_a_table_no_key_was_made() {
    assert_eq!(found(&MadeKeys::default(), "pk_a", 0), Ok(false));
}
