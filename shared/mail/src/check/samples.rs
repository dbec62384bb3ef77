//! Made-up people that templates are tried with: one with everything, one with nothing, one with a long cart, and some
//! with names that try to break out.

use crate::format;
use crate::link::Hosts;
use crate::locale::Locale;
use crate::view::{DiscountView, LineView, View};
use beckon_domain::{Currency, Money, Timestamp};
use jiff::tz::TimeZone;

/// The host of made-up links; nobody can own it (RFC 2606).
const HOST: &str = "sample.invalid";
/// Where made-up people unsubscribe.
const UNSUBSCRIBE_URL: &str = "https://unsubscribe.invalid/u/sample";
/// Names that would become markup where a template lets them.
const HOSTILE: [&str; 3] = [
    "x onclick=y <b>\"'> </style><img src=z> {{7*7}}",
    "plain",
    "' onmouseover='x' --> <!-- ]]> {% raw %} &lt;b&gt; </td></table> } body { color: red",
];

/// One of them.
pub(crate) struct Sample {
    pub(crate) view: View,
    /// Hosts that links may lead to in it.
    pub(crate) hosts: Hosts,
    /// Samples of one number make HTML of the same shape.
    pub(crate) shape: Option<u8>,
}

/// A person with everything, as `preview` shows it.
#[must_use]
pub fn view(locale: &Locale, step: u8) -> View {
    full(locale, step, "Ada", |n| SHELF.get(n % SHELF.len()).copied().unwrap_or_default(), 3)
}

const SHELF: [&str; 4] =
    ["Tent for two, green", "Sleeping mat", "Enamel mug, 0.5 l", "Head torch with red light"];

fn full(
    locale: &Locale,
    step: u8,
    first_name: &str,
    name: impl Fn(usize) -> &'static str,
    count: usize,
) -> View {
    let decision_id = format!("mail.{}.{step}", "0".repeat(32));
    let link = |path: &str| format!("https://{HOST}/{path}?decision_id={decision_id}");
    let money =
        |minor| Currency::new("EUR").ok().map(|currency| format::money(Money { minor, currency }, locale));
    let line = |n: usize| LineView {
        name: name(n).to_owned(),
        quantity: u32::try_from(n).unwrap_or_default() % 3 + 1,
        price: money(129 * 100),
        url: Some(link(&format!("product-{n}"))),
        image_url: Some(format!("https://{HOST}/product-{n}.jpg")),
    };
    View {
        step,
        first_name: Some(first_name.to_owned()),
        lines: (0..count).map(line).collect(),
        hidden_count: if count >= 8 { 12 } else { 0 },
        unit_count: 6,
        total: money(774 * 100),
        cart_url: Some(link("cart")),
        discount: Some(DiscountView {
            percent: 10,
            code: "BACK-7GQ2MXK4".to_owned(),
            valid_until: (count < 8)
                .then(|| format::moment(Timestamp::from_ms(1_772_373_600_000), &TimeZone::UTC, locale)),
        }),
        shop: "Sample Shop".to_owned(),
        unsubscribe_url: UNSUBSCRIBE_URL.to_owned(),
        locale: locale.clone(),
        decision_id,
    }
}

/// The views that every mail is tried with.
pub(crate) fn views(hosts: &Hosts, locale: &Locale, step: u8) -> Vec<Sample> {
    let own = Hosts::parse([HOST]).unwrap_or_default();
    let hosts = hosts.with(&own);
    let sample = |view: View, shape: Option<u8>| Sample { view, hosts: hosts.clone(), shape };
    let everything = view(locale, step);
    let bare_line = LineView {
        price: None,
        url: None,
        image_url: None,
        ..everything.lines.first().cloned().unwrap_or_default()
    };
    let nothing = View {
        first_name: None,
        lines: Vec::new(),
        unit_count: 0,
        total: None,
        cart_url: None,
        discount: None,
        ..everything.clone()
    };
    let bare = View { lines: vec![bare_line], unit_count: 1, ..nothing.clone() };
    let mut all = vec![sample(everything.clone(), None), sample(nothing, None), sample(bare, None)];
    let single = [
        View { first_name: None, ..everything.clone() },
        View { total: None, ..everything.clone() },
        View { cart_url: None, ..everything.clone() },
        View { discount: None, ..everything },
    ];
    all.extend(single.into_iter().map(|view| sample(view, None)));
    let widest =
        "A very long name of a product with letters that take more bytes: Zelt für Größere, €uro, 東京 12345";
    all.push(sample(full(locale, step, "Ada", |_| widest, 8), None));
    all.extend(HOSTILE.map(|name| {
        let view = full(locale, step, name, |_| name, 3);
        sample(View { shop: name.to_owned(), ..view }, Some(0))
    }));
    all
}
