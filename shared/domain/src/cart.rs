//! The cart, from snapshots and changes, and the episode that a left cart would begin.

use crate::event::{CartRef, Item, TimerOutcome};
use crate::id::{CartId, Category, EpisodeId, EventId, ProductId, SourceId};
use crate::key::ProfileKey;
use crate::money::Money;
use crate::outreach::{ReminderId, Series};
use crate::policy::{CART_LINE_COUNT_MAX, QUANTITY_MAX};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// One product in the cart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct CartLine {
    /// The product.
    pub product: ProductId,
    /// Its category.
    pub category: Option<Category>,
    /// Its name, as the person saw it.
    pub name: Option<SmolStr>,
    /// Price of one unit.
    pub price: Option<Money>,
    /// How many.
    pub quantity: u32,
    /// When it was last put there (event time): what is older than a purchase was bought, what is newer was not.
    pub at: Timestamp,
}

impl CartLine {
    fn from_item(item: &Item, at: Timestamp) -> Self {
        Self {
            product: item.product.clone(),
            category: item.category.clone(),
            name: item.name.clone(),
            price: item.price,
            quantity: item.quantity.clamp(1, QUANTITY_MAX),
            at,
        }
    }
}

/// Where the next step of an episode's series stands, as far as the profile needs to know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum ReminderState {
    /// Not yet due, or due and not yet answered.
    Pending,
    /// Due, but there was nobody to write to; open again once a contact is known.
    NoContact,
    /// Not before this time.
    Later(Timestamp),
}

/// One filling of the cart: from the first product until it is bought or emptied.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Episode {
    /// Deterministic id, kept while the cart changes.
    pub id: EpisodeId,
    /// Where its next reminder stands.
    pub reminder: ReminderState,
    /// Which timer runs: each restart is a timer of its own, so that the end of an earlier one stops nothing.
    pub timer: u32,
    /// The next step of the series, from 1; beyond the last one nothing is due.
    pub step: u8,
}

impl Episode {
    const fn begin(id: EpisodeId) -> Self {
        Self { id, reminder: ReminderState::Pending, timer: 1, step: 1 }
    }

    fn restart(&mut self) {
        self.reminder = ReminderState::Pending;
        self.timer = self.timer.saturating_add(1);
        // Steps that were sent are found sent when they are due again: the ledger knows, and no mail goes out twice.
        self.step = 1;
    }

    /// The reminder that is due next.
    #[must_use]
    pub const fn next(&self) -> ReminderId {
        ReminderId { episode: self.id, step: self.step }
    }
}

/// The open basket of a profile.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Cart {
    /// The shop's cart id.
    pub id: Option<CartId>,
    /// Where the cart can be restored.
    pub url: Option<String>,
    /// What is in it, in the order it was put there.
    pub lines: Vec<CartLine>,
    /// When it was last changed (event time); views do not count.
    pub changed_at: Timestamp,
    /// When a snapshot, an order or a removal last settled what is in it: older changes no longer matter.
    pub settled_at: Timestamp,
    /// The episode, while something is in the cart.
    pub episode: Option<Episode>,
}

/// Who changed the cart, by which event, and when.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// Whose cart.
    pub profile: &'a ProfileKey,
    /// Source of the event.
    pub source: &'a SourceId,
    /// The event.
    pub event: &'a EventId,
    /// When it happened.
    pub at: Timestamp,
}

impl Cart {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Units in the cart.
    #[must_use]
    pub fn unit_count(&self) -> u64 {
        self.lines.iter().map(|l| u64::from(l.quantity)).sum()
    }

    /// What the priced lines are worth, when all prices have one currency.
    #[must_use]
    pub fn value(&self) -> Option<Money> {
        let mut priced = self.lines.iter().filter_map(|l| l.price.map(|p| p.times(l.quantity)));
        let first = priced.next()?;
        priced.try_fold(first, |sum, price| {
            (price.currency == sum.currency)
                .then(|| Money { minor: sum.minor.saturating_add(price.minor), currency: sum.currency })
        })
    }

    /// When the next step of its series is due if nothing changes it before; `None` when it is empty, when nobody can be
    /// written to, or after the last step.
    #[must_use]
    pub fn due_at(&self, series: &Series) -> Option<Timestamp> {
        let episode = self.episode.as_ref()?;
        let due_at = self.changed_at + series.delay(episode.step)?;
        match episode.reminder {
            ReminderState::Pending => Some(due_at),
            ReminderState::Later(until) => Some(due_at.max(until)),
            ReminderState::NoContact => None,
        }
    }

