//! Steps of carts: left, young, bought; one mail, and a wish to be left alone.

use super::mail::{Mail, unsubscribe_path};
use super::until::{Seen, until};
use super::world::World;
use crate::error::CliError;
use crate::smoke::Steps;
use crate::smoke::events::{TENT, event, login};
use beckon_domain::{DurationMs, EpisodeId};
use beckon_store::tables::ReminderStatus;
use serde_json::{Value, json};

const fn minutes(count: u64) -> DurationMs {
    DurationMs::from_minutes(count)
}

/// A cart of the visitor, and the episode it begins once the visitor is a customer.
struct Cart {
    id: &'static str,
    product: &'static str,
    /// The order that ends the cart before it.
    after: Option<&'static str>,
    /// How many minutes before the run began.
    minutes: u64,
}

const FIRST: Cart = Cart { id: "cart-1", product: TENT, after: None, minutes: 20 };
const SECOND: Cart = Cart { id: "cart-2", product: "bag-summer", after: Some("order-1"), minutes: 18 };
const THIRD: Cart = Cart { id: "cart-3", product: "stove-gas", after: Some("order-2"), minutes: 16 };

impl Cart {
    /// Fills the cart; a purchase a minute before ends the episode of the one before it.
    async fn fill(&self, world: &World) -> Result<EpisodeId, CliError> {
        let visitor = world.id("visitor");
        let mut events = Vec::new();
        if let Some(order) = self.after {
            events.push(world.before(bought(&visitor), order, minutes(self.minutes + 1)));
        }
        events.push(world.before(
            event(&visitor, "Product Added", self.product),
            self.id,
            minutes(self.minutes),
        ));
        world.events(&world.publishable, &events).await?;
        // The visitor is linked: the event is forwarded, and the episode is the customer's.
        world.episode(&world.id("customer"), &world.publishable, self.id)
    }
}

/// The episode of the cart that is mailed first.
pub(super) fn first_episode(world: &World) -> Result<EpisodeId, CliError> {
    world.episode(&world.id("customer"), &world.publishable, FIRST.id)
}

fn bought(anonymous: &str) -> Value {
    json!({
        "type": "track", "event": "Order Completed", "anonymousId": anonymous,
        "properties": { "order_id": "smoke", "total": 249.0, "currency": "EUR", "products": [{ "product_id": TENT }] },
    })
}

/// The same event, told by the shop's server of a customer.
fn of_customer(mut event: Value, user: &str) -> Value {
    if let Some(fields) = event.as_object_mut() {
        fields.remove("anonymousId");
    }
    event["userId"] = json!(user);
    event
}

/// Lets the mailer run until an episode's reminder has ended. The schedule may have been faster.
async fn mailed_until_ended(
    world: &World,
    episode: EpisodeId,
) -> Result<Seen<Option<ReminderStatus>>, CliError> {
    let look = async || {
        world.mailer().await?;
        world.reminder(episode).await
    };
    until(look, |row| matches!(row, Some(status) if has_ended(status))).await
}

const fn has_ended(status: &ReminderStatus) -> bool {
    !matches!(status, ReminderStatus::Claimed { .. } | ReminderStatus::Sending { .. })
}

fn status(row: Option<&ReminderStatus>) -> String {
    match row {
        None => "no reminder".to_owned(),
        Some(
            ReminderStatus::Suppressed { reason }
            | ReminderStatus::Failed { reason }
            | ReminderStatus::Unknown { reason },
        ) => format!("{} {reason}", row.map_or("", ReminderStatus::name)),
        Some(row) => row.name().to_owned(),
    }
}

const fn is_sent(row: Option<&ReminderStatus>) -> bool {
    matches!(row, Some(ReminderStatus::Sent { .. }))
}

/// On AWS, why a reminder is most probably not sent; beside what the ledger says.
fn why_not_sent(is_emulated: bool, row: Option<&ReminderStatus>) -> &'static str {
    if is_emulated || is_sent(row) { "" } else { "; the sender must be verified in SES first" }
}

/// How many mails there are, for people; where nothing can be read back the ledger has to do.
fn count(mails: Option<&Vec<Mail>>) -> String {
    mails.map_or_else(|| "by the ledger".to_owned(), |mails| format!("{} mails", mails.len()))
}

fn has_count(mails: Option<&Vec<Mail>>, expected: usize) -> bool {
    mails.is_none_or(|mails| mails.len() == expected)
}

