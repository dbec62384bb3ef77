//! Whom a mail is shown for: a made-up person, or one that a file describes. The file goes the way that a real cart goes,
//! so that what is cleaned or not linked in a real mail is so in the preview.

use crate::error::CliError;
use beckon_domain::cart::{Cart, CartLine};
use beckon_domain::{DurationMs, EpisodeId, Money, ProductId, Timestamp};
use beckon_mail::check::samples;
use beckon_mail::{Content, Hosts, Listed, Locale, Material, Offered, View, link};
use clap::Args;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Whom, and which mail.
#[derive(Args, Debug, Default)]
pub(super) struct PersonaArgs {
    /// A JSON file that describes somebody: locale, first_name, cart_url, discount, cart
    #[arg(long, value_name = "FILE", conflicts_with = "locale")]
    persona: Option<PathBuf>,
    /// Language of a made-up person [default: every language that the content has]
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// Which mail of the series [default: the first, and every step with a mail of its own]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..))]
    step: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    locale: Option<String>,
    first_name: Option<String>,
    cart_url: Option<String>,
    /// Per cent off.
    discount: Option<u8>,
    #[serde(default)]
    cart: Vec<WrittenLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLine {
    name: String,
    #[serde(default = "one")]
    quantity: u32,
    /// Such as `12.50 EUR`.
    price: Option<String>,
    url: Option<String>,
    image_url: Option<String>,
}

const fn one() -> u32 {
    1
}

impl PersonaArgs {
    /// The views to render, each with a name for its files.
    pub(super) fn views(&self, content: &Content, now: Timestamp) -> Result<Vec<(String, View)>, CliError> {
        let mut steps: Vec<u8> =
            self.step.map_or_else(|| [1].into_iter().chain(content.steps()).collect(), |s| vec![s]);
        steps.sort_unstable();
        steps.dedup();
        if let Some(path) = &self.persona {
            let text = fs::read_to_string(path)
                .map_err(|e| CliError::usage(format!("cannot read {}: {e}", path.display())))?;
            let written: Written = serde_json::from_str(&text).map_err(|e| {
                CliError::usage(format!("{}: {e}; the README of shared/mail has an example", path.display()))
            })?;
            let views = steps.into_iter().map(|step| {
                written.view(content, step, now).map(|view| (format!("persona-step-{step}"), view))
            });
            return views.collect();
        }
        let locales: Vec<Locale> =
            match &self.locale {
                Some(tag) => vec![Locale::parse(tag).ok_or_else(|| {
                    CliError::usage(format!("{tag} is no language: write it as de or de-CH"))
                })?],
                None => content.locales().cloned().collect(),
            };
        let each = locales.iter().flat_map(|locale| steps.iter().map(move |step| (locale, *step)));
        Ok(each
            .map(|(locale, step)| (format!("{locale}-step-{step}"), samples::view(locale, step)))
            .collect())
    }
}

impl Written {
    fn view(&self, content: &Content, step: u8, now: Timestamp) -> Result<View, CliError> {
        let unusable = |what: String| CliError::usage(format!("the persona's {what}"));
        let mut cart = Cart { url: self.cart_url.clone(), ..Cart::default() };
        let mut listed = BTreeMap::new();
        for (number, line) in self.cart.iter().enumerate() {
            let product = ProductId::new(&format!("product-{}", number + 1))
                .map_err(|e| unusable(format!("cart: {e}")))?;
            let price = line.price.as_deref().map(Money::parse).transpose();
            let price = price.map_err(|e| unusable(format!("price of {}: {e}", line.name)))?;
            let (url, image_url) = (line.url.as_deref(), line.image_url.as_deref());
            listed.insert(product.clone(), Listed { name: &line.name, price, url, image_url });
            let quantity = line.quantity.max(1);
            cart.lines.push(CartLine { product, category: None, name: None, price, quantity, at: now });
        }
        let episode = EpisodeId::parse(&"0".repeat(32)).ok_or_else(|| unusable("episode".to_owned()))?;
        let material = Material {
            cart: &cart,
            first_name: self.first_name.as_deref(),
            locale: self.locale.as_deref(),
            zone: None,
            facts: &BTreeMap::new(),
            listed: &listed,
            hosts: &Hosts::of_urls(self.cart_url.as_deref()),
            discount: self.discount.map(|percent| Offered {
                percent,
                code: "TEST-CODE",
                valid_until: Some(now + DurationMs::from_hours(72)),
            }),
            sender: "Sample Shop",
            unsubscribe_url: "https://unsubscribe.invalid/u/sample",
            step,
            decision_id: &link::decision_id(&episode, step),
            now,
        };
        Ok(material.view(content))
    }
}