    /// `Product Added`.
    pub fn add(&mut self, cart: &CartRef, item: &Item, change: Change<'_>) {
        if change.at < self.settled_at {
            return;
        }
        let line = CartLine::from_item(item, change.at);
        match self.lines.iter_mut().find(|l| l.product == line.product) {
            Some(kept) => {
                kept.quantity = kept.quantity.saturating_add(line.quantity).min(QUANTITY_MAX);
                kept.at = kept.at.max(line.at);
                kept.price = line.price.or(kept.price);
                kept.name = line.name.or_else(|| kept.name.take());
                kept.category = line.category.or_else(|| kept.category.take());
            }
            None => self.lines.push(line),
        }
        self.changed(cart, change);
    }

    /// `Product Removed`: `quantity` units, or the whole line when it is 0.
    pub fn remove(&mut self, cart: &CartRef, item: &Item, change: Change<'_>) {
        if change.at < self.settled_at {
            return;
        }
        let before = self.lines.len();
        self.lines.retain_mut(|l| {
            if l.product != item.product {
                return true;
            }
            l.quantity = if item.quantity == 0 { 0 } else { l.quantity.saturating_sub(item.quantity) };
            l.quantity > 0
        });
        if self.lines.is_empty() && before > 0 {
            self.empty(change);
        } else if !self.lines.is_empty() {
            self.changed(cart, change);
        }
    }

    /// `Cart Updated`: the whole cart as it is. A snapshot outlives lost or late changes.
    pub fn replace(&mut self, cart: &CartRef, items: &[Item], change: Change<'_>) {
        if change.at < self.settled_at {
            return;
        }
        self.settled_at = change.at;
        // What was put there after a snapshot that comes late is not in it and stays.
        self.lines.retain(|line| line.at > change.at);
        let is_kept = |lines: &[CartLine], item: &Item| lines.iter().any(|l| l.product == item.product);
        for item in items.iter().filter(|i| i.quantity > 0) {
            if !is_kept(&self.lines, item) {
                self.lines.push(CartLine::from_item(item, change.at));
            }
        }
        if self.lines.is_empty() {
            self.empty(change);
        } else {
            self.changed(cart, change);
        }
    }

    /// The cart was bought or emptied: the episode is over, and older changes no longer matter. What was put there after
    /// a purchase that comes late was not bought: it begins an episode of its own.
    pub fn empty(&mut self, change: Change<'_>) {
        let before = std::mem::take(self);
        self.settled_at = before.settled_at.max(change.at);
        self.changed_at = before.changed_at.max(change.at);
        self.lines = before.lines.into_iter().filter(|line| line.at > change.at).collect();
        if !self.lines.is_empty() {
            (self.id, self.url) = (before.id, before.url);
            let id = EpisodeId::derive(change.profile.as_str(), change.source, change.event);
            self.episode = Some(Episode::begin(id));
        }
    }

    fn changed(&mut self, cart: &CartRef, change: Change<'_>) {
        let excess = self.lines.len().saturating_sub(CART_LINE_COUNT_MAX);
        self.lines.drain(..excess);
        self.id = cart.id.clone().or_else(|| self.id.take());
        self.url = cart.url.clone().or_else(|| self.url.take());
        let restarts = change.at > self.changed_at;
        self.changed_at = self.changed_at.max(change.at);
        match &mut self.episode {
            Some(episode) if restarts => episode.restart(),
            Some(_) => {}
            None => {
                let id = EpisodeId::derive(change.profile.as_str(), change.source, change.event);
                self.episode = Some(Episode::begin(id));
            }
        }
    }

    /// A timer has come to its end. Another episode's timer, another step's, or one that was restarted meanwhile, changes
    /// nothing.
    pub fn answer(&mut self, answered: ReminderId, timer: u32, outcome: TimerOutcome) {
        let is_meant = |e: &&mut Episode| timer >= e.timer && e.next() == answered;
        let Some(episode) = self.episode.as_mut().filter(is_meant) else { return };
        match outcome {
            TimerOutcome::Done | TimerOutcome::Skipped | TimerOutcome::HeldOut => {
                episode.step = answered.step.saturating_add(1);
                episode.reminder = ReminderState::Pending;
            }
            TimerOutcome::NoContact => episode.reminder = ReminderState::NoContact,
            TimerOutcome::Later { until } => episode.reminder = ReminderState::Later(until),
        }
    }

    /// Somebody to write to may be known now: a reminder that found nobody is open again.
    pub fn contact_may_be_known(&mut self) {
        if let Some(episode) = self.episode.as_mut().filter(|e| e.reminder == ReminderState::NoContact) {
            episode.restart();
        }
    }

    /// The cart of two halves of one person: the one changed later (a settled one counts as changed when settled);
    /// at the same instant the larger by content, so that the order of merging does not matter.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let key =
            |c: &Self| (c.changed_at.max(c.settled_at), !c.is_empty(), c.lines.clone(), c.episode.clone());
        let (mut newest, older) =
            if key(self) >= key(other) { (self.clone(), other) } else { (other.clone(), self) };
        newest.settled_at = newest.settled_at.max(older.settled_at);
        newest
    }
}

#[cfg(test)]
mod tests;
