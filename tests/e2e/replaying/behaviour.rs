//! A file in Taobao's form that a seed decides: people who look, fill carts, and buy, often at the very instant at which
//! a cart would be left.

use std::fmt::Write;

/// Rows of the file.
pub const ROWS: u64 = 3_000;
const USERS: u64 = 40;
/// Times are multiples of this, so that many things happen exactly 15 or 30 minutes after others.
const STEP_S: u64 = 300;

/// The file's text.
pub fn taobao(seed: u64) -> String {
    let mut state = seed;
    let mut below = |end: u64| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    };
    let mut text = "user_id,item_id,category_id,behavior,ts\n".to_owned();
    let mut ts = 1_511_539_200;
    for _ in 0..ROWS {
        // Most of the time several people do something in the same second; sometimes everybody sleeps.
        ts += match below(100) {
            0..70 => 0,
            70..99 => STEP_S,
            _ => 30 * 3_600,
        };
        let user = 1_001 + below(USERS);
        let item = 1 + below(60);
        let behaviour = match below(20) {
            0..10 => "pv",
            10..17 => "cart",
            17 => "fav",
            _ => "buy",
        };
        let _ = writeln!(text, "{user},{item},{},{behaviour},{ts}", item % 7);
    }
    text
}
