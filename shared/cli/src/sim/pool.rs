//! A pool of few discount codes: what is in it, which mail shows which code, and the law of both. A code that a mail shows
//! is its reminder's for good: nobody else is shown it, and it is never free again.

use super::world::World;
use beckon_domain::code::{DiscountCode, Expiry, PoolName, Worth};
use beckon_domain::{ReminderId, Timestamp};
use beckon_store::tables::CodeStore;
use beckon_store::tables::codes::{CodeState, NewCode, Pool, PoolKind};
use beckon_store::tables::memory::MemoryTables;
use futures_util::FutureExt;
use std::collections::BTreeMap;

/// The pool's name.
pub(crate) const NAME: &str = "few";
/// What its codes begin with; four digits follow.
const PREFIX: &str = "FEW-";
const DIGITS: usize = 4;

/// Fills the pool. `None` when a table that cannot fail failed.
pub(crate) fn fill(tables: &MemoryTables, count: u64, now: Timestamp) -> Option<()> {
    let name = PoolName::new(NAME).ok()?;
    let (kind, worth) = (PoolKind::Uploaded, Worth::Percent(10));
    let pool = Pool { name: name.clone(), kind, worth, created_at: now };
    tables.create_pool(&pool).now_or_never()?.ok()?;
    let new = |row| {
        let code = DiscountCode::new(&format!("{PREFIX}{row:0DIGITS$}")).ok()?;
        Some(NewCode { code, expiry: Expiry::Never, row })
    };
    let codes: Vec<NewCode> = (0..count).filter_map(new).collect();
    tables.add_codes(&name, "at the start", &codes).now_or_never()?.ok()?;
    Some(())
}

/// The code that a mail shows, if any.
fn shown(text: &str) -> Option<DiscountCode> {
    let at = text.find(PREFIX)?;
    DiscountCode::new(text.get(at..at + PREFIX.len() + DIGITS)?).ok()
}

/// Which mail showed which code.
#[derive(Default)]
pub(crate) struct Shown(BTreeMap<DiscountCode, ReminderId>);

impl Shown {
    /// SES took a mail with this text. Returns the law that it breaks.
    pub(crate) fn take(&mut self, id: ReminderId, text: &str) -> Option<String> {
        let code = shown(text)?;
        let first = *self.0.entry(code.clone()).or_insert(id);
        let (name, other) = (id.decision_id(), first.decision_id());
        (first != id)
            .then(|| format!("the reminder {name} shows {}, and {other} showed it before", code.as_str()))
    }

    /// How many codes were shown.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

impl World {
    /// A code that a mail shows, and that its reminder does not have at the end.
    pub(super) fn code_violation(&self) -> Option<String> {
        let erased = self.erased_episodes();
        let ground = self.net.lock();
        let mut shown = ground.book.mail.shown.0.iter().filter(|(_, id)| !erased.contains(&id.episode));
        shown.find_map(|(code, id)| {
            let kept = self.tables.inner.code(code).now_or_never()?.ok()?;
            let holding = match kept.map(|record| record.state) {
                Some(CodeState::Held(holding)) => Some(holding),
                Some(CodeState::Redeemed { holding, .. }) => holding,
                _ => None,
            };
            let is_its_own = holding.is_some_and(|holding| holding.holder.reminder == *id);
            let name = id.decision_id();
            (!is_its_own).then(|| format!("{name} shows {}, and does not have it at the end", code.as_str()))
        })
    }
}
