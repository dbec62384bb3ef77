//! The mail of a left cart: what a person reads. HTML is escaped here, because SES does not escape what it is given.

use askama::Template;
use beckon_domain::cart::CartLine;
use beckon_domain::{Money, Profile, Timestamp};
use beckon_rules::{Discount, Ruleset};
use beckon_store::tables::Contact;
use std::collections::BTreeSet;

/// Products shown in a mail; the rest is counted.
const LINES_SHOWN_MAX: usize = 8;
/// Characters of a name shown.
const NAME_CHARS_MAX: usize = 80;

/// Why a mail could not be rendered.
#[derive(Debug, thiserror::Error)]
#[error("failed to render {part} of the cart reminder")]
pub struct RenderError {
    part: &'static str,
    #[source]
    source: askama::Error,
}

/// What a mail says, in words: ready for escaping, nothing left to compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// `Hello` or `Hello Jo`.
    pub greeting: String,
    /// Products, in the order they were put into the cart.
    pub lines: Vec<LineView>,
    /// Products not shown.
    pub hidden_count: usize,
    /// Units in the cart.
    pub unit_count: u64,
    /// What the cart is worth.
    pub total: Option<String>,
    /// Where the cart is restored; on the shop's own hosts only.
    pub cart_url: Option<String>,
    /// The discount.
    pub discount: Option<DiscountView>,
    /// Who sends.
    pub sender: String,
    /// Where to unsubscribe.
    pub unsubscribe_url: String,
}

/// One product in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineView {
    /// Name, or its id when nobody told the name.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// Price of one.
    pub price: Option<String>,
    /// Where it is sold.
    pub url: Option<String>,
    /// What it looks like.
    pub image_url: Option<String>,
}

/// The discount in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscountView {
    /// Per cent off.
    pub percent: u8,
    /// The code.
    pub code: String,
    /// Last day (UTC).
    pub valid_until: String,
}

/// A rendered mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Subject, one line.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
}

#[derive(Template)]
#[template(path = "cart-reminder/subject.txt", escape = "none")]
struct Subject<'a> {
    view: &'a View,
}

#[derive(Template)]
#[template(path = "cart-reminder/body.txt", escape = "none")]
struct Text<'a> {
    view: &'a View,
}

#[derive(Template)]
#[template(path = "cart-reminder/body.html", escape = "html")]
struct Html<'a> {
    view: &'a View,
}

impl View {
    /// Renders subject, text and HTML.
    ///
    /// # Errors
    /// When a template cannot be rendered.
    pub fn render(&self) -> Result<Rendered, RenderError> {
        let error = |part| move |source| RenderError { part, source };
        Ok(Rendered {
            subject: one_line(&Subject { view: self }.render().map_err(error("the subject"))?, 200),
            text: Text { view: self }.render().map_err(error("the text"))?,
            html: Html { view: self }.render().map_err(error("the HTML"))?,
        })
    }
}

/// What a view is made of.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// Whose cart.
    pub profile: &'a Profile,
    /// To whom.
    pub contact: &'a Contact,
    /// Facts of products, and the shop's hosts.
    pub ruleset: &'a Ruleset,
    /// What the person is offered, and the code of this episode.
    pub discount: Option<(&'a Discount, &'a str)>,
    /// From, as the shop set it.
    pub sender: &'a str,
    /// Where to unsubscribe.
    pub unsubscribe_url: &'a str,
    /// Now.
    pub now: Timestamp,
}

impl Material<'_> {
    /// The mail in words.
    #[must_use]
    pub fn view(&self) -> View {
        let cart = &self.profile.cart;
        let first_name = self.contact.first_name.as_deref().filter(|name| !looks_like_link(name));
        let first_name = first_name.map(|name| one_line(name, 40));
        let hosts = shop_hosts(self.ruleset);
        let discount = self.discount.map(|(discount, code)| DiscountView {
            percent: discount.percent,
            code: code.to_owned(),
            valid_until: beckon_wire::format_time(self.now + discount.valid_for).chars().take(10).collect(),
        });
        View {
            greeting: first_name.map_or_else(|| "Hello".to_owned(), |name| format!("Hello {name}")),
            lines: cart.lines.iter().take(LINES_SHOWN_MAX).map(|line| self.line(line)).collect(),
            hidden_count: cart.lines.len().saturating_sub(LINES_SHOWN_MAX),
            unit_count: cart.unit_count(),
            total: self.total().map(|total| total.to_string()),
            cart_url: cart.url.clone().filter(|url| host(url).is_some_and(|host| hosts.contains(host))),
            discount,
            sender: display_name(self.sender),
            unsubscribe_url: self.unsubscribe_url.to_owned(),
        }
    }

    fn line(&self, line: &CartLine) -> LineView {
        let facts = self.ruleset.product(line.product.as_str());
        // What a browser told is shown only if no mail program would make a link of it.
        let told = [line.name.as_deref().unwrap_or_default(), line.product.as_str()];
        let told = told.into_iter().find(|name| !name.trim().is_empty() && !looks_like_link(name));
        let name = facts.map_or_else(|| told.unwrap_or("a product"), |f| f.name.as_str());
        LineView {
            name: one_line(name, NAME_CHARS_MAX),
            quantity: line.quantity,
            price: self.price(line).map(|price| price.to_string()),
            url: facts.and_then(|f| f.url.clone()),
            image_url: facts.and_then(|f| f.image_url.clone()),
        }
    }

    /// The catalog's price; what a browser said only when the catalog has none.
    fn price(&self, line: &CartLine) -> Option<Money> {
        self.ruleset.product(line.product.as_str()).and_then(|f| f.price).or(line.price)
    }

    /// The sum, when every line has a price and all have one currency.
    fn total(&self) -> Option<Money> {
        let mut sum: Option<Money> = None;
        for line in &self.profile.cart.lines {
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

/// One line of at most so many characters: control characters and direction overrides would let a name forge what
/// stands beside it.
fn one_line(text: &str, chars_max: usize) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| {
            !c.is_control()
                && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .collect();
    let clean = clean.trim();
    if clean.chars().count() <= chars_max {
        clean.to_owned()
    } else {
        let mut cut: String = clean.chars().take(chars_max.saturating_sub(1)).collect();
        cut.push('…');
        cut
    }
}

/// Whether a mail program could make a link of a text: an address with a scheme, or a word with a dot between letters
/// (`evil.example`).
fn looks_like_link(text: &str) -> bool {
    text.contains("://")
        || text.split(|c: char| c.is_whitespace() || "/,;:()<>\"'".contains(c)).any(|word| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            word.rsplit_once('.').is_some_and(|(host, ending)| {
                !host.is_empty() && ending.chars().count() >= 2 && ending.chars().all(char::is_alphabetic)
            })
        })
}

fn display_name(sender: &str) -> String {
    let name = sender.split('<').next().unwrap_or(sender).trim().trim_matches('"');
    one_line(if name.is_empty() { sender } else { name }, NAME_CHARS_MAX)
}

/// The hosts of the shop: those that its own ruleset links to. A cart's address comes from a browser and is linked only
/// when it leads there.
fn shop_hosts(ruleset: &Ruleset) -> BTreeSet<&str> {
    ruleset.products().iter().filter_map(|p| host(p.url.as_deref()?)).collect()
}

fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    // Credentials before an @ would make a stranger's host look like the shop's.
    (!host.is_empty() && !host.contains('@')).then_some(host)
}

#[cfg(test)]
mod tests;
