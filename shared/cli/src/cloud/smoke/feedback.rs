//! Steps of what SES tells: a delivery and a bounce of the mail that was sent, told to mail feedback as EventBridge does.

use super::carts::first_episode;
use super::world::World;
use crate::error::CliError;
use crate::ses_events::{Happened, SesMail};
use crate::smoke::Steps;
use beckon_store::tables::{ReminderId, SuppressionReason, SuppressionStore};

/// A bounce counts once and is stronger than a wish; the mail stays sent.
pub(super) async fn bounce(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    let (address, episode) = (world.address("customer"), first_episode(world)?);
    let id = ReminderId { episode, step: 1 };
    let tags = [("episode".to_owned(), episode.to_string()), ("step".to_owned(), id.step.to_string())];
    let message_id = format!("smoke-{}", world.run);
    let now = world.clock.now();
    let mail = SesMail { message_id: &message_id, to: &address, sent_at: now, tags: &tags };
    world.tell(&mail.event(Happened::Delivered, now)).await?;
    let first = world.tell(&mail.event(Happened::HardBounced, now)).await?;
    let again = world.tell(&mail.event(Happened::HardBounced, now)).await?;
    let counts = [&first["counted"], &again["counted"]].map(|count| count.as_u64().unwrap_or_default());

    let contact = world.secrets.pepper.contact(&address);
    let suppression = world.tables.suppression(&contact).await;
    let suppression = suppression.map_err(|e| CliError::caused("suppression could not be read", &e))?;
    let reason = suppression.map_or("not suppressed", |suppression| suppression.reason.name());
    let status = world.reminder(episode).await?.map_or("no reminder", |status| status.name());
    let held = counts == [1, 0] && reason == SuppressionReason::Bounced.name() && status != "no reminder";
    let seen = format!("counted {counts:?}, {reason}, {status}");
    steps.step(
        "SES tells of a bounce, twice: it counts once, and the address is not mailed again",
        held,
        seen,
    );
    Ok(())
}
