//! How neighbours are stored: each category once, however many products are of it. About 16 bytes a neighbour with ids
//! of seven digits.

use super::list::{Neighbour, Neighbours};
use beckon_domain::decay::{Horizon, Weights};
use beckon_domain::{Category, PriceBand, ProductId};
use serde::{Deserialize, Serialize};

/// The stored form.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredNeighbours {
    horizon: Horizon,
    total: Weights,
    categories: Vec<Category>,
    entries: Vec<StoredNeighbour>,
}

#[derive(Serialize, Deserialize)]
struct StoredNeighbour {
    product: ProductId,
    /// One more than its place among the categories; 0 for none.
    category: u8,
    /// One more than its number; 0 for none.
    price_band: u8,
    told_on: u16,
    weights: Weights,
}

impl From<Neighbours> for StoredNeighbours {
    fn from(list: Neighbours) -> Self {
        let mut categories: Vec<Category> = list.entries.iter().filter_map(|e| e.category.clone()).collect();
        categories.sort();
        categories.dedup();
        let entries = list.entries.into_iter().map(|entry| {
            let place = entry.category.and_then(|category| categories.binary_search(&category).ok());
            StoredNeighbour {
                product: entry.product,
                // A list is bounded by far fewer places than a byte counts.
                category: place.map_or(0, |place| u8::try_from(place + 1).unwrap_or(0)),
                price_band: entry.price_band.map_or(0, |band| band.number() + 1),
                told_on: entry.told_on,
                weights: entry.weights,
            }
        });
        let entries = entries.collect();
        Self { horizon: list.horizon, total: list.total, categories, entries }
    }
}

impl From<StoredNeighbours> for Neighbours {
    fn from(stored: StoredNeighbours) -> Self {
        let category = |place: u8| stored.categories.get(usize::from(place).checked_sub(1)?).cloned();
        let entries = stored.entries.into_iter().map(|entry| Neighbour {
            product: entry.product,
            category: category(entry.category),
            price_band: entry.price_band.checked_sub(1).and_then(PriceBand::from_number),
            told_on: entry.told_on,
            weights: entry.weights,
        });
        let entries = entries.collect();
        Self { horizon: stored.horizon, total: stored.total, entries }
    }
}
