//! The mail of a left cart: what is known here becomes what [`beckon_mail`] renders; and the content that is live.

mod active;

pub use active::ActiveMailContent;
pub use beckon_mail::{Content, Offered, RenderError, Rendered, View};

use beckon_domain::catalog::ProductFacts;
use beckon_domain::{EpisodeId, ProductId, Profile, Timestamp};
use beckon_mail::{Hosts, Listed, link};
use beckon_rules::Ruleset;
use beckon_store::tables::Contact;
use std::collections::BTreeMap;

/// What a mail is made of.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// Whose cart.
    pub profile: &'a Profile,
    /// To whom.
    pub contact: &'a Contact,
    /// What the catalog's feed says of the cart's products; empty where there is none.
    pub facts: &'a BTreeMap<ProductId, ProductFacts>,
    /// Facts of products, and the shop's hosts, where the feed or the content says none.
    pub ruleset: &'a Ruleset,
    /// What the person is offered, with the code of this reminder and its own end.
    pub discount: Option<Offered<'a>>,
    /// From, as the stack is set up.
    pub sender: &'a str,
    /// Where to unsubscribe.
    pub unsubscribe_url: &'a str,
    /// Which episode and which step of it: a landing from the mail is known by them.
    pub reminder: (&'a EpisodeId, u8),
    /// Now.
    pub now: Timestamp,
}

impl Material<'_> {
    /// The mail in words, in the language that the content has for this person.
    #[must_use]
    pub fn view(&self, content: &Content) -> View {
        let (episode, step) = self.reminder;
        let decision_id = link::decision_id(episode, step);
        let listed: BTreeMap<ProductId, Listed<'_>> =
            self.profile.cart.lines.iter().filter_map(|line| self.listed(&line.product)).collect();
        let pages = self.ruleset.products().iter().filter_map(|product| product.url.as_deref());
        let hosts = if content.hosts().is_empty() { Hosts::of_urls(pages) } else { Hosts::default() };
        beckon_mail::Material {
            cart: &self.profile.cart,
            first_name: self.contact.first_name.as_deref(),
            locale: self.profile.locale.as_ref().map(|told| told.value.as_str()),
            zone: None,
            facts: self.facts,
            listed: &listed,
            hosts: &hosts,
            discount: self.discount,
            sender: self.sender,
            unsubscribe_url: self.unsubscribe_url,
            step,
            decision_id: &decision_id,
            now: self.now,
        }
        .view(content)
    }

    /// The mail, by this content, or by the built-in one where this one fails.
    ///
    /// # Errors
    /// When the built-in content fails too.
    pub fn render(&self, content: &Content) -> Result<Rendered, RenderError> {
        active::render(content, |content| self.view(content))
    }

    fn listed(&self, product: &ProductId) -> Option<(ProductId, Listed<'_>)> {
        let facts = self.ruleset.product(product.as_str())?;
        let (url, image_url) = (facts.url.as_deref(), facts.image_url.as_deref());
        Some((product.clone(), Listed { name: &facts.name, price: facts.price, url, image_url }))
    }
}

#[cfg(test)]
mod tests;
