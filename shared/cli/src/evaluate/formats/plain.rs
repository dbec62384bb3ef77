//! A session a line, and a pair a line.

use super::FileSession;
use beckon_domain::ProductId;

/// Takes ids with spaces between.
pub(super) fn session(row: &str) -> Result<FileSession, String> {
    Ok(FileSession { products: products(row)?, at: None })
}

/// Takes `prefix<TAB>target`.
pub(super) fn pair(row: &str) -> Result<FileSession, String> {
    let (prefix, target) = row
        .split_once('\t')
        .ok_or("there is no tab; expected prefix<TAB>target, such as `11 29<TAB>5405`")?;
    let mut products = products(prefix)?;
    let target = target.trim();
    if products.is_empty() {
        return Err("the prefix is empty; leave the row out".to_owned());
    }
    products.push(product(target, "the target")?);
    Ok(FileSession { products, at: None })
}

fn products(row: &str) -> Result<Vec<ProductId>, String> {
    let ids = row.split(' ').filter(|id| !id.is_empty());
    (1..).zip(ids).map(|(place, id)| product(id, &format!("id {place}"))).collect()
}

/// Takes a product's id.
pub(super) fn product(text: &str, what: &str) -> Result<ProductId, String> {
    ProductId::new(text).map_err(|error| format!("{what} {error}"))
}
