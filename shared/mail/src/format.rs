//! Money and moments as people of a locale write them. The forms follow Unicode's CLDR for the languages named here; any
//! other language gets the plain form (`12.50 EUR`, `2026-03-01 14:00 UTC`), which nobody misreads.

use crate::locale::Locale;
use beckon_domain::{Money, Timestamp};
use jiff::tz::TimeZone;

/// A space at which no line breaks.
const NBSP: &str = "\u{a0}";

/// How a locale writes amounts.
struct NumberForm {
    decimal: char,
    group: &'static str,
    /// Digits before the point from which on groups are set apart.
    group_from: usize,
    /// Whether the currency stands before the amount, and what is between them.
    is_before: bool,
    gap: &'static str,
}

const fn form(
    decimal: char,
    group: &'static str,
    group_from: usize,
    is_before: bool,
    gap: &'static str,
) -> NumberForm {
    NumberForm { decimal, group, group_from, is_before, gap }
}

fn number_form(locale: &Locale) -> Option<NumberForm> {
    Some(match (locale.language(), locale.region()) {
        ("en", _) => form('.', ",", 4, true, ""),
        ("de", Some("CH" | "LI")) => form('.', "’", 4, true, NBSP),
        ("de", Some("AT")) => form(',', NBSP, 4, true, NBSP),
        ("fr", _) => form(',', "\u{202f}", 4, false, NBSP),
        ("es", _) => form(',', ".", 5, false, NBSP),
        ("nl", _) => form(',', ".", 4, true, NBSP),
        ("de" | "it", _) => form(',', ".", 4, false, NBSP),
        _ => return None,
    })
}

/// The sign of a currency where it stands for one currency to a reader there; its code otherwise.
fn sign<'a>(code: &'a str, locale: &Locale) -> (&'a str, bool) {
    match (code, locale.region()) {
        ("EUR", _) => ("€", true),
        ("GBP", _) => ("£", true),
        ("USD", Some("AU" | "CA" | "NZ" | "SG" | "HK")) => ("US$", true),
        ("USD", _) => ("$", true),
        _ => (code, false),
    }
}

/// An amount: `€12.50` (en), `12,50 €` (de), `12.50 EUR` where the language is not known.
pub(crate) fn money(money: Money, locale: &Locale) -> String {
    let Some(form) = number_form(locale) else { return money.to_string() };
    let exponent = money.currency.exponent();
    let unit = 10_u64.pow(exponent);
    let (major, minor) = (money.minor.unsigned_abs() / unit, money.minor.unsigned_abs() % unit);
    let mut amount = grouped(&major.to_string(), &form);
    if exponent > 0 {
        amount = format!("{amount}{}{minor:0width$}", form.decimal, width = exponent as usize);
    }
    let minus = if money.minor < 0 { "-" } else { "" };
    let (sign, is_sign) = sign(money.currency.as_str(), locale);
    let gap = if is_sign { form.gap } else { NBSP };
    if form.is_before { format!("{minus}{sign}{gap}{amount}") } else { format!("{minus}{amount}{gap}{sign}") }
}

fn grouped(digits: &str, form: &NumberForm) -> String {
    if digits.len() < form.group_from {
        return digits.to_owned();
    }
    let mut text = String::with_capacity(digits.len() + 8);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push_str(form.group);
        }
        text.push(digit);
    }
    text
}

const EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const ES: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const IT: [&str; 12] = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
];
const NL: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];

/// A moment to its minute (never later than it is), in a zone whose name stands beside it.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone, locale: &Locale) -> String {
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.as_ms()) else { return String::new() };
    let local = instant.to_zoned(zone.clone());
    let (year, month, day) = (local.year(), usize::from(local.month().unsigned_abs()), local.day());
    let name = |names: &[&'static str; 12]| names.get(month.saturating_sub(1)).copied().unwrap_or_default();
    let time = format!("{:02}:{:02}", local.hour(), local.minute());
    let zone = local.strftime("%Z").to_string();
    match (locale.language(), locale.region()) {
        ("en", Some("US")) => format!("{} {day}, {year}, {time} {zone}", name(&EN)),
        ("en", _) => format!("{day} {} {year}, {time} {zone}", name(&EN)),
        ("de", _) => format!("{day}. {} {year}, {time} Uhr ({zone})", name(&DE)),
        ("fr", _) => {
            let day = if day == 1 { "1er".to_owned() } else { day.to_string() };
            format!("{day} {} {year} à {time} ({zone})", name(&FR))
        }
        ("es", _) => format!("{day} de {} de {year}, {time} ({zone})", name(&ES)),
        ("it", _) => format!("{day} {} {year}, {time} ({zone})", name(&IT)),
        ("nl", _) => format!("{day} {} {year}, {time} uur ({zone})", name(&NL)),
        _ => format!("{year:04}-{month:02}-{day:02} {time} {zone}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(tag: &str) -> Locale {
        Locale::parse(tag).unwrap()
    }

    #[test]
    fn amounts_are_written_as_people_there_write_them() {
        for (tag, amount, text) in [
            ("en-GB", "1234.50 EUR", "€1,234.50"),
            ("en", "12.5 USD", "$12.50"),
            ("en-CA", "12.5 USD", "US$12.50"),
            ("en", "1200 JPY", "JPY 1,200"),
            ("en", "12.5 CHF", "CHF 12.50"),
            ("de", "1234567.50 EUR", "1.234.567,50 €"),
            ("de-CH", "1234.50 CHF", "CHF 1’234.50"),
            ("de-AT", "1234.50 EUR", "€ 1 234,50"),
            ("fr", "1234.50 EUR", "1\u{202f}234,50 €"),
            ("es", "1234.50 EUR", "1234,50 €"),
            ("es", "12345 EUR", "12.345,00 €"),
            ("it", "1234.50 EUR", "1.234,50 €"),
            ("nl", "1234.50 EUR", "€ 1.234,50"),
            ("pl", "12.5 EUR", "12.50 EUR"),
            ("de", "1.234 KWD", "1,234 KWD"),
            ("en", "0.05 GBP", "£0.05"),
        ] {
            assert_eq!(
                money(Money::parse(amount).unwrap(), &locale(tag)).replace('\u{a0}', " "),
                text,
                "{tag}"
            );
        }
    }

    #[test]
    fn a_moment_is_never_shown_later_than_it_is() {
        let at = Timestamp::from_ms(1_772_373_599_999);
        for (tag, text) in [
            ("en", "1 March 2026, 13:59 UTC"),
            ("en-US", "March 1, 2026, 13:59 UTC"),
            ("de", "1. März 2026, 13:59 Uhr (UTC)"),
            ("fr", "1er mars 2026 à 13:59 (UTC)"),
            ("es", "1 de marzo de 2026, 13:59 (UTC)"),
            ("it", "1 marzo 2026, 13:59 (UTC)"),
            ("nl", "1 maart 2026, 13:59 uur (UTC)"),
            ("pl", "2026-03-01 13:59 UTC"),
        ] {
            assert_eq!(moment(at, &TimeZone::UTC, &locale(tag)), text);
        }
        let zone = TimeZone::fixed(jiff::tz::offset(-5));
        assert_eq!(moment(at, &zone, &locale("en")), "1 March 2026, 08:59 -05");
    }
}
