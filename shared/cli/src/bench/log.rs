//! A synthetic log: stream lines of visitors who look around, fill carts and sometimes buy, decided by a seed.

use crate::error::CliError;
use beckon_domain::id::AnonymousId;
use beckon_domain::{Pepper, ProfileKey};
use beckon_wire::stream::{ConsentLine, Context, Line, LineType, ProductLine, Properties, VERSION};
use std::collections::BTreeMap;

/// The first event, in milliseconds since 1970.
const BEGAN_MS: i64 = 1_763_800_000_000;
/// Visitors who are there at the same time.
const VISITOR_COUNT: u64 = 500;
/// Events after which the visitor who was there longest leaves and another comes.
const EVENTS_PER_ARRIVAL: u64 = 20;
/// Products, the popular ones first.
const PRODUCT_COUNT: u64 = 5_000;

/// One line as the stream holds it, and the key of its record.
pub(super) struct LogLine {
    pub key: String,
    pub text: String,
}

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

/// Makes a log of so many events.
pub(super) fn make(event_count: u64, seed: u64) -> Result<Vec<LogLine>, CliError> {
    let pepper = Pepper::new("bench", b"a pepper for benchmarks only");
    let pepper = pepper.map_err(|e| CliError::caused("the benchmark's pepper", &e))?;
    let mut dice = Dice(seed);
    let mut keys: BTreeMap<u64, ProfileKey> = BTreeMap::new();
    let mut at_ms = BEGAN_MS;
    (0..event_count)
        .map(|number| {
            at_ms += i64::try_from(dice.below(400)).unwrap_or(0);
            let visitor = number / EVENTS_PER_ARRIVAL + dice.below(VISITOR_COUNT);
            let key = match keys.get(&visitor) {
                Some(key) => key.clone(),
                None => {
                    let id = AnonymousId::new(&format!("visitor-{visitor}"));
                    let key = pepper.anonymous(&id.map_err(|e| CliError::caused("a visitor's id", &e))?);
                    keys.insert(visitor, key.clone());
                    key
                }
            };
            let line = line(&mut dice, &key, number, at_ms);
            let text = serde_json::to_string(&line).map_err(|e| CliError::caused("a line", &e))?;
            Ok(LogLine { key: line.key, text })
        })
        .collect()
}

fn line(dice: &mut Dice, key: &ProfileKey, number: u64, at_ms: i64) -> Line {
    // Twice by chance: the first products are much more popular than the last.
    let product = (dice.below(PRODUCT_COUNT) * dice.below(PRODUCT_COUNT)) / PRODUCT_COUNT;
    let product = ProductLine {
        id: format!("p-{product:05}"),
        category: Some(format!("category-{:02}", product % 40)),
        name: Some(format!("Product {product}")),
        brand: None,
        price_minor: Some(i64::try_from(500 + product % 20_000).unwrap_or(0)),
        quantity: 1,
    };
    let (kind, event) = match dice.below(100) {
        0..5 => (LineType::Page, None),
        5..80 => (LineType::Track, Some("Product Viewed")),
        80..85 => (LineType::Track, Some("Product List Viewed")),
        85..94 => (LineType::Track, Some("Product Added")),
        94..97 => (LineType::Track, Some("Product Removed")),
        _ => (LineType::Track, Some("Order Completed")),
    };
    let mut properties = Properties::default();
    match event {
        None | Some("Product List Viewed") => {}
        Some("Order Completed") => {
            properties.total_minor = product.price_minor;
            properties.products = Some(vec![product]);
            properties.currency = Some("EUR".to_owned());
        }
        Some(_) => {
            properties.product = Some(product);
            properties.currency = Some("EUR".to_owned());
        }
    }
    Line {
        v: VERSION,
        key: key.as_str().to_owned(),
        id: format!("m-{number:08}-{:012x}", dice.below(1 << 48)),
        source: "browser".to_owned(),
        kind,
        event: event.map(ToOwned::to_owned),
        occurred_at: at_ms,
        received_at: at_ms + 40,
        properties,
        traits: BTreeMap::new(),
        context: Context {
            timezone: Some("Europe/Berlin".to_owned()),
            locale: Some("en-GB".to_owned()),
            device: Some("mobile".to_owned()),
            page_url: Some("https://shop.example/p".to_owned()),
            ..Context::default()
        },
        consent: ConsentLine::default(),
        claim: None,
        link: None,
        internal: false,
        timer: None,
        merge: None,
        segment: None,
        conversion: None,
        exposure: None,
    }
}
