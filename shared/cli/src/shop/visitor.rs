//! One visitor of the synthetic shop: a small state machine that says what happens next and when.
//!
//! Arrive → (View → Decide → [Login])* → leave, or Checkout → Pay → leave; after a pause, Arrive again.

use super::attention::Attention;
use super::body::{self, Line, Page};
use super::catalog::{Catalog, Taste};
use super::{Action, ShopProduct, Showing};
use crate::dice::Dice;
use beckon_domain::{DurationMs, Timestamp};
use serde_json::{Value, json};

/// Visits last 2 to 15 minutes: this much browsing, then at most one dwell and a checkout.
const BROWSING_SECS: (u64, u64) = (120, 690);
const DWELL_SECS: (u64, u64) = (5, 120);
const CHECKOUT_SECS: (u64, u64) = (20, 60);
const PAUSE_SECS: (u64, u64) = (10 * 60, 60 * 60);
const CART_LINES_MAX: usize = 8;

/// Where visitors are, so that quiet hours and time zones have something to do.
const PLACES: [(&str, &str); 5] = [
    ("de-DE", "Europe/Berlin"),
    ("en-GB", "Europe/London"),
    ("fr-FR", "Europe/Paris"),
    ("en-US", "America/New_York"),
    ("ja-JP", "Asia/Tokyo"),
];

/// What becomes of a cart: decided when it is opened, so that about 35 % of the carts are bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    BuysNow,
    BuysNextVisit,
    Leaves,
}

#[derive(Debug)]
struct Cart {
    id: String,
    lines: Vec<Line>,
    fate: Fate,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Arrive,
    View,
    Decide { product: usize, since: Timestamp },
    Login,
    Checkout,
    Pay,
}

/// A visitor: who, in which browser, with which cart.
#[derive(Debug)]
pub(super) struct Visitor {
    run: String,
    number: usize,
    dice: Dice,
    taste: Taste,
    place: (&'static str, &'static str),
    adds_percent: u64,
    logs_in: bool,
    personalization: bool,
    marketing_email: bool,
    /// Counts the browsers; with [`Visitor::number`] it makes the anonymous id.
    browser: u32,
    /// Whether this browser is logged in.
    is_logged_in: bool,
    messages: u64,
    carts: u64,
    cart: Option<Cart>,
    /// Whether this visit leaves the cart alone: how a left cart stays left.
    ignores_cart: bool,
    seen: Option<usize>,
    attention: Attention,
    visit_ends: Timestamp,
    phase: Phase,
}

impl Visitor {
    /// A visitor; `run` marks the messages, carts and orders of one seed and start.
    pub fn new(seed: u64, run: &str, number: usize, catalog: &Catalog) -> Self {
        let mut dice = Dice::new(seed, number as u64);
        let favourite = dice.between(0, catalog.category_count().saturating_sub(1) as u64);
        let taste = Taste {
            favourite_category: usize::try_from(favourite).unwrap_or(0),
            accessory_percent: dice.between(10, 50),
        };
        Self {
            run: run.to_owned(),
            number,
            taste,
            place: dice.pick(&PLACES).copied().unwrap_or(PLACES[0]),
            adds_percent: dice.between(8, 30),
            logs_in: dice.percent(60),
            personalization: dice.percent(95),
            marketing_email: dice.percent(75),
            dice,
            browser: 1,
            is_logged_in: false,
            messages: 0,
            carts: 0,
            cart: None,
            ignores_cart: false,
            seen: None,
            attention: Attention::default(),
            visit_ends: Timestamp::EPOCH,
            phase: Phase::Arrive,
        }
    }

    /// Does what is due at `now` and says when the next thing happens.
    pub fn step(&mut self, now: Timestamp, catalog: &Catalog, out: &mut Vec<Action>) -> Timestamp {
        match self.phase {
            Phase::Arrive => self.arrive(now, out),
            Phase::View => self.view(now, catalog, out),
            Phase::Decide { product, since } => self.decide(now, catalog, (product, since), out),
            Phase::Login => self.login(now, out),
            Phase::Checkout => self.checkout(now, out),
            Phase::Pay => self.pay(now, out),
        }
    }

    /// The page has its answer.
    pub fn shown(&mut self, showing: Vec<Showing>) {
        self.attention.shown(showing);
    }

    fn arrive(&mut self, now: Timestamp, out: &mut Vec<Action>) -> Timestamp {
        let browser = self.browser;
        if self.visit_ends != Timestamp::EPOCH {
            self.come_back();
        }
        self.attention.begin(browser != self.browser);
        self.seen = None;
        self.visit_ends = now + self.secs(BROWSING_SECS);
        let page = body::page_event(Page::Home);
        out.push(body::batch(now, vec![self.event(now, Page::Home, page)]));
        out.push(body::decisions(now, &self.anonymous_id(), Page::Home));
        self.phase = Phase::View;
        now + self.secs((3, 20))
    }

