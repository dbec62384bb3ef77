//! A line in exactly the form in which [`super::Line`] is written: its fields in their order, no space between them, no
//! escape in any text. Such a line, and nearly every line is one, is read in one pass from its beginning to its end,
//! without looking any key up. What has another form, valid or not, is left to serde, which also says what is wrong with
//! it: so all that matters here is never to read a line otherwise than serde does.

use super::borrowed::{CampaignRef, ContextRef, Extra, LineRef, ProductRef, PropertiesRef, Text};
use super::{ConsentLine, LineType, VERSION};
use beckon_domain::SmolStr;
use beckon_domain::event::TraitValue;

/// Reads a line into an empty one; `None` when it has another form, and then there is something of it there.
pub(super) fn read<'a>(text: &'a str, line: &mut LineRef<'a>) -> Option<()> {
    let mut rest = Rest { text, is_first: true };
    rest.open()?;
    let is_ours = rest.integer_of("\"v\":")? == i64::from(VERSION);
    line.v = is_ours.then_some(VERSION)?;
    line.key = rest.text_of("\"key\":")?;
    line.id = rest.text_of("\"id\":")?;
    line.source = rest.text_of("\"source\":")?;
    line.kind = kind(&rest.text_of("\"type\":")?)?;
    line.event = rest.optional("\"event\":", Rest::text)?;
    line.occurred_at = rest.integer_of("\"occurred_at\":")?;
    line.received_at = rest.integer_of("\"received_at\":")?;
    if rest.field("\"properties\":") {
        rest.properties(&mut line.properties)?;
    }
    if rest.field("\"context\":") {
        rest.context(&mut line.context)?;
    }
    if rest.field("\"consent\":") {
        line.consent = rest.consent()?;
    }
    line.claim = rest.optional("\"claim\":", Rest::text)?;
    line.link = rest.optional("\"link\":", Rest::text)?;
    line.internal = rest.optional("\"internal\":", Rest::boolean)?.unwrap_or_default();
    rest.close()?;
    rest.text.is_empty().then_some(())
}

/// Lines that Beckon itself puts are rare.
fn kind(text: &str) -> Option<LineType> {
    Some(match text {
        "track" => LineType::Track,
        "page" => LineType::Page,
        "screen" => LineType::Screen,
        "identify" => LineType::Identify,
        "group" => LineType::Group,
        _ => return None,
    })
}

/// What is still to be read.
struct Rest<'a> {
    text: &'a str,
    /// Whether the next field is its object's first, which no comma precedes.
    is_first: bool,
}

impl<'a> Rest<'a> {
    #[inline]
    fn passes(&mut self, expected: &str) -> bool {
        let rest = self.text.strip_prefix(expected);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    #[inline]
    fn open(&mut self) -> Option<()> {
        self.is_first = true;
        self.passes("{").then_some(())
    }

    #[inline]
    fn close(&mut self) -> Option<()> {
        self.is_first = false;
        self.passes("}").then_some(())
    }

    /// Whether the field comes next: its name in quotes, and a colon.
    #[inline]
    fn field(&mut self, name: &str) -> bool {
        let text = if self.is_first { Some(self.text) } else { self.text.strip_prefix(',') };
        let value = text.and_then(|text| text.strip_prefix(name));
        self.text = value.unwrap_or(self.text);
        self.is_first &= value.is_none();
        value.is_some()
    }

    /// A field that may be missing. `None` when its value has another form.
    #[inline]
    fn optional<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.field(name) { read(self).map(Some) } else { Some(None) }
    }

