//! What a page asks, parsed: every id valid, every count within its limits, every fault with its pointer.

use super::preview::PreviewAsk;
use crate::fields::Fields;
use crate::limits::{BODY_BYTES_MAX, EXCLUDE_COUNT_MAX, NESTING_MAX, SLOT_COUNT_MAX, nesting};
use crate::problem::{Fault, Problem};
use beckon_domain::id::{AnonymousId, SlotId, UserId, is_blocked_person_id};
use beckon_domain::{Category, ProductId};
use serde_json::{Map, Value};

/// Items of one slot at most.
pub const COUNT_MAX: u64 = 50;

/// The longest time that a request may give itself, in milliseconds; what the deployment allows is less.
pub const BUDGET_MS_MAX: u64 = 60_000;

/// Bytes of a locale or a time zone at most, as in events.
const SHORT_BYTES_MAX: usize = 64;

/// What a page asks.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionsRequest {
    /// The write key, when it is not the user of Basic auth.
    pub write_key: Option<String>,
    /// The id that the browser made for itself.
    pub anonymous: Option<AnonymousId>,
    /// The customer; believed with a secret key only.
    pub user: Option<UserId>,
    /// The page.
    pub page: PageAsk,
    /// The slots to fill.
    pub slots: Vec<SlotAsk>,
    /// Whether to say why, with every value that was read; for secret keys only.
    pub explain: bool,
    /// Whether to say how likely the person is to buy; for secret keys only.
    pub propensity: bool,
    /// Whether it counts for experiments that the person is shown the answer; not where a page looks ahead.
    pub record_exposure: bool,
    /// Whether the context says that a program asks, and no person.
    pub is_bot: bool,
    /// Whether a product is shown in the first slot that has it, and in no other.
    pub dedupe: bool,
    /// In how much time the page wants its answer, in milliseconds, if in less than the deployment gives.
    pub budget_ms: Option<u64>,
    /// What the page would show to somebody else, or at another time.
    pub preview: Option<PreviewAsk>,
}

/// The page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageAsk {
    /// `HOME`, `CATEGORY`, `PRODUCT`, `CART` or `OTHER`, in any case, as it was given.
    pub kind: Option<String>,
    /// The product the page shows.
    pub product: Option<ProductId>,
    /// The category the page shows.
    pub category: Option<Category>,
    /// `context.locale`, such as `de-DE`.
    pub locale: Option<String>,
    /// `context.timezone`, an IANA name.
    pub timezone: Option<String>,
}

/// One slot to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotAsk {
    /// The slot's id in the ruleset.
    pub id: SlotId,
    /// How many items; the ruleset's count when absent.
    pub count: Option<usize>,
    /// Products that must not be in it.
    pub exclude: Vec<ProductId>,
}

