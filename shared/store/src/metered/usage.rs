//! What was asked of the tables, counted.

/// Requests and units of one table. Its index is counted apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TableUsage {
    /// Requests that write.
    pub write_requests: u64,
    /// Those among them whose condition did not hold. They are billed like the others.
    pub failed_conditions: u64,
    /// Write units of the table itself.
    pub write_units: u64,
    /// Write units of its index.
    pub index_units: u64,
    /// Requests that read.
    pub read_requests: u64,
    /// Items asked for by them.
    pub read_items: u64,
    /// Half read units.
    pub read_half_units: u64,
}

impl TableUsage {
    /// Read units.
    #[must_use]
    pub fn read_units(&self) -> f64 {
        self.read_half_units as f64 / 2.0
    }

    /// What was used since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            write_requests: self.write_requests - earlier.write_requests,
            failed_conditions: self.failed_conditions - earlier.failed_conditions,
            write_units: self.write_units - earlier.write_units,
            index_units: self.index_units - earlier.index_units,
            read_requests: self.read_requests - earlier.read_requests,
            read_items: self.read_items - earlier.read_items,
            read_half_units: self.read_half_units - earlier.read_half_units,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            write_requests: self.write_requests + other.write_requests,
            failed_conditions: self.failed_conditions + other.failed_conditions,
            write_units: self.write_units + other.write_units,
            index_units: self.index_units + other.index_units,
            read_requests: self.read_requests + other.read_requests,
            read_items: self.read_items + other.read_items,
            read_half_units: self.read_half_units + other.read_half_units,
        }
    }

    pub(super) fn read(&mut self, bytes: u32, strong: bool) {
        self.read_items += 1;
        self.read_half_units += super::size::read_half_units(bytes, strong);
    }
}

/// All tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// ProfileTable and its due index.
    pub profile: TableUsage,
    /// ContactTable.
    pub contact: TableUsage,
    /// OutreachTable.
    pub outreach: TableUsage,
    /// ConfigTable.
    pub config: TableUsage,
    /// CatalogTable, by what its rows are.
    pub catalog: CatalogUsage,
    /// ExperimentTable.
    pub experiment: TableUsage,
}

/// What was asked of CatalogTable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CatalogUsage {
    /// Trends of items.
    pub items: TableUsage,
    /// Trends of categories.
    pub categories: TableUsage,
    /// Best sellers.
    pub lists: TableUsage,
    /// The facts of products.
    pub products: TableUsage,
}

impl CatalogUsage {
    /// The part that a row of this key belongs to.
    pub(super) fn of_key(&mut self, key: &str) -> &mut TableUsage {
        match key.split('#').next() {
            Some("item") => &mut self.items,
            Some("category") => &mut self.categories,
            Some("product") => &mut self.products,
            _ => &mut self.lists,
        }
    }

    /// What was used since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            items: self.items.since(&earlier.items),
            categories: self.categories.since(&earlier.categories),
            lists: self.lists.since(&earlier.lists),
            products: self.products.since(&earlier.products),
        }
    }
}

impl Usage {
    /// What was used since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            profile: self.profile.since(&earlier.profile),
            contact: self.contact.since(&earlier.contact),
            outreach: self.outreach.since(&earlier.outreach),
            config: self.config.since(&earlier.config),
            catalog: self.catalog.since(&earlier.catalog),
            experiment: self.experiment.since(&earlier.experiment),
        }
    }
}

/// How large items are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Percentiles {
    /// How many there are.
    pub count: usize,
    /// Half of them have at most this many bytes.
    pub p50: u32,
    /// Nine of ten.
    pub p90: u32,
    /// 99 of a hundred.
    pub p99: u32,
    /// The largest.
    pub max: u32,
}

impl Percentiles {
    /// Of these sizes: the smallest size that at least that share does not exceed (nearest rank).
    #[must_use]
    pub fn of(mut sizes: Vec<u32>) -> Self {
        sizes.sort_unstable();
        let at = |percent: usize| {
            let rank = (sizes.len() * percent).div_ceil(100).max(1);
            sizes.get(rank - 1).copied().unwrap_or_default()
        };
        Self { count: sizes.len(), p50: at(50), p90: at(90), p99: at(99), max: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_sizes_that_were_seen() {
        let of = Percentiles::of((1..=200).rev().collect());
        assert_eq!((of.count, of.p50, of.p90, of.p99, of.max), (200, 100, 180, 198, 200));
        assert_eq!(Percentiles::of(vec![7]), Percentiles { count: 1, p50: 7, p90: 7, p99: 7, max: 7 });
        assert_eq!(Percentiles::of(Vec::new()), Percentiles::default());
    }
}
