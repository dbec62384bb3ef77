//! Conditions and values in words: as a ruleset writes them, in one line, with their units.

use crate::aggregate::{Aggregate, What};
use crate::condition::{Condition, Facts, Last, Which};
use crate::property::Property;
use crate::value::{Kind, Operand, Test, Value};
use crate::zone::{PartOfWeek, WEEKDAYS};
use beckon_domain::consent::Purpose;
use beckon_domain::{Currency, DurationMs, Money, Timestamp};

/// A value as people read it.
pub(crate) fn value(value: Value<'_>, kind: Kind, currency: Currency) -> String {
    match value {
        Value::Number(number) => self::number(number, kind, currency),
        Value::Text(text) => text.to_owned(),
        Value::Flag(flag) => flag.to_string(),
        Value::List(list) => {
            let mut all = Vec::new();
            list.any(&mut |text| {
                all.push(text.to_owned());
                false
            });
            format!("[{}]", all.join(", "))
        }
    }
}

/// A number in the unit of its kind.
pub(crate) fn number(number: f64, kind: Kind, currency: Currency) -> String {
    match kind {
        Kind::Money => Money::from_major(number.max(0.0), currency)
            .map_or_else(|_| number.to_string(), |money| money.to_string()),
        Kind::Duration => duration(number),
        Kind::Instant => instant(Timestamp::from_ms(number as i64)),
        // Points and averages have long tails that nobody needs.
        _ => ((number * 1_000.0).round() / 1_000.0).to_string(),
    }
}

/// A length of time, to the second when it is longer than one: `4m 12s`.
pub(crate) fn duration(ms: f64) -> String {
    let ms = ms.max(0.0) as u64;
    let whole = DurationMs::from_ms(if ms > 1_000 { ms / 1_000 * 1_000 } else { ms });
    let (units, mut rest, mut parts) =
        ([(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")], whole.as_ms(), Vec::new());
    for (unit, name) in units {
        if rest >= unit {
            parts.push(format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { whole.to_string() } else { parts.join(" ") }
}

/// An instant in UTC, to the second.
pub(crate) fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_ms())
        .map_or_else(|_| at.as_ms().to_string(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A comparison as a ruleset writes it.
pub(crate) fn test(test: &Test, kind: Kind, currency: Currency) -> String {
    let number = |bound: f64| self::number(bound, kind, currency);
    let name = test.name();
    match test {
        Test::Gt(n) | Test::Gte(n) | Test::Lt(n) | Test::Lte(n) | Test::Before(n) | Test::After(n) => {
            format!("{name}: {}", number(*n))
        }
        Test::Between(least, most) => format!("{name}: [{}, {}]", number(*least), number(*most)),
        Test::Eq(Operand::Number(n)) | Test::Ne(Operand::Number(n)) => format!("{name}: {}", number(*n)),
        other => other.to_string(),
    }
}

fn tests(all: &[Test], kind: Kind, currency: Currency) -> String {
    all.iter().map(|one| test(one, kind, currency)).collect::<Vec<_>>().join(", ")
}

fn within(width: Option<DurationMs>) -> String {
    width.map_or_else(String::new, |width| format!(", within: {width}"))
}

pub(crate) fn last(last: &Last) -> String {
    match last {
        Last::OfName(name) => format!("event: {}", name.as_str()),
        Last::Watched(_, events) => events.to_string(),
    }
}

/// The name of the event.
pub(crate) fn name_of(last: &Last) -> &str {
    match last {
        Last::OfName(name) => name.as_str(),
        Last::Watched(_, events) => events.name.as_str(),
    }
}

fn which(which: &Which) -> &str {
    match which {
        Which::Current => "current",
        Which::Product(id) => id.as_str(),
    }
}

/// The kind of an aggregate's answer.
pub(crate) fn kind_of(aggregate: &Aggregate) -> Kind {
    match (&aggregate.of, aggregate.what) {
        (None, _) | (_, What::Count | What::Distinct) => Kind::Number,
        (Some(property), _) => property.kind(),
    }
}

fn aggregate(aggregate: &Aggregate, all: &[Test], currency: Currency) -> String {
    let of = aggregate.of.as_ref().map_or_else(String::new, |of: &Property| format!("of: {}, ", of.name()));
    let tests = tests(all, kind_of(aggregate), currency);
    let question = format!("{}: {{{of}{tests}}}", aggregate.what.word());
    format!("{}{}, {question}", aggregate.events, within(aggregate.within))
}

fn part_of_week(part: &PartOfWeek) -> String {
    let time = |name: &str, time: Option<jiff::civil::Time>| {
        time.map(|time| format!("{name}: \"{}\"", time.strftime("%H:%M")))
    };
    let days: Vec<&str> =
        WEEKDAYS.into_iter().zip(part.weekdays).filter(|(_, is_in)| *is_in).map(|(day, _)| day).collect();
    let days = (days.len() < WEEKDAYS.len()).then(|| format!("weekdays: [{}]", days.join(", ")));
    let parts = [time("from", part.from), time("until", part.until), days];
    format!("time: {{{}}}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// A condition as a ruleset writes it; of `all`, `any` and `not` the word alone.
pub(crate) fn condition(condition: &Condition, facts: &Facts<'_>) -> String {
    let currency = facts.currency;
    let given = |parts: [Option<String>; 3]| parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match condition {
        Condition::All(_) => "all".to_owned(),
        Condition::Any(_) => "any".to_owned(),
        Condition::Not(_) => "not".to_owned(),
        Condition::Event { last, within } => format!("{}{}", self::last(last), self::within(*within)),
        Condition::Aggregate { aggregate, tests } => self::aggregate(aggregate, tests, currency),
        Condition::Absent { of, since, width } => {
            let since = since.iter().map(|since| name_of(since).to_owned()).collect::<Vec<_>>().join(" or ");
            format!("absent: {{{}, for: {width}, since: {since}}}", self::last(of))
        }
        Condition::Viewed { product, within } => {
            format!("viewed: {{product: {}{}}}", which(product), self::within(*within))
        }
        Condition::Dwell { longer_than, within, product } => {
            let product = product.as_ref().map_or_else(String::new, |p| format!(", product: {}", which(p)));
            format!("dwell: {{longer_than: {longer_than}{}{product}}}", self::within(*within))
        }
        Condition::LoggedIn(expected) => format!("logged_in: {expected}"),
        Condition::Fact { fact, tests } => {
            let tests = self::tests(tests, fact.kind(), currency);
            format!("fact: {}, {tests}", fact.text())
        }
        Condition::Cart { value_gte, contains, empty } => {
            let value = value_gte.map(|value| format!("value_gte: {value}"));
            let contains = contains.as_ref().map(|id| format!("contains: {id}"));
            let empty = empty.map(|empty| format!("empty: {empty}"));
            format!("cart: {{{}}}", given([value, contains, empty]))
        }
        Condition::Consent(purpose) => format!("consent: {}", purpose_word(*purpose)),
        Condition::Segment(index) => {
            let id = facts.ruleset.segments.get(*index).map_or("", |segment| segment.id.as_str());
            format!("segment: {id}")
        }
        Condition::Time(part) => part_of_week(part),
        Condition::Page { kind, category, product } => {
            let kind = kind.map(|kind| format!("type: {}", kind.code()));
            let category = category.as_ref().map(|category| format!("category: {category}"));
            let product = product.as_ref().map(|product| format!("product: {product}"));
            format!("page: {{{}}}", given([kind, category, product]))
        }
    }
}

const fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Analytics => "analytics",
        Purpose::Personalization => "personalization",
        Purpose::MarketingEmail => "marketing_email",
    }
}
