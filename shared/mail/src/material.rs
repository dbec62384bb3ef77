//! From what is known of a cart and a person to what a mail says: whose word counts, and where links may lead.

use crate::content::Content;
use crate::format;
use crate::link::{Hosts, shop_link};
use crate::locale::Locale;
use crate::text::{looks_like_link, one_line};
use crate::view::{DiscountView, LineView, View};
use beckon_domain::cart::{Cart, CartLine};
use beckon_domain::catalog::{FactsSource, ProductFacts};
use beckon_domain::{Money, ProductId, Timestamp};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Products shown in a mail; the rest is counted.
const LINES_SHOWN_MAX: usize = 8;
/// Characters of a name shown.
const NAME_CHARS_MAX: usize = 80;
/// Characters of a first name shown.
const FIRST_NAME_CHARS_MAX: usize = 40;

/// What the shop itself says of a product, beside its feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Its price.
    pub price: Option<Money>,
    /// Its page.
    pub url: Option<&'a str>,
    /// Its picture.
    pub image_url: Option<&'a str>,
}

/// What a person is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offered<'a> {
    /// Per cent off.
    pub percent: u8,
    /// The code.
    pub code: &'a str,
    /// When the code ends to be good: what is shown is this moment, never a later one. `None`: the shop told no end.
    pub valid_until: Option<Timestamp>,
}

/// What a mail is made of.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// The cart.
    pub cart: &'a Cart,
    /// The person's first name, as a contact has it.
    pub first_name: Option<&'a str>,
    /// The person's locale, as a client told it.
    pub locale: Option<&'a str>,
    /// The zone in which moments are written; UTC where it is not known.
    pub zone: Option<&'a TimeZone>,
    /// What the catalog's feed says of the cart's products.
    pub facts: &'a BTreeMap<ProductId, ProductFacts>,
    /// What the ruleset says of them.
    pub listed: &'a BTreeMap<ProductId, Listed<'a>>,
    /// Hosts that the shop's ruleset links to: they count where the content lists none.
    pub hosts: &'a Hosts,
    /// What the person is offered.
    pub discount: Option<Offered<'a>>,
    /// From, as the stack is set up.
    pub sender: &'a str,
    /// Where to unsubscribe.
    pub unsubscribe_url: &'a str,
    /// Which mail of the series, from 1.
    pub step: u8,
    /// The id by which a landing is known: `mail.<episode>.<step>`.
    pub decision_id: &'a str,
    /// Now.
    pub now: Timestamp,
}