    #[inline]
    fn text_of(&mut self, name: &str) -> Option<Text<'a>> {
        if self.field(name) { self.text() } else { None }
    }

    #[inline]
    fn integer_of(&mut self, name: &str) -> Option<i64> {
        if self.field(name) { self.integer() } else { None }
    }

    /// A text without escapes.
    #[inline]
    fn text(&mut self) -> Option<Text<'a>> {
        let inner = self.text.strip_prefix('"')?;
        let (text, rest) = inner.split_at_checked(plain_length(inner.as_bytes()))?;
        self.text = rest.strip_prefix('"')?;
        Some(Text::borrowed(text))
    }

    /// A whole number of at most 18 digits. If more follow, or a fraction, then what comes next is no field.
    #[inline]
    fn integer(&mut self) -> Option<i64> {
        let is_negative = self.passes("-");
        let (mut value, mut length) = (0, 0);
        for byte in self.text.bytes().take_while(u8::is_ascii_digit).take(18) {
            (value, length) = (value * 10 + i64::from(byte - b'0'), length + 1);
        }
        let has_zeros_before = length > 1 && self.text.starts_with('0');
        self.text = self.text.get(length..).filter(|_| length > 0 && !has_zeros_before)?;
        match (is_negative, value) {
            (false, value) => Some(value),
            // To serde it is no whole number.
            (true, 0) => None,
            (true, value) => Some(-value),
        }
    }

    fn boolean(&mut self) -> Option<bool> {
        let value = self.passes("true");
        (value || self.passes("false")).then_some(value)
    }

    fn properties(&mut self, into: &mut PropertiesRef<'a>) -> Option<()> {
        self.open()?;
        into.product = self.optional("\"product\":", Self::product)?;
        into.products = self.optional("\"products\":", Self::products)?;
        into.currency = self.optional("\"currency\":", Self::text)?;
        into.cart_id = self.optional("\"cart_id\":", Self::text)?;
        into.cart_url = self.optional("\"cart_url\":", Self::text)?;
        into.order_id = self.optional("\"order_id\":", Self::text)?;
        into.total_minor = self.optional("\"total_minor\":", Self::integer)?;
        let engaged_ms = self.optional("\"engaged_ms\":", Self::integer)?;
        into.engaged_ms = engaged_ms.map(u64::try_from).transpose().ok()?;
        into.extra = self.optional("\"extra\":", Self::extra)?.unwrap_or_default();
        self.close()
    }

    fn product(&mut self) -> Option<ProductRef<'a>> {
        self.open()?;
        let product = ProductRef {
            id: self.text_of("\"id\":")?,
            category: self.optional("\"category\":", Self::text)?,
            name: self.optional("\"name\":", Self::text)?,
            brand: self.optional("\"brand\":", Self::text)?,
            price_minor: self.optional("\"price_minor\":", Self::integer)?,
            quantity: u32::try_from(self.integer_of("\"quantity\":")?).ok()?,
        };
        self.close()?;
        Some(product)
    }

    fn products(&mut self) -> Option<Vec<ProductRef<'a>>> {
        let mut products = Vec::new();
        self.passes("[").then_some(())?;
        loop {
            products.push(self.product()?);
            if self.passes("]") {
                return Some(products);
            }
            self.passes(",").then_some(())?;
        }
    }

    fn context(&mut self, into: &mut ContextRef<'a>) -> Option<()> {
        self.open()?;
        into.timezone = self.optional("\"timezone\":", Self::text)?;
        into.locale = self.optional("\"locale\":", Self::text)?;
        into.device = self.optional("\"device\":", Self::text)?;
        into.page_url = self.optional("\"page_url\":", Self::text)?;
        into.referrer = self.optional("\"referrer\":", Self::text)?;
        into.campaign = self.optional("\"campaign\":", Self::campaign)?.unwrap_or_default();
        self.close()
    }

    /// A campaign's fields, in the order of their names.
    fn campaign(&mut self) -> Option<CampaignRef<'a>> {
        self.open()?;
        self.optional("\"content\":", Self::text)?;
        let medium = self.optional("\"medium\":", Self::text)?;
        let name = self.optional("\"name\":", Self::text)?;
        let source = self.optional("\"source\":", Self::text)?;
        self.optional("\"term\":", Self::text)?;
        self.close()?;
        Some(CampaignRef { name, source, medium })
    }

    fn consent(&mut self) -> Option<ConsentLine> {
        self.open()?;
        let consent = ConsentLine {
            analytics: self.optional("\"analytics\":", Self::boolean)?,
            personalization: self.optional("\"personalization\":", Self::boolean)?,
            marketing_email: self.optional("\"marketing_email\":", Self::boolean)?,
        };
        self.close()?;
        Some(consent)
    }

    /// A number of at most 15 digits and without an exponent: both its digits and the power of ten are numbers that an
    /// `f64` holds exactly, so that there is one way to round what comes of them.
    fn number(&mut self) -> Option<f64> {
        let is_negative = self.passes("-");
        let (whole, whole_count) = self.digits()?;
        let has_zeros_before = whole_count > 1 && whole < 10_u64.pow(whole_count - 1);
        let (mut digits, mut power) = (whole, 1);
        if self.passes(".") {
            let (fraction, fraction_count) = self.digits()?;
            power = 10_u64.checked_pow(fraction_count).filter(|_| whole_count + fraction_count <= 15)?;
            digits = whole * power + fraction;
        }
        let value = digits as f64 / power as f64;
        (!has_zeros_before).then_some(if is_negative { -value } else { value })
    }

    /// Some digits, 15 at most, and how many there are.
    fn digits(&mut self) -> Option<(u64, u32)> {
        let (mut value, mut count) = (0_u64, 0_u32);
        for byte in self.text.bytes().take_while(u8::is_ascii_digit).take(16) {
            (value, count) = (value * 10 + u64::from(byte - b'0'), count + 1);
        }
        self.text = self.text.get(count as usize..).filter(|_| (1..=15).contains(&count))?;
        Some((value, count))
    }

    /// A flat object of scalars, in the order of their names.
    fn extra(&mut self) -> Option<Extra> {
        let mut extra = Extra::new();
        self.passes("{").then_some(())?;
        loop {
            let name = self.text()?;
            let rises = extra.last().is_none_or(|(last, _)| **last < *name);
            (rises && self.passes(":")).then_some(())?;
            let value = match self.text.as_bytes().first()? {
                b'"' => TraitValue::Text(self.text()?.to_owned()),
                b't' | b'f' => TraitValue::Bool(self.boolean()?),
                _ => TraitValue::Number(self.number()?),
            };
            extra.push((SmolStr::new(&*name), value));
            if self.passes("}") {
                return Some(extra);
            }
            self.passes(",").then_some(())?;
        }
    }
}

/// Bytes before the first one that ends a text or is not itself in it: a quote, a backslash, a control character. Eight
/// at a time: a byte's highest bit is set where it is one of them, and possibly in bytes after that one.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = EACH << 7;
    let is_less = |word: u64, than: u8| word.wrapping_sub(EACH * u64::from(than)) & !word & HIGHEST;
    let is = |word: u64, byte: u8| is_less(word ^ (EACH * u64::from(byte)), 1);
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = is(word, b'"') | is(word, b'\\') | is_less(word, b' ');
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| !matches!(**byte, b'"' | b'\\' | ..b' ');
    words.len() * 8 + tail.iter().take_while(is_plain).count()
}

#[cfg(test)]
mod tests;
