//! The canary asks: it is decided for by rules of its own, from the profile that was read as anybody's is.

use crate::reading::Seen;
use beckon_rules::{Ruleset, canary};
use std::sync::{Arc, LazyLock};

static RULESET: LazyLock<Option<Arc<Ruleset>>> =
    LazyLock::new(|| Ruleset::parse(canary::RULES).ok().map(Arc::new));

/// Puts the canary's rules in the place of the live ones. What the shop sells does not know its products.
pub(crate) fn take_place(seen: &mut Seen) {
    if let Some(ruleset) = RULESET.as_ref() {
        seen.ruleset = Arc::clone(ruleset);
    }
    seen.live.catalog = None;
    seen.live.has_feed = false;
}
