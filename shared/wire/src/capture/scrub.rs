//! The last look before the stream: no text that is kept may carry one of the person's raw ids.

use crate::privacy::mentions;
use crate::stream::{Line, ProductLine, Scalar};

/// Leaves out every kept text that mentions one of the ids. Returns whether the event's own id does: that one cannot be
/// left out, so whoever holds the pepper must hash it.
pub fn scrub(line: &mut Line, ids: &[&str]) -> bool {
    let personal = |text: &str| ids.iter().any(|id| mentions(text, id));
    let keep = |text: &mut Option<String>| {
        if text.as_deref().is_some_and(personal) {
            *text = None;
        }
    };
    let scalar = |value: &Scalar| matches!(value, Scalar::Text(text) if personal(text));
    let product = |product: &mut ProductLine| {
        keep(&mut product.category);
        keep(&mut product.name);
        keep(&mut product.brand);
    };
    let properties = &mut line.properties;
    properties.product.iter_mut().for_each(product);
    properties.products.iter_mut().flatten().for_each(product);
    keep(&mut properties.cart_id);
    keep(&mut properties.cart_url);
    keep(&mut properties.order_id);
    properties.extra.retain(|name, value| !personal(name) && !scalar(value));
    line.traits.retain(|name, value| !personal(name) && !scalar(value));
    keep(&mut line.context.page_url);
    keep(&mut line.context.referrer);
    line.context.campaign.retain(|_, value| !personal(value));
    personal(&line.id)
}
