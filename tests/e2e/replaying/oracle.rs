//! What should become of every cart of a Taobao file, from the definition alone and without anything of Beckon's.
//!
//! A cart is left at delay D when it is not empty and D has passed since its last change. `cart` adds, `buy` empties the
//! whole cart, the rest changes nothing; a change restarts the clock and the episode goes on. What happens at the very
//! instant comes first. `tests/peers/oracle.py` says the same of real files.

use serde_json::{Value, json};
use std::collections::BTreeMap;

const SESSION_GAP_MS: i64 = 30 * 60_000;

struct Cart {
    row: u64,
    start: i64,
    changed: i64,
    timer: u32,
    lines: Vec<(String, u32)>,
}

#[derive(Default)]
struct User {
    events: u64,
    sessions: u64,
    session: [i64; 3],
    carts: u64,
    orders: u64,
    cart: Option<Cart>,
}

fn contents(cart: &Cart) -> Vec<Value> {
    cart.lines.iter().map(|(product, quantity)| json!([product, quantity])).collect()
}

fn left(user: &str, cart: &Cart, delay_ms: i64) -> String {
    json!({
        "type": "due", "user": user, "row": cart.row, "start": cart.start, "changed": cart.changed,
        "due": cart.changed + delay_ms, "timer": cart.timer, "cart": contents(cart),
    })
    .to_string()
}

fn add(user: &mut User, row: u64, product: &str, now: i64) {
    let is_new = user.cart.is_none();
    user.carts += u64::from(is_new);
    let cart =
        user.cart.get_or_insert_with(|| Cart { row, start: now, changed: now, timer: 1, lines: Vec::new() });
    if now > cart.changed {
        cart.changed = now;
        cart.timer += 1;
    }
    match cart.lines.iter_mut().find(|(kept, _)| kept == product) {
        Some((_, quantity)) => *quantity += 1,
        None => cart.lines.push((product.to_owned(), 1)),
    }
    if cart.lines.len() > 50 {
        cart.lines.remove(0);
    }
}

/// Every line that `beckon replay --episodes` must write, in its order.
pub fn lines(file: &str, delay_ms: i64) -> Vec<String> {
    let mut users: BTreeMap<String, User> = BTreeMap::new();
    let mut lines = Vec::new();
    for (row, line) in (1..).zip(file.lines().skip(1)) {
        let fields: Vec<&str> = line.split(',').collect();
        let [name, product, _category, behaviour, ts] = fields[..] else { panic!("row {row}: {line}") };
        let now = ts.parse::<i64>().unwrap() * 1_000;
        let user = users.entry(name.to_owned()).or_default();
        if user.events == 0 || now - user.session[1] > SESSION_GAP_MS {
            user.sessions += 1;
            user.session = [now, now, 0];
        }
        user.events += 1;
        user.session = [user.session[0], now, user.session[2] + 1];
        if !["cart", "buy"].contains(&behaviour) {
            continue;
        }
        if let Some(cart) = user.cart.as_ref().filter(|cart| now > cart.changed + delay_ms) {
            lines.push(left(name, cart, delay_ms));
        }
        if behaviour == "buy" {
            user.orders += 1;
            user.cart = None;
        } else {
            add(user, row, product, now);
        }
    }
    for (name, user) in &users {
        lines.extend(user.cart.as_ref().map(|cart| left(name, cart, delay_ms)));
        let profile = json!({
            "type": "user", "user": name, "events": user.events, "sessions": user.sessions,
            "last_session": user.session, "carts": user.carts, "orders": user.orders,
            "cart": user.cart.as_ref().map(contents).unwrap_or_default(),
        });
        lines.push(profile.to_string());
    }
    lines.sort_unstable();
    lines
}
