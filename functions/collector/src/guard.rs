//! What strangers can do with a publishable key is bounded: how many events they send, what they say of prices, and
//! whether their purchases count.

mod prices;
mod rate;

pub use rate::Rates;

use crate::error::CollectError;
use crate::sorted::Sorted;
use beckon_domain::id::EffectId;
use beckon_domain::key::{WriteKey, WriteKeyKind};
use beckon_domain::{EventId, SourceId, Timestamp};
use beckon_store::tables::ProductStore;
use beckon_wire::problem::{Fault, Problem};
use beckon_wire::stream::Line;
use prices::Prices;
use rate::{Limiter, Throttled};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Segment's name of a purchase.
const ORDER_COMPLETED: &str = "Order Completed";
/// What a page's purchase is until a server tells of it: it empties the cart, and counts for nothing.
const ORDER_UNCONFIRMED: &str = "Order Unconfirmed";

/// What becomes of a purchase that a publishable key tells of.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PagePurchases {
    /// It counts: the shop has no server that tells of orders.
    #[default]
    Counted,
    /// It stops reminders of the cart and counts for nothing: a server tells of the order with a secret key.
    Unconfirmed,
}

impl std::str::FromStr for PagePurchases {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "counted" => Ok(Self::Counted),
            "unconfirmed" => Ok(Self::Unconfirmed),
            _ => Err("expected counted or unconfirmed".to_owned()),
        }
    }
}

/// What keeps strangers within bounds. Its memory is that of one process, and is bounded itself; clones share it.
#[derive(Clone, Debug)]
pub struct Guard {
    purchases: PagePurchases,
    limiter: Arc<Mutex<Limiter>>,
    prices: Arc<Mutex<Prices>>,
}

impl Default for Guard {
    fn default() -> Self {
        Self::new(Rates::default(), PagePurchases::default())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guard {
    /// Bounds of these rates.
    #[must_use]
    pub fn new(rates: Rates, purchases: PagePurchases) -> Self {
        let (limiter, prices) = (Limiter::new(rates), Prices::default());
        Self { purchases, limiter: Arc::new(Mutex::new(limiter)), prices: Arc::new(Mutex::new(prices)) }
    }

    /// Bounds that nobody meets, for whoever replays months in a minute.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(Rates::NONE, PagePurchases::default())
    }

    /// Lets a request in, or names the time to wait: then nothing of it is taken, and sent again it is not new. Only the
    /// whole of it counts (`is_whole`); what is sorted of it so far is held against the same bounds.
    pub(crate) fn admit(
        &self,
        sorted: &Sorted,
        key: &WriteKey,
        now: Timestamp,
        is_whole: bool,
    ) -> Result<(), CollectError> {
        let visitors = sorted.counts().filter(|_| key.kind == WriteKeyKind::Publishable);
        let visitors: Vec<(&str, usize)> =
            visitors.map(|(profile, count)| (profile.as_str(), count)).collect();
        let count = sorted.counts().map(|(_, count)| count).sum();
        // Two keys of a source share a bucket, so that a rotation doubles nothing.
        let whose = format!("{:?}#{}", key.kind, key.source);
        let mut limiter = lock(&self.limiter);
        let admitted = if is_whole {
            limiter.take((&whose, count), &visitors, now)
        } else {
            limiter.check((&whose, count), &visitors, now)
        };
        admitted.map_err(|Throttled { bucket, wait }| {
            tracing::warn!(source = key.source.as_str(), bucket, wait_ms = wait.as_ms(), "request throttled");
            let secs = u32::try_from(wait.as_ms().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
            CollectError::Refused(Problem::too_many(bucket, secs))
        })
    }

    /// A page's purchase, as the shop wants it: what it says to the developer, if it does not count.
    pub(crate) fn purchase(&self, line: &mut Line, kind: WriteKeyKind) -> Option<Fault> {
        let is_pages = kind == WriteKeyKind::Publishable && line.event.as_deref() == Some(ORDER_COMPLETED);
        if self.purchases == PagePurchases::Counted || !is_pages {
            return None;
        }
        line.event = Some(ORDER_UNCONFIRMED.to_owned());
        // The server may tell of the order under the same id: that is not the same event.
        if let (Ok(source), Ok(event)) = (SourceId::new(&line.source), EventId::new(&line.id)) {
            line.id = EffectId::derive("", &source, &event, ORDER_UNCONFIRMED).to_string();
        }
        let detail = "a page's purchase counts when a server tells of the order with a secret key";
        Some(Fault::new("/event", "order.unconfirmed", detail))
    }

    /// Replaces what pages say of prices by what the catalog says, where the shop told it one. A catalog that does not answer
    /// holds up nothing: then pages are believed.
    pub(crate) async fn correct_prices<P: ProductStore>(
        &self,
        products: &P,
        sorted: &mut Sorted,
        now: Timestamp,
    ) {
        let mut wanted = lock(&self.prices).wanted(sorted.products(), now);
        wanted.truncate(sorted.product_room);
        sorted.product_room -= wanted.len();
        for ids in wanted.chunks(prices::READ_COUNT) {
            match products.products(ids, beckon_store::tables::Read::Eventual).await {
                Ok(found) => lock(&self.prices).keep(ids, &found, now),
                Err(error) => {
                    tracing::warn!(error = ?error, "prices of pages are not checked: the catalog does not answer");
                    sorted.product_room = 0;
                    break;
                }
            }
        }
        let mut prices = lock(&self.prices);
        sorted.lines_mut().for_each(|line| prices.correct(line, now));
    }
}

#[cfg(test)]
mod tests;