/// A cart that was left, one that is younger, and one that was bought.
pub(super) async fn leave(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    let (young, young_is_stored) = customer_with_cart(world, "young", minutes(5), false).await?;
    let (buyer, buyer_is_stored) = customer_with_cart(world, "buyer", minutes(16), true).await?;
    let address = world.address("customer");

    let episode = FIRST.fill(world).await?;
    let seen = mailed_until_ended(world, episode).await?;
    let mails = world.inbox.mails_to(&address).await?;
    let is_complete = |mail: &Mail| mail.text.contains("BACK-") && unsubscribe_path(&mail.text).is_some();
    let reads_well = mails.as_ref().is_none_or(|mails| mails.iter().all(is_complete));
    let held = is_sent(seen.value.as_ref()) && has_count(mails.as_ref(), 1) && reads_well;
    let subject = mails.as_ref().and_then(|m| m.first()).map_or("", |m| m.subject.as_str());
    let row = seen.value.as_ref();
    let seen_text = format!("{}, {}, {} {subject}", status(row), seen.after(), count(mails.as_ref()));
    let seen_text = format!("{seen_text}{}", why_not_sent(world.is_emulated(), row));
    steps.step("a cart left 20 minutes ago: one personal mail with a code", held, seen_text);

    until(async || world.mailer().await, |took_place| *took_place).await?;
    let mails = world.inbox.mails_to(&address).await?;
    let row = world.reminder(episode).await?;
    let held = has_count(mails.as_ref(), 1) && is_sent(row.as_ref());
    steps.step(
        "a second run sends nothing more",
        held,
        format!("{}, {}", status(row.as_ref()), count(mails.as_ref())),
    );

    let others = [
        ("a cart left 5 minutes ago is not mailed", "young", young, young_is_stored),
        ("a cart that was bought is not mailed", "buyer", buyer, buyer_is_stored),
    ];
    for (name, person, episode, is_stored) in others {
        let row = world.reminder(episode).await?;
        let mails = world.inbox.mails_to(&world.address(person)).await?;
        let held = is_stored && row.is_none() && has_count(mails.as_ref(), 0);
        let stored = if is_stored { "stored" } else { "not stored" };
        steps.step(name, held, format!("{stored}, {}, {}", status(row.as_ref()), count(mails.as_ref())));
    }
    Ok(())
}

/// A customer who put something into the cart, and perhaps bought it. Returns whether the profile knows of it already:
/// that no mail goes out says nothing before.
async fn customer_with_cart(
    world: &World,
    name: &'static str,
    at: DurationMs,
    buys: bool,
) -> Result<(EpisodeId, bool), CliError> {
    let user = world.id(name);
    let mut events = vec![
        world.before(
            of_customer(login("", &user, &world.address(name)), &user),
            &format!("{name}-login"),
            at,
        ),
        world.before(of_customer(event("", "Product Added", TENT), &user), &format!("{name}-cart"), at),
    ];
    if buys {
        events.push(world.before(of_customer(bought(""), &user), &format!("{name}-order"), minutes(1)));
    }
    let view = of_customer(event("", "Product Viewed", TENT), &user);
    events.push(world.ago(view, &format!("{name}-view"), DurationMs::ZERO));
    world.events(&world.secret, &events).await?;
    // Events of one profile are applied in order: when the last of them shows, the cart is stored.
    let who = json!({ "userId": user });
    let seen = until(
        async || world.ask(&world.secret, &who, Some(TENT), "pdp.related").await,
        |answer| answer["decisions"][0]["reason"]["ruleId"] == "tent-accessories",
    )
    .await?;
    Ok((world.episode(&user, &world.secret, &format!("{name}-cart"))?, seen.held))
}

/// The unsubscribe link: looked at, then used.
pub(super) async fn unsubscribe(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    let address = world.address("customer");
    let mails = world.inbox.mails_to(&address).await?;
    let path = match &mails {
        Some(mails) => mails.last().and_then(|mail| unsubscribe_path(&mail.text)),
        // SES shows nobody its mail; the link follows from the address.
        None => {
            let pepper = &world.secrets.pepper;
            Some(format!("/u/{}", pepper.unsubscribe_token(&pepper.contact(&address))))
        }
    };
    let Some(path) = path else {
        steps.step("looking at the unsubscribe page changes nothing", false, "no mail, no link");
        return Ok(());
    };
    let shown = world.page(&path, None).await?;
    let seen = mailed_until_ended(world, SECOND.fill(world).await?).await?;
    let mails = world.inbox.mails_to(&address).await?;
    let held = shown == 200 && is_sent(seen.value.as_ref()) && has_count(mails.as_ref(), 2);
    let seen_text = format!("{shown}, {}, {}", status(seen.value.as_ref()), count(mails.as_ref()));
    steps.step("looking at the unsubscribe page changes nothing", held, seen_text);

    let done = world.page(&path, Some("List-Unsubscribe=One-Click")).await?;
    let seen = mailed_until_ended(world, THIRD.fill(world).await?).await?;
    let mails = world.inbox.mails_to(&address).await?;
    let is_suppressed =
        matches!(&seen.value, Some(ReminderStatus::Suppressed { reason }) if reason == "SUPPRESSED");
    let held = done == 200 && is_suppressed && has_count(mails.as_ref(), 2);
    let seen_text = format!("{done}, {}, {}", status(seen.value.as_ref()), count(mails.as_ref()));
    steps.step("one click unsubscribes: the next cart is not mailed", held, seen_text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_was_not_sent_on_aws_is_told_with_the_ledger_and_the_sender() {
        let failed = ReminderStatus::Failed { reason: "MessageRejected".to_owned() };
        assert_eq!(status(Some(&failed)), "FAILED MessageRejected");
        assert!(why_not_sent(false, Some(&failed)).contains("verified in SES"));
        assert!(why_not_sent(false, None).contains("verified in SES"));
        assert_eq!(why_not_sent(true, Some(&failed)), "", "an emulator verifies nobody");
    }
}
