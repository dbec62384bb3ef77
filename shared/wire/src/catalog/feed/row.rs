//! A row's fields as facts: names, limits, and what is told when one does not hold.

use super::price::parse_price;
use beckon_domain::catalog::{Availability, FactsSource, Sale};
use beckon_domain::id::{GroupId, IdError};
use beckon_domain::link::is_web_address;
use beckon_domain::policy::{
    ATTRIBUTE_COUNT_MAX, ATTRIBUTE_NAME_BYTES_MAX, ATTRIBUTE_VALUE_BYTES_MAX, CATEGORY_LEVEL_MAX,
    LINK_BYTES_MAX, TITLE_BYTES_MAX,
};
use beckon_domain::{Brand, Category, ProductFacts, ProductId, SmolStr, Timestamp};
use std::collections::BTreeMap;

/// Fields of Google's specification that nothing here needs: long texts, and lists of lists.
const UNUSED: &[&str] = &[
    "additional_image_link",
    "description",
    "installment",
    "loyalty_program",
    "mobile_link",
    "product_detail",
    "product_highlight",
    "shipping",
    "subscription_cost",
    "tax",
];
/// Fields whose value must be a text.
const KNOWN: &[&str] = &[
    "availability",
    "brand",
    "id",
    "image_link",
    "item_group_id",
    "link",
    "price",
    "product_type",
    "sale_price",
    "sale_price_effective_date",
    "title",
];
/// Names that other systems use for what is needed here.
const MEANT: &[(&str, &str)] = &[
    ("product_id", "id"),
    ("sku", "id"),
    ("item_id", "id"),
    ("name", "title"),
    ("product_name", "title"),
    ("url", "link"),
    ("product_url", "link"),
    ("image", "image_link"),
    ("image_url", "image_link"),
    ("category", "product_type"),
    ("stock", "availability"),
    ("group_id", "item_group_id"),
];

/// A row's values by the names of their fields.
#[derive(Default)]
pub(super) struct Fields {
    /// Texts.
    pub values: BTreeMap<String, String>,
    /// Fields whose values are objects, or lists of them.
    pub nested: Vec<String>,
}

/// Why a row gives no product.
pub(super) struct Refused {
    pub id: Option<String>,
    pub detail: String,
}

/// A name as Google writes it: `g:Image Link` is `image_link`. `None` for a name of nothing.
pub(super) fn field_name(name: &str) -> Option<String> {
    let name = name.trim().to_lowercase();
    let name = name.strip_prefix("g:").unwrap_or(&name).trim();
    let plain: String = name.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
    Some(plain).filter(|name| !name.is_empty())
}

/// The field that a name probably means.
pub(super) fn meant_for(name: &str) -> Option<&'static str> {
    MEANT.iter().find(|(other, _)| *other == name).map(|(_, meant)| *meant)
}

/// Reads a row. What is fine and does not count is in the notes.
pub(super) fn read(mut fields: Fields, told_at: Timestamp) -> Result<(ProductFacts, Vec<String>), Refused> {
    // Events name it as it is: of an id nothing but the white space around it is cut.
    let id = fields.values.remove("id").map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
    let refused = |detail: String| Refused { id: id.as_deref().map(shortened), detail };
    let parsed = match id.as_deref() {
        None => return Err(refused(fields.missing("id"))),
        Some(id) => ProductId::new(id).map_err(|error| refused(format!("id: {error}")))?,
    };
    facts(parsed, fields, told_at).map_err(refused)
}

/// As much of an id as a person needs to find it.
fn shortened(id: &str) -> String {
    crate::fields::truncate(id, ProductId::BYTES_MAX).chars().filter(|c| !c.is_control()).collect()
}

fn facts(
    id: ProductId,
    mut fields: Fields,
    told_at: Timestamp,
) -> Result<(ProductFacts, Vec<String>), String> {
    if let Some(name) = fields.nested.iter().find(|name| KNOWN.contains(&name.as_str())) {
        return Err(format!("{name}: expected a text, found an object or a list of objects"));
    }
    let title = fields.take("title").ok_or_else(|| fields.missing("title"))?;
    if title.len() > TITLE_BYTES_MAX {
        return Err(format!("title: must be at most {TITLE_BYTES_MAX} bytes long, but has {}", title.len()));
    }
    let mut notes = Vec::new();
    let mut facts = ProductFacts::new(id, title, told_at, FactsSource::Feed);
    facts.link = fields.address("link")?;
    facts.image_link = fields.address("image_link")?;
    facts.price = fields.parsed("price", parse_price)?;
    facts.sale = sale(&mut fields, &facts, &mut notes)?;
    facts.availability = fields.parsed("availability", availability)?.unwrap_or_default();
    facts.path = fields.parsed("product_type", path)?.unwrap_or_default();
    facts.brand = fields.id("brand", Brand::new)?;
    facts.group = fields.id("item_group_id", GroupId::new)?;
    facts.attributes = attributes(fields, &mut notes);
    Ok((facts, notes))
}

impl Fields {
    /// A value in one line, without white space around it; an empty one counts as missing.
    fn take(&mut self, name: &str) -> Option<String> {
        let value = self.values.remove(name)?;
        Some(one_line(&value)).filter(|value| !value.is_empty())
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let value = self.take(name).map(|value| parse(&value));
        value.transpose().map_err(|detail| format!("{name}: {detail}"))
    }

