//! One product: what its feed says of it, and what was learned of it.

use crate::error::AdminError;
use crate::process::Admin;
use beckon_domain::{ProductId, Timestamp};
use beckon_recommend::{Neighbours, Trend};
use beckon_store::tables::{CatalogStore, ProductStore, Read, TrendKey};
use beckon_wire::catalog::feed::FeedProduct;
use beckon_wire::catalog::{BesideAnswer, LearnedAnswer, ProductAnswer};
use beckon_wire::format_time;
use beckon_wire::problem::Problem;

/// Neighbours that are told of a product.
const BESIDE_COUNT_MAX: usize = 10;

impl<T: ProductStore + CatalogStore, O> Admin<T, O> {
    /// The facts of a product, and what people do with it.
    ///
    /// # Errors
    /// 404 when nobody told it, or it is deleted; when a table fails.
    pub async fn product(&self, id: &str, request_id: &str) -> Result<ProductAnswer, AdminError> {
        let missing = || Problem::not_found("no feed and no event told this product, or it is deleted");
        let id = ProductId::new(id).map_err(|_| missing())?;
        let found = self.tables.products(std::slice::from_ref(&id), Read::Strong).await?.remove(&id);
        let facts = found.ok_or_else(missing)?;
        let key = TrendKey::Item(id);
        let trend = self.tables.load_trends(std::slice::from_ref(&key), Read::Eventual).await?.remove(&key);
        let now = self.clock.now();
        Ok(ProductAnswer {
            request_id: request_id.to_owned(),
            source: facts.source.name(),
            as_of: format_time(facts.updated_at),
            product: FeedProduct::from(&facts),
            learned: trend.map(|stored| learned(&stored.state, now)),
        })
    }
}

fn learned(trend: &Trend, now: Timestamp) -> LearnedAnswer {
    let funnel = trend.funnel();
    LearnedAnswer {
        as_of: format_time(trend.latest_at()),
        views: funnel.views,
        carts: funnel.carts,
        purchases: funnel.purchases,
        cart_rate: funnel.cart_rate(),
        purchase_rate: funnel.purchase_rate(),
        conversion: funnel.conversion(),
        viewed_together: beside(trend.neighbours(), now),
        bought_together: beside(trend.bought_together(), now),
    }
}

/// The strongest of a list, with their parts of it.
fn beside(list: &Neighbours, now: Timestamp) -> Vec<BesideAnswer> {
    let mut weighed: Vec<_> = list.iter().map(|one| (list.weight(one, now), one)).collect();
    weighed.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.product().cmp(b.1.product())));
    let strongest = weighed.into_iter().take(BESIDE_COUNT_MAX);
    strongest
        .map(|(_, one)| BesideAnswer { id: one.product().as_str().to_owned(), share: list.share(one) })
        .collect()
}
