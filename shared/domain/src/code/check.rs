//! The check character: a weighted sum in the field of 32 elements, by shifts and XOR alone.

/// Crockford's base32: no `I`, `L`, `O` and `U`.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// x^5 + x^2 + 1, whose root generates the field.
const POLYNOMIAL: u8 = 37;

/// A number of the field times its generator.
const fn doubled(value: u8) -> u8 {
    let doubled = value << 1;
    if doubled < 32 { doubled } else { doubled ^ POLYNOMIAL }
}

/// The number of the check character of these numbers, each below 32.
pub(super) fn of(values: &[u8]) -> u8 {
    doubled(values.iter().fold(0, |sum, value| doubled(sum) ^ value))
}

/// The character of a number; of what is none, the last.
pub(super) fn character(value: u8) -> char {
    char::from(ALPHABET.get(usize::from(value)).copied().unwrap_or(b'Z'))
}

/// The number of a character, in capitals; what is easily confused counts as the digit that it looks like.
pub(super) fn value(character: u8) -> Option<u8> {
    let character = match character {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|known| *known == character).map(|index| index as u8)
}
