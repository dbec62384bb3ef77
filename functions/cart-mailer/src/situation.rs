//! What is read, with strong reads, before a decision to send: once before the claim, and again just before the send.

use crate::error::MailerError;
use crate::experiments;
use crate::process::{MailTables, Mailer, Run};
use beckon_domain::abandonment::{CodeState, Plan, Reachable, Situation, plan};
use beckon_domain::outreach::{Group, History, Offer, bucket};
use beckon_domain::{ContactHash, ProductFacts, ProductId, Profile, ProfileKey, ReminderId};
use beckon_rules::{CodeSource, Discount};
use beckon_store::tables::{Contact, FreeCode, Read};
use std::collections::BTreeMap;

/// The seed of the holdout: other experiments divide people independently of it.
const HOLDOUT_SEED: &str = "cart-reminder-holdout";

static NOTHING_SENT: History = History::EMPTY;

/// What is known before a decision to send.
pub(crate) struct Reading {
    pub(crate) profile: Profile,
    /// The address that the shop's server vouched for.
    pub(crate) contact: Option<(Contact, ContactHash)>,
    /// What the catalog says of what is in the cart.
    pub(crate) facts: BTreeMap<ProductId, ProductFacts>,
    /// What the address was sent, and the version of that.
    pub(crate) history: (History, Option<u64>),
    /// What this step offers.
    pub(crate) offer: Option<Offer>,
    /// The code of a pool that it offers, which nobody has yet.
    pub(crate) free: Option<FreeCode>,
    pub(crate) plan: Plan,
}

impl Reading {
    /// Which timer of the cart's episode runs.
    pub(crate) fn timer(&self) -> u32 {
        self.profile.cart.episode.as_ref().map_or(0, |episode| episode.timer)
    }
}

impl<T: MailTables, S, M, A> Mailer<T, S, M, A> {
    /// Reads everything and plans; nothing of somebody who is not known. `claimed`: what the claim offers, if anything, once
    /// there is a claim.
    pub(crate) async fn read(
        &self,
        run: &Run,
        key: &ProfileKey,
        claimed: Option<Option<&Offer>>,
    ) -> Result<Option<Reading>, MailerError> {
        let found = self.tables.load(std::slice::from_ref(key), Read::Strong).await?.remove(key);
        let Some(stored) = found else { return Ok(None) };
        let mut profile = stored.profile;
        // Most of what is found is not due after all, or of nobody: no more is read of it.
        let Some(next) = profile.cart.episode.as_ref().map(|episode| episode.next()) else {
            let plan = self.plan(run, key, &profile, Known::only(Reachable::Nobody));
            return Ok(Some(Reading::nothing(profile, plan)));
        };
        let told = self.tables.contact(key, run.now).await?.filter(|contact| contact.email.is_some());
        let reachable = match &told {
            None => Reachable::Nobody,
            Some(contact) if !contact.verified => Reachable::Unverified,
            Some(_) => Reachable::Verified,
        };
        let contact = told.filter(|contact| contact.verified).and_then(|contact| {
            let hash = self.secrets.pepper.contact(contact.email.as_deref()?);
            Some((contact, hash))
        });
        let Some((contact, hash)) = contact else {
            let plan = self.plan(run, key, &profile, Known::only(reachable));
            return Ok(Some(Reading::nothing(profile, plan)));
        };
        let is_suppressed = self.is_suppressed(&contact).await?;
        let history = self.tables.history(&hash).await?;
        let (history, version) =
            history.map_or((History::EMPTY, None), |kept| (kept.state, Some(kept.version)));
        let products: Vec<ProductId> = profile.cart.lines.iter().map(|line| line.product.clone()).collect();
        let facts = self.tables.products(&products, Read::Strong).await?;
        // What cannot be bought is not shown, and what is left decides.
        profile
            .cart
            .lines
            .retain(|line| facts.get(&line.product).is_none_or(|facts| facts.availability.is_in_stock()));
        let offered = match claimed {
            Some(offer) => Offered { offer: offer.cloned(), free: None, code: CodeState::Ready },
            None => self.offer(run, (key, &profile), next, &history).await?,
        };
        let known = Known { reachable, is_suppressed, history: &history, code: offered.code };
        let plan = self.plan(run, key, &profile, known);
        let (contact, history) = (Some((contact, hash)), (history, version));
        let Offered { offer, free, .. } = offered;
        Ok(Some(Reading { profile, contact, facts, history, offer, free, plan }))
    }