impl DecisionsRequest {
    /// Parses a request's body.
    ///
    /// # Errors
    /// 400 with the pointer of the first thing that is wrong; 413 when it is too large.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.len() > BODY_BYTES_MAX {
            return Err(Problem::too_large(format!("at most {BODY_BYTES_MAX} bytes are taken")));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Problem::bad_request("the body is not UTF-8"))?;
        let wrong =
            |fault: Fault| Problem::bad_request("the request has a value that cannot be used").with(fault);
        if nesting(text) > NESTING_MAX {
            let detail = format!("at most {NESTING_MAX} levels of nesting are taken");
            return Err(wrong(Fault::new("", "event.nesting", detail)));
        }
        let object: Map<String, Value> = serde_json::from_str(text).map_err(|e| {
            let detail = format!("expected a JSON object; line {}, column {}", e.line(), e.column());
            wrong(Fault::new("", "schema.json", detail))
        })?;
        Self::read(&Fields::new(&object, "")).map_err(wrong)
    }

    fn read(fields: &Fields<'_>) -> Result<Self, Fault> {
        let context = fields.object("context")?;
        let page = match context.map(|c| Fields::new(c, "/context")) {
            Some(context) => {
                let page = match context.object("page")? {
                    Some(page) => page_ask(&Fields::new(page, "/context/page"))?,
                    None => PageAsk::default(),
                };
                PageAsk { locale: short(&context, "locale")?, timezone: short(&context, "timezone")?, ..page }
            }
            None => PageAsk::default(),
        };
        let options = fields.object("options")?;
        let option = |name: &'static str| match options {
            Some(options) => Ok::<_, Fault>(Fields::new(options, "/options").flag(name)?.unwrap_or_default()),
            None => Ok(false),
        };
        Ok(Self {
            write_key: fields.text("writeKey")?.map(ToOwned::to_owned),
            anonymous: person(fields, "anonymousId", AnonymousId::new)?,
            user: person(fields, "userId", UserId::new)?,
            page,
            slots: slots(fields)?,
            explain: option("explain")?,
            propensity: option("propensity")?,
            record_exposure: match options {
                Some(options) => Fields::new(options, "/options").flag("recordExposure")?.unwrap_or(true),
                None => true,
            },
            is_bot: context.is_some_and(crate::bots::is_told_by),
            dedupe: option("dedupe")?,
            budget_ms: options.map(budget).transpose()?.flatten(),
            preview: options.map(PreviewAsk::of_options).transpose()?.flatten(),
        })
    }
}

/// `options.budgetMs`.
fn budget(options: &Map<String, Value>) -> Result<Option<u64>, Fault> {
    let options = Fields::new(options, "/options");
    match options.count("budgetMs", u64::MAX)? {
        Some(budget @ 1..=BUDGET_MS_MAX) => Ok(Some(budget)),
        Some(_) => {
            Err(options.invalid("budgetMs", format!("expected a whole number from 1 to {BUDGET_MS_MAX}")))
        }
        None => Ok(None),
    }
}

pub(crate) fn person<T>(
    fields: &Fields<'_>,
    name: &str,
    parse: fn(&str) -> Result<T, beckon_domain::id::IdError>,
) -> Result<Option<T>, Fault> {
    let Some(text) = fields.person_id(name)? else { return Ok(None) };
    if is_blocked_person_id(&text) {
        return Err(Fault::new(
            fields.at(name),
            "identity.blocked",
            "is a placeholder that many people share",
        ));
    }
    parse(&text).map(Some).map_err(|e| fields.invalid(name, e.to_string()))
}

/// A name of few bytes; a longer one is none.
fn short(context: &Fields<'_>, name: &str) -> Result<Option<String>, Fault> {
    Ok(context.text(name)?.filter(|text| text.len() <= SHORT_BYTES_MAX).map(ToOwned::to_owned))
}

fn page_ask(page: &Fields<'_>) -> Result<PageAsk, Fault> {
    Ok(PageAsk {
        kind: page.text("type")?.map(ToOwned::to_owned),
        product: page.id("productId", ProductId::new)?,
        category: page.id("category", Category::new)?,
        ..PageAsk::default()
    })
}

fn slots(fields: &Fields<'_>) -> Result<Vec<SlotAsk>, Fault> {
    let array = fields.array("slots")?.unwrap_or_default();
    if array.is_empty() {
        return Err(fields.missing("slots", "at least one slot"));
    }
    if array.len() > SLOT_COUNT_MAX {
        return Err(
            fields.invalid("slots", format!("{} slots; at most {SLOT_COUNT_MAX} are taken", array.len()))
        );
    }
    let slot = |(index, value): (usize, &Value)| {
        let pointer = format!("/slots/{index}");
        let Value::Object(object) = value else {
            return Err(Fault::new(pointer, "schema.type", "expected an object with an id"));
        };
        slot_ask(&Fields::new(object, &pointer))
    };
    array.iter().enumerate().map(slot).collect()
}