    fn id<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, IdError>) -> Result<Option<T>, String> {
        self.parsed(name, |text| parse(text).map_err(|error| error.to_string()))
    }

    fn address(&mut self, name: &str) -> Result<Option<String>, String> {
        self.parsed(name, |text| {
            if text.len() > LINK_BYTES_MAX {
                return Err(format!("must be at most {LINK_BYTES_MAX} bytes long, but has {}", text.len()));
            }
            if !is_web_address(text) {
                let expected =
                    "expected an address that begins with https:// or http:// and has no spaces or quotes";
                return Err(format!("{expected}, found `{}`", text.chars().take(60).collect::<String>()));
            }
            Ok(text.to_owned())
        })
    }

    fn missing(&self, name: &'static str) -> String {
        let instead = self.values.keys().find(|other| meant_for(other) == Some(name));
        let instead = instead.map(|other| format!(": rename `{other}`")).unwrap_or_default();
        format!("{name}: is missing{instead}")
    }
}

/// Line ends and other control characters become spaces; several spaces one.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn availability(text: &str) -> Result<Availability, String> {
    Availability::parse(text).ok_or_else(|| {
        let words: Vec<&str> = Availability::TOLD.into_iter().filter_map(Availability::word).collect();
        format!("expected {}, found `{}`", words.join(", "), text.chars().take(40).collect::<String>())
    })
}

fn path(text: &str) -> Result<Vec<Category>, String> {
    let levels = text.split('>').map(str::trim).filter(|level| !level.is_empty());
    let levels =
        levels.map(Category::new).collect::<Result<Vec<_>, _>>().map_err(|e| format!("a level {e}"))?;
    if levels.len() > CATEGORY_LEVEL_MAX {
        return Err(format!("has {} levels, and {CATEGORY_LEVEL_MAX} are allowed", levels.len()));
    }
    Ok(levels)
}

/// The sale, if it makes the product cheaper.
fn sale(fields: &mut Fields, facts: &ProductFacts, notes: &mut Vec<String>) -> Result<Option<Sale>, String> {
    let dates = fields.parsed("sale_price_effective_date", interval)?.unwrap_or_default();
    let Some(price) = fields.parsed("sale_price", parse_price)? else { return Ok(None) };
    let Some(regular) = facts.price else {
        return Err("price: is missing, and there is a sale_price".to_owned());
    };
    if price.currency != regular.currency {
        return Err(format!("sale_price: is in {}, and the price in {}", price.currency, regular.currency));
    }
    if price.minor >= regular.minor {
        notes.push(format!("sale_price {price} is not below the price {regular}: it does not count"));
        return Ok(None);
    }
    Ok(Some(Sale { price, from: dates.0, until: dates.1 }))
}

/// `2026-11-24T11:07+0100/2026-11-29T23:07+0100`; an end that is open is two points.
fn interval(text: &str) -> Result<(Option<Timestamp>, Option<Timestamp>), String> {
    let expected =
        || "expected two times such as 2026-11-24T11:00:00+01:00/2026-11-29T23:00:00+01:00".to_owned();
    let (from, until) = text.split_once('/').ok_or_else(expected)?;
    let (from, until) = (instant(from).ok_or_else(expected)?, instant(until).ok_or_else(expected)?);
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        return Err("ends before it begins".to_owned());
    }
    Ok((from, until))
}

/// A time with its offset, as RFC 3339 and as Google's examples write it.
fn instant(text: &str) -> Option<Option<Timestamp>> {
    let text = text.trim();
    if text == ".." {
        return Some(None);
    }
    let formats = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%MZ"];
    let strict: Option<jiff::Timestamp> = text.parse().ok();
    let loose = || formats.iter().find_map(|format| jiff::Timestamp::strptime(format, text).ok());
    strict.or_else(loose).map(|time| Some(Timestamp::from_ms(time.as_millisecond())))
}

/// Whatever else the row says.
fn attributes(fields: Fields, notes: &mut Vec<String>) -> BTreeMap<SmolStr, SmolStr> {
    let mut attributes = BTreeMap::new();
    let used = |name: &String| !UNUSED.contains(&name.as_str());
    for name in fields.nested.into_iter().filter(used) {
        notes.push(format!("{}: is an object or a list of objects, and is left out", shortened(&name)));
    }
    for (name, value) in fields.values {
        let value = one_line(&value);
        if value.is_empty() || !used(&name) {
            continue;
        }
        let why = if name.len() > ATTRIBUTE_NAME_BYTES_MAX || name.chars().any(char::is_control) {
            format!("a name may have {ATTRIBUTE_NAME_BYTES_MAX} bytes")
        } else if value.len() > ATTRIBUTE_VALUE_BYTES_MAX {
            format!("an attribute may have {ATTRIBUTE_VALUE_BYTES_MAX} bytes")
        } else if attributes.len() >= ATTRIBUTE_COUNT_MAX {
            format!("a product may have {ATTRIBUTE_COUNT_MAX} attributes")
        } else {
            if let Some(meant) = meant_for(&name) {
                notes.push(format!(
                    "{name}: is kept as an attribute; what it probably means is called {meant}"
                ));
            }
            attributes.insert(SmolStr::from(name), SmolStr::from(value));
            continue;
        };
        notes.push(format!("{}: is left out: {why}", shortened(&name)));
    }
    attributes
}
