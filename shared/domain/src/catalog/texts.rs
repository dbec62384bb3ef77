//! Many texts in one, so that fifty thousand products are a few large pieces of memory and not half a million small ones.

use serde::{Deserialize, Serialize};

/// Texts by number, one behind the other.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Texts {
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    /// Adds a text and returns its number.
    pub fn push(&mut self, text: &str) -> u32 {
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX)
    }

    /// A text; nothing for a number that there is not.
    pub fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let end = self.ends.get(number).copied();
        let range = start.zip(end).map(|(start, end)| start as usize..end as usize);
        range.and_then(|range| self.text.get(range)).unwrap_or_default()
    }

    /// Gives back what was reserved and is not needed.
    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// Whether every text is where the ends say.
    pub fn is_valid(&self) -> bool {
        let in_order = self.ends.windows(2).all(|pair| pair[0] <= pair[1]);
        let on_characters = self.ends.iter().all(|end| self.text.is_char_boundary(*end as usize));
        in_order && on_characters && self.ends.last().copied().unwrap_or_default() as usize == self.text.len()
    }
}