fn slot_ask(slot: &Fields<'_>) -> Result<SlotAsk, Fault> {
    let id = slot.id("id", SlotId::new)?.ok_or_else(|| slot.missing("id", "the slot's id"))?;
    let count = match slot.count("count", u64::MAX)? {
        Some(count @ 1..=COUNT_MAX) => Some(count as usize),
        Some(_) => {
            return Err(slot.invalid("count", format!("expected a whole number from 1 to {COUNT_MAX}")));
        }
        None => None,
    };
    let excluded = slot.array("excludeProductIds")?.unwrap_or_default();
    if excluded.len() > EXCLUDE_COUNT_MAX {
        return Err(slot.invalid("excludeProductIds", format!("at most {EXCLUDE_COUNT_MAX} are taken")));
    }
    let product = |(index, value): (usize, &Value)| {
        let text = value.as_str().map(ToOwned::to_owned).or_else(|| value.as_i64().map(|n| n.to_string()));
        let pointer = format!("{}/{index}", slot.at("excludeProductIds"));
        let text = text.ok_or_else(|| Fault::new(&pointer, "schema.type", "expected a product id"))?;
        ProductId::new(&text).map_err(|e| Fault::new(&pointer, "schema.value", e.to_string()))
    };
    let exclude = excluded.iter().enumerate().map(product).collect::<Result<_, _>>()?;
    Ok(SlotAsk { id, count, exclude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_whole() {
        let request = DecisionsRequest::parse(
            br#"{"anonymousId":"v","context":{"locale":"de-DE","timezone":"Europe/Berlin","page":{"type":"PRODUCT","productId":7}},
                 "slots":[{"id":"home.hero"},{"id":"pdp.related","count":8,"excludeProductIds":["a",7]}]}"#,
        )
        .unwrap();
        assert_eq!(request.page.product.unwrap().as_str(), "7");
        assert_eq!(
            (request.page.locale.as_deref(), request.page.timezone.as_deref()),
            (Some("de-DE"), Some("Europe/Berlin"))
        );
        assert_eq!((request.slots[1].count, request.slots[1].exclude.len()), (Some(8), 2));
        assert!(!request.explain);
        let request =
            DecisionsRequest::parse(br#"{"slots":[{"id":"a"}],"options":{"explain":true}}"#).unwrap();
        assert!(request.explain);
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let cases = [
            (r"[]", ""),
            (r"{}", "/slots"),
            (r#"{"slots":[]}"#, "/slots"),
            (r#"{"slots":[7]}"#, "/slots/0"),
            (r#"{"slots":[{"id":"a"},{}]}"#, "/slots/1/id"),
            (r#"{"slots":[{"id":"a","count":0}]}"#, "/slots/0/count"),
            (r#"{"slots":[{"id":"a","count":51}]}"#, "/slots/0/count"),
            (r#"{"slots":[{"id":"a","count":"4"}]}"#, "/slots/0/count"),
            (r#"{"slots":[{"id":"a","excludeProductIds":["x",null]}]}"#, "/slots/0/excludeProductIds/1"),
            (r#"{"anonymousId":"null","slots":[{"id":"a"}]}"#, "/anonymousId"),
            (r#"{"context":{"page":[]},"slots":[{"id":"a"}]}"#, "/context/page"),
            (r#"{"slots":[{"id":"a"}],"options":{"explain":1}}"#, "/options/explain"),
        ];
        for (body, pointer) in cases {
            let problem = DecisionsRequest::parse(body.as_bytes()).unwrap_err();
            let json = serde_json::to_value(&problem).unwrap();
            assert_eq!(json["errors"][0]["pointer"], pointer, "{body}");
            assert_eq!(problem.status(), 400);
        }
        let many = format!(r#"{{"slots":[{}{{"id":"a"}}]}}"#, r#"{"id":"a"},"#.repeat(20));
        assert_eq!(DecisionsRequest::parse(many.as_bytes()).unwrap_err().status(), 400);
    }
}
