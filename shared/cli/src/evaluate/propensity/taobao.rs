//! Taobao's behaviour, by the collector's reading, the profile's fold and the trainer's labels.

use super::Table;
use crate::error::CliError;
use crate::replay::format::{Format, Reader};
use crate::rules::{Step, Teller};
use beckon_domain::event::Event;
use beckon_domain::{Currency, Policy, ProfileKey, Timestamp};
use beckon_recommend::propensity::features::NAMES;
use beckon_recommend::propensity::{Example, SessionExample};
use std::collections::BTreeMap;
use std::path::Path;
use trainer::history::Person;
use trainer::propensity::examples_of;

/// After so many events of a session an example is taken.
const DEPTH: u32 = 3;
/// Sessions that begin here or later are the test: 2 December 2017, midnight in China.
const TEST_FROM: Timestamp = Timestamp::from_ms(1_512_144_000_000);

/// Reads the file. The task leaves out sessions that end with the third event, and those with an order before it.
pub(super) fn read(file: &Path) -> Result<Table, CliError> {
    let mut reader = Reader::open(file, Format::Taobao).map_err(CliError::usage)?;
    let currency = Currency::new("CNY").map_err(|e| CliError::caused("the currency", &e))?;
    let teller = Teller::new(currency);
    let mut people: BTreeMap<ProfileKey, Vec<Event>> = BTreeMap::new();
    let (mut bad_rows, mut by) = (0, Timestamp::EPOCH);
    for row in reader.by_ref() {
        let Ok(row) = row else {
            bad_rows += 1;
            continue;
        };
        by = by.max(row.at);
        match teller.tell(Step::Row(Box::new(row), by)) {
            Ok(told) => people.entry(told.key).or_default().push(told.item.event),
            Err(_) => bad_rows += 1,
        }
    }
    if let Some(error) = reader.failure() {
        return Err(CliError::usage(error));
    }
    let policy = Policy::default();
    let examples = |(key, events)| examples_of(&Person { key, events }, &[DEPTH], &policy);
    let is_asked = |session: &SessionExample| session.went_on && !session.had_bought;
    let mut sessions: Vec<SessionExample> = people.into_iter().flat_map(examples).filter(is_asked).collect();
    sessions.sort_by_key(|session| session.session_began_at);
    let test_from = sessions.partition_point(|session| session.session_began_at < TEST_FROM);
    let test = sessions.split_off(test_from);
    let examples =
        |sessions: Vec<SessionExample>| -> Vec<Example> { sessions.into_iter().map(|s| s.example).collect() };
    Ok(Table {
        names: NAMES.iter().map(|name| (*name).to_owned()).collect(),
        train: examples(sessions),
        test: examples(test),
        bad_rows,
    })
}