    /// Chooses what a return is: the same browser, or a new one that knows nothing (and has no cart).
    fn come_back(&mut self) {
        self.ignores_cart = false;
        let new_browser_percent = match self.cart.as_mut() {
            Some(cart) if cart.fate == Fate::BuysNextVisit => {
                cart.fate = Fate::BuysNow;
                0
            }
            Some(_) => {
                self.ignores_cart = self.dice.percent(50);
                35
            }
            None => 30,
        };
        if self.dice.percent(new_browser_percent) {
            self.browser += 1;
            self.is_logged_in = false;
            self.cart = None;
            self.ignores_cart = false;
        }
    }

    fn view(&mut self, now: Timestamp, catalog: &Catalog, out: &mut Vec<Action>) -> Timestamp {
        // On the page that is left; of a product page everything else was told in `decide`.
        let mut events = Vec::new();
        if self.seen.is_none() {
            events.extend(self.look(now, Page::Home));
        }
        let next = match self.attention.follow(&mut self.dice) {
            Some((product, click)) => {
                let page = self.seen.and_then(|seen| catalog.product(seen)).map_or(Page::Home, Page::Product);
                events.push(self.event(now, page, click));
                catalog.index(&product)
            }
            None => catalog.next(&mut self.dice, &self.taste, self.seen),
        };
        let Some((index, product)) = next.and_then(|index| Some((index, catalog.product(index)?))) else {
            return self.leave(now);
        };
        let page = Page::Product(product);
        events.push(self.event(now, page, body::page_event(page)));
        events.push(self.event(now, page, body::viewed(product)));
        out.push(body::batch(now, events));
        out.push(body::decisions(now, &self.anonymous_id(), page));
        self.seen = Some(index);
        self.phase = Phase::Decide { product: index, since: now };
        now + self.secs(DWELL_SECS)
    }

    fn decide(
        &mut self,
        now: Timestamp,
        catalog: &Catalog,
        (index, since): (usize, Timestamp),
        out: &mut Vec<Action>,
    ) -> Timestamp {
        let Some(product) = catalog.product(index) else { return self.leave(now) };
        let page = Page::Product(product);
        let mut events = vec![self.event(now, page, body::dwelled(product, now.since(since)))];
        events.extend(self.look(now, page));
        let adds = !self.ignores_cart && self.dice.percent(self.adds_percent);
        if adds {
            let change = self.add(product);
            events.extend(change.map(|change| self.event(now, page, change)));
        } else if !self.ignores_cart && self.dice.percent(10) {
            let change = self.remove();
            events.extend(change.map(|change| self.event(now, page, change)));
        }
        out.push(body::batch(now, events));
        if adds && self.logs_in && !self.is_logged_in {
            self.phase = Phase::Login;
            return now + self.secs((3, 20));
        }
        self.go_on(now)
    }

    /// Looks at the slots of a page. Whoever is won over buys what is in the cart.
    fn look(&mut self, now: Timestamp, page: Page<'_>) -> Vec<Value> {
        let told = self.attention.look(&mut self.dice);
        if let Some(cart) = self.cart.as_mut().filter(|_| self.attention.is_won_over()) {
            cart.fate = Fate::BuysNow;
            self.ignores_cart = false;
        }
        told.into_iter().map(|event| self.event(now, page, event)).collect()
    }

    /// Another product, the till, or the door.
    fn go_on(&mut self, now: Timestamp) -> Timestamp {
        if now < self.visit_ends {
            self.phase = Phase::View;
            return now + self.secs((1, 4));
        }
        match &self.cart {
            Some(cart) if cart.fate == Fate::BuysNow => {
                self.phase = Phase::Checkout;
                now + self.secs((2, 8))
            }
            _ => self.leave(now),
        }
    }

    /// Puts the product into the cart, opening one if needed. Nothing when the cart is full.
    fn add(&mut self, product: &ShopProduct) -> Option<Value> {
        if self.cart.is_none() {
            self.carts += 1;
            let fate = match self.dice.between(0, 99) {
                _ if self.attention.is_won_over() => Fate::BuysNow,
                0..27 => Fate::BuysNow,
                27..36 => Fate::BuysNextVisit,
                _ => Fate::Leaves,
            };
            let id = format!("cart-{}-{}-{}", self.run, self.number, self.carts);
            self.cart = Some(Cart { id, lines: Vec::new(), fate });
        }
        let cart = self.cart.as_mut()?;
        let quantity = if self.dice.percent(15) { 2 } else { 1 };
        let is_full = cart.lines.len() >= CART_LINES_MAX;
        match cart.lines.iter_mut().find(|line| line.product.id == product.id) {
            Some(line) => line.quantity = line.quantity.saturating_add(quantity),
            None if is_full => return None,
            None => cart.lines.push(Line { product: product.clone(), quantity }),
        }
        let mut change = body::cart_change("Product Added", &cart.id, product, quantity);
        self.attention.name_decision(&mut change, std::iter::once(product.id.as_str()));
        Some(change)
    }