impl Material<'_> {
    /// The mail in words, in the language that `content` has for this person.
    #[must_use]
    pub fn view(&self, content: &Content) -> View {
        let locale = content.locale(self.locale);
        let hosts =
            if content.hosts().is_empty() { self.own_hosts() } else { Cow::Borrowed(content.hosts()) };
        let link = |url: &str| shop_link(url, &hosts, self.decision_id).ok();
        let first_name = self.first_name.map(|name| one_line(name, FIRST_NAME_CHARS_MAX));
        let zone = self.zone.cloned().unwrap_or(TimeZone::UTC);
        let lines = &self.cart.lines;
        View {
            step: self.step,
            first_name: first_name.filter(|name| !name.is_empty() && !looks_like_link(name)),
            lines: lines.iter().take(LINES_SHOWN_MAX).map(|line| self.line(line, &hosts, &locale)).collect(),
            hidden_count: lines.len().saturating_sub(LINES_SHOWN_MAX),
            unit_count: self.cart.unit_count(),
            total: self.total().map(|total| format::money(total, &locale)),
            cart_url: self.cart.url.as_deref().and_then(link),
            discount: self.discount.map(|offered| DiscountView {
                percent: offered.percent,
                code: one_line(offered.code, NAME_CHARS_MAX),
                valid_until: offered.valid_until.map(|at| format::moment(at, &zone, &locale)),
            }),
            shop: content.from_name().map_or_else(|| display_name(self.sender), ToOwned::to_owned),
            unsubscribe_url: self.unsubscribe_url.to_owned(),
            decision_id: self.decision_id.to_owned(),
            locale,
        }
    }

    /// Hosts that the shop itself links to, by its ruleset or its feed. An event's word is not the shop's.
    fn own_hosts(&self) -> Cow<'_, Hosts> {
        let of_feed = self.facts.values().filter(|facts| facts.source == FactsSource::Feed);
        let links = of_feed.flat_map(|facts| facts.link.iter().chain(&facts.image_link));
        let of_list = self.listed.values().flat_map(|listed| listed.url.into_iter().chain(listed.image_url));
        let told = Hosts::of_urls(links.map(String::as_str).chain(of_list));
        if told.is_empty() { Cow::Borrowed(self.hosts) } else { Cow::Owned(self.hosts.with(&told)) }
    }

    fn line(&self, line: &CartLine, hosts: &Hosts, locale: &Locale) -> LineView {
        let Known { fed, listed, seen } = self.known(line);
        let by_shop = [fed.map(|facts| facts.title.as_str()), listed.map(|listed| listed.name)];
        let by_shop = by_shop.into_iter().flatten().map(|name| one_line(name, NAME_CHARS_MAX));
        // What a browser told is shown only if no mail program would make a link of it.
        let told =
            [seen.map(|facts| facts.title.as_str()), line.name.as_deref(), Some(line.product.as_str())];
        let told = told.into_iter().flatten().map(|name| one_line(name, NAME_CHARS_MAX));
        let told = told.filter(|name| !looks_like_link(name));
        let name = by_shop.chain(told).find(|name| !name.is_empty());
        let first = |of_facts: fn(&ProductFacts) -> Option<&String>,
                     of_list: fn(&Listed<'_>) -> Option<String>| {
            let of_facts = |facts: Option<&ProductFacts>| facts.and_then(of_facts).cloned();
            of_facts(fed).or_else(|| listed.and_then(of_list)).or_else(|| of_facts(seen))
        };
        let url = first(|facts| facts.link.as_ref(), |listed| listed.url.map(ToOwned::to_owned));
        let image =
            first(|facts| facts.image_link.as_ref(), |listed| listed.image_url.map(ToOwned::to_owned));
        LineView {
            name: name.unwrap_or_else(|| nameless(locale).to_owned()),
            quantity: line.quantity,
            price: self.price(line).map(|price| format::money(price, locale)),
            url: url.and_then(|url| shop_link(&url, hosts, self.decision_id).ok()),
            image_url: image.and_then(|url| hosts.check(&url).ok()).map(String::from),
        }
    }

    fn known(&self, line: &CartLine) -> Known<'_> {
        let facts = self.facts.get(&line.product);
        Known {
            fed: facts.filter(|facts| facts.source == FactsSource::Feed),
            listed: self.listed.get(&line.product),
            seen: facts.filter(|facts| facts.source == FactsSource::Event),
        }
    }

    /// The feed's price now, then the ruleset's; what a browser said only when the shop says nothing.
    fn price(&self, line: &CartLine) -> Option<Money> {
        let Known { fed, listed, seen } = self.known(line);
        let by_shop = fed.and_then(|facts| facts.price_at(self.now)).or_else(|| listed.and_then(|l| l.price));
        by_shop.or(line.price).or_else(|| seen.and_then(|facts| facts.price_at(self.now)))
    }

    /// The sum, when every line has a price and all have one currency.
    fn total(&self) -> Option<Money> {
        let mut sum: Option<Money> = None;
        for line in &self.cart.lines {
            let add = self.price(line)?.times(line.quantity);
            sum = match sum {
                None => Some(add),
                Some(sum) if sum.currency == add.currency => {
                    Some(Money { minor: sum.minor.saturating_add(add.minor), currency: sum.currency })
                }
                Some(_) => return None,
            };
        }
        sum
    }
}

/// Who says what of a product, whose word counts most first.
struct Known<'a> {
    fed: Option<&'a ProductFacts>,
    listed: Option<&'a Listed<'a>>,
    seen: Option<&'a ProductFacts>,
}

/// What a product is called whose name would mislead.
fn nameless(locale: &Locale) -> &'static str {
    match locale.language() {
        "de" => "ein Produkt",
        "fr" => "un produit",
        "es" => "un producto",
        "it" => "un prodotto",
        "nl" => "een product",
        _ => "a product",
    }
}

/// The name of a sender that is set up as `Name <address>`, or its address.
fn display_name(sender: &str) -> String {
    let name = sender.split('<').next().unwrap_or(sender).trim().trim_matches('"');
    one_line(if name.is_empty() { sender } else { name }, NAME_CHARS_MAX)
}