    /// Whether the address must not be mailed; it may have said so while an earlier pepper was in use.
    async fn is_suppressed(&self, contact: &Contact) -> Result<bool, MailerError> {
        for hash in self.secrets.contacts(contact.email.as_deref().unwrap_or_default()) {
            if self.tables.is_suppressed(&hash).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the step offers, unless the address was offered something lately, and whether there is a code for it.
    async fn offer(
        &self,
        run: &Run,
        (key, profile): (&ProfileKey, &Profile),
        id: ReminderId,
        history: &History,
    ) -> Result<Offered, MailerError> {
        let Some(reminder) = run.ruleset.reminder() else { return Ok(Offered::none(CodeState::NotNeeded)) };
        let assigned = run.assigned(key, profile);
        let person = run.person(profile, key);
        let discount = run.ruleset.discount_under(assigned.overlay(), id.step, &person, run.now);
        let is_recent = history.has_discount_within(id, reminder.series.discount_within, run.now);
        let Some(Discount { percent, codes }) = discount.filter(|_| !is_recent) else {
            return Ok(Offered::none(CodeState::NotNeeded));
        };
        match codes {
            CodeSource::Derived { prefix, valid_for } => {
                let code = self.secrets.pepper.discount_code(&prefix, &id.episode);
                let offer = Offer { percent, code, expires_at: Some(run.now + valid_for), pool: None };
                Ok(Offered { offer: Some(offer), free: None, code: CodeState::Ready })
            }
            CodeSource::Pool(pool) => {
                // Two runs that look at the same time rarely find the same code.
                let spread = u64::from(bucket(&run.id, &id.decision_id()));
                let Some(free) = self.tables.find_free(&pool, run.now, spread).await? else {
                    tracing::error!(pool = pool.as_str(), free_count = 0, "a pool of codes is low");
                    return Ok(Offered::none(CodeState::Missing));
                };
                let offer = Offer {
                    percent,
                    code: free.code.to_string(),
                    expires_at: free.expiry.ends_at(run.now),
                    pool: Some(pool.to_string()),
                };
                Ok(Offered { offer: Some(offer), free: Some(free), code: CodeState::Ready })
            }
        }
    }

    fn plan(&self, run: &Run, key: &ProfileKey, profile: &Profile, known: Known<'_>) -> Plan {
        let holdout = run.ruleset.reminder().map_or(0, |reminder| reminder.series.holdout);
        let is_held_out = bucket(HOLDOUT_SEED, key.as_str()) < holdout;
        let situation = Situation {
            reachable: known.reachable,
            is_suppressed: known.is_suppressed,
            is_eligible: run.ruleset.reminder_applies(&run.person(profile, key), run.now),
            cart_value: profile.cart.value(),
            is_in_stock: !profile.cart.is_empty(),
            group: if is_held_out { Group::HeldOut } else { Group::Treated },
            quiet_until: run.ruleset.quiet_until(profile, run.now),
            history: known.history,
            code: known.code,
        };
        let planned = plan(profile, &situation, run.ruleset.policy(), run.now);
        experiments::planned(planned, &run.assigned(key, profile))
    }
}

impl Reading {
    fn nothing(profile: Profile, plan: Plan) -> Self {
        Self {
            profile,
            contact: None,
            facts: BTreeMap::new(),
            history: (History::EMPTY, None),
            offer: None,
            free: None,
            plan,
        }
    }
}

/// What a step offers.
struct Offered {
    offer: Option<Offer>,
    free: Option<FreeCode>,
    code: CodeState,
}

impl Offered {
    const fn none(code: CodeState) -> Self {
        Self { offer: None, free: None, code }
    }
}

/// What is known beside the profile and the rules.
#[derive(Clone, Copy)]
struct Known<'a> {
    reachable: Reachable,
    is_suppressed: bool,
    history: &'a History,
    code: CodeState,
}

impl Known<'static> {
    /// Nothing is known of whom a mail could go to but this.
    const fn only(reachable: Reachable) -> Self {
        Self { reachable, is_suppressed: false, history: &NOTHING_SENT, code: CodeState::NotNeeded }
    }
}