    /// Takes the oldest line out again. An empty cart is no cart; who is going to buy keeps one line.
    fn remove(&mut self) -> Option<Value> {
        let cart = self.cart.as_mut()?;
        let lines_min = if cart.fate == Fate::Leaves { 1 } else { 2 };
        let line = (cart.lines.len() >= lines_min).then(|| cart.lines.remove(0))?;
        let change = body::cart_change("Product Removed", &cart.id, &line.product, line.quantity);
        if cart.lines.is_empty() {
            self.cart = None;
        }
        Some(change)
    }

    /// The shop's server tells whose browser this is, and what the person agreed to.
    fn login(&mut self, now: Timestamp, out: &mut Vec<Action>) -> Timestamp {
        self.is_logged_in = true;
        let message = self.message_id();
        let identify = json!({
            "messageId": message,
            "anonymousId": self.anonymous_id(),
            "userId": self.user_id(),
            "timestamp": body::rfc3339(now),
            "sentAt": body::rfc3339(now),
            "traits": {"email": format!("{}@example.com", self.user_id())},
            "context": {"locale": self.place.0, "timezone": self.place.1, "consent": self.consent()},
        });
        out.push(Action { at: now, secret: true, path: "/v1/identify", body: identify });
        self.go_on(now)
    }

    fn checkout(&mut self, now: Timestamp, out: &mut Vec<Action>) -> Timestamp {
        let page = body::page_event(Page::Cart);
        out.push(body::batch(now, vec![self.event(now, Page::Cart, page)]));
        out.push(body::decisions(now, &self.anonymous_id(), Page::Cart));
        self.phase = Phase::Pay;
        now + self.secs(CHECKOUT_SECS)
    }

    fn pay(&mut self, now: Timestamp, out: &mut Vec<Action>) -> Timestamp {
        let seen = self.look(now, Page::Cart);
        if !seen.is_empty() {
            out.push(body::batch(now, seen));
        }
        if let Some(cart) = self.cart.take() {
            let order = format!("order-{}-{}-{}", self.run, self.number, self.carts);
            let mut ordered = body::ordered(&order, &cart.id, &cart.lines);
            self.attention.name_decision_of_lines(&mut ordered, &cart.lines);
            out.push(body::batch(now, vec![self.event(now, Page::Cart, ordered)]));
        }
        self.leave(now)
    }

    fn leave(&mut self, now: Timestamp) -> Timestamp {
        self.phase = Phase::Arrive;
        now + self.secs(PAUSE_SECS)
    }

    fn secs(&mut self, (low, high): (u64, u64)) -> DurationMs {
        // Whole seconds would make every visitor tick on the same beat.
        DurationMs::from_ms(self.dice.between(low * 1_000, high * 1_000))
    }

    fn anonymous_id(&self) -> String {
        format!("visitor-{}-{}", self.number, self.browser)
    }

    fn user_id(&self) -> String {
        format!("shopper-{}", self.number)
    }

    fn message_id(&mut self) -> String {
        self.messages += 1;
        format!("shop-{}-{}-{}", self.run, self.number, self.messages)
    }

    /// `marketing_email` only once the person is known: a browser's "no" after the login would be the newer
    /// choice and undo what was agreed to.
    fn consent(&self) -> Value {
        let mut consent = json!({"analytics": true, "personalization": self.personalization});
        if self.is_logged_in {
            consent["marketing_email"] = json!(self.marketing_email);
        }
        consent
    }

    /// Completes an event of this browser: ids, time and context.
    fn event(&mut self, now: Timestamp, page: Page<'_>, mut event: Value) -> Value {
        event["messageId"] = json!(self.message_id());
        event["anonymousId"] = json!(self.anonymous_id());
        if self.is_logged_in {
            event["userId"] = json!(self.user_id());
        }
        event["timestamp"] = json!(body::rfc3339(now));
        event["context"] = json!({
            "page": page.context(),
            "locale": self.place.0,
            "timezone": self.place.1,
            "consent": self.consent(),
        });
        event
    }
}
