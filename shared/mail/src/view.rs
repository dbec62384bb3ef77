//! What templates see: texts only, nothing left to compute.

use crate::locale::Locale;
use minijinja::Value;
use std::collections::BTreeMap;

/// Names that a template may use, with what they are.
pub const VARIABLES: &[(&str, &str)] = &[
    ("cart_url", "where the cart is restored; may be missing"),
    ("decision_id", "the id by which a landing from this mail is known"),
    ("discount", "percent, code and valid_until, which may be missing; may be missing"),
    ("first_name", "the person's first name; may be missing"),
    ("hidden_count", "how many products are not shown in lines"),
    ("lang", "the language of the mail, such as de-CH"),
    (
        "lines",
        "the products, each with name, quantity, price, url and image_url; the last three may be missing",
    ),
    ("preheader", "what a mailbox shows beside the subject; not in subject and preheader themselves"),
    ("shop", "the sender's name"),
    ("step", "which mail of the series, from 1"),
    ("total", "what the cart is worth; may be missing"),
    ("unit_count", "how many units are in the cart"),
    ("unsubscribe_url", "where to unsubscribe"),
];

/// What a mail says, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The language that numbers and dates are written in, and that templates are chosen by.
    pub locale: Locale,
    /// Which mail of the series, from 1.
    pub step: u8,
    /// The person's first name.
    pub first_name: Option<String>,
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
    pub shop: String,
    /// Where to unsubscribe.
    pub unsubscribe_url: String,
    /// The id by which a landing is known.
    pub decision_id: String,
}

/// One product in words.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
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
    /// Until when it is good, with its zone; `None` where the shop told no end.
    pub valid_until: Option<String>,
}

fn object<const N: usize>(pairs: [(&'static str, Value); N]) -> Value {
    Value::from(pairs.into_iter().collect::<BTreeMap<&'static str, Value>>())
}

impl View {
    /// The variables of templates; a subject and a preheader see no preheader.
    pub(crate) fn variables(&self, preheader: Option<&str>) -> Value {
        let discount = self.discount.as_ref().map(|discount| {
            object([
                ("percent", Value::from(discount.percent)),
                ("code", Value::from(discount.code.as_str())),
                ("valid_until", Value::from(discount.valid_until.as_deref())),
            ])
        });
        let text = |text: &Option<String>| Value::from(text.as_deref());
        let mut all = BTreeMap::from([
            ("cart_url", text(&self.cart_url)),
            ("decision_id", Value::from(self.decision_id.as_str())),
            ("discount", Value::from(discount)),
            ("first_name", text(&self.first_name)),
            ("hidden_count", Value::from(self.hidden_count)),
            ("lang", Value::from(self.locale.as_str())),
            ("lines", Value::from(self.lines.iter().map(LineView::value).collect::<Vec<_>>())),
            ("shop", Value::from(self.shop.as_str())),
            ("step", Value::from(self.step)),
            ("total", text(&self.total)),
            ("unit_count", Value::from(self.unit_count)),
            ("unsubscribe_url", Value::from(self.unsubscribe_url.as_str())),
        ]);
        if let Some(preheader) = preheader {
            all.insert("preheader", Value::from(preheader));
        }
        Value::from(all)
    }
}

impl LineView {
    fn value(&self) -> Value {
        object([
            ("name", Value::from(self.name.as_str())),
            ("quantity", Value::from(self.quantity)),
            ("price", Value::from(self.price.as_deref())),
            ("url", Value::from(self.url.as_deref())),
            ("image_url", Value::from(self.image_url.as_deref())),
        ])
    }
}
