//! Prices as feeds write them: `15.00 EUR`.

use beckon_domain::{Currency, Money};

/// Reads `15.00 EUR`, without a detour over a float.
///
/// # Errors
/// What was expected, in one line.
pub fn parse_price(text: &str) -> Result<Money, String> {
    let text = text.trim();
    let amount_ends = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (amount, currency) = text.split_at(amount_ends);
    let currency = currency.trim();
    let expected = |why: &str| {
        let found: String = text.chars().take(40).collect();
        format!("{why}; expected an amount and its currency such as 15.00 EUR, found `{found}`")
    };
    if amount.is_empty() {
        return Err(expected("it does not begin with a number"));
    }
    if currency.is_empty() {
        return Err(expected("it names no currency"));
    }
    if currency.starts_with(',') {
        return Err(expected("it has a comma"));
    }
    let currency = Currency::new(currency).map_err(|_| expected("it names no currency of three letters"))?;
    minor_units(amount, currency).map(|minor| Money { minor, currency }).map_err(|why| expected(&why))
}

/// Digits with at most one point, as minor units.
fn minor_units(amount: &str, currency: Currency) -> Result<i64, String> {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    let exponent = currency.exponent() as usize;
    let kept = decimals.trim_end_matches('0');
    if kept.contains('.') || whole.is_empty() {
        return Err("its amount is no number".to_owned());
    }
    if kept.len() > exponent {
        return Err(format!("{currency} has {exponent} decimals"));
    }
    let too_large = || "it is above 1,000,000,000".to_owned();
    let whole: i64 = whole.parse().map_err(|_| too_large())?;
    if whole > 1_000_000_000 {
        return Err(too_large());
    }
    let minor: i64 = format!("{kept:0<exponent$}").parse().unwrap_or(0);
    Ok(whole * 10_i64.pow(currency.exponent()) + minor)
}
