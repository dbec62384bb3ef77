//! The items of codes: what their attributes are called, and what they say.

use super::super::schema::{SK, TTL};
use super::super::{Item, corrupt, get_number, get_text, get_time, number, text, time, ttl};
use super::Attribute;
use crate::error::StoreError;
use crate::tables::ReminderId;
use crate::tables::codes::{CODE_SHARD_COUNT, CodeRecord, CodeState, Holder, Holding};
use beckon_domain::code::{Expiry, PoolName};
use beckon_domain::{DiscountCode, DurationMs, EpisodeId, OrderId, ProfileKey};

pub(super) const STATE: &str = "state";
pub(super) const EPISODE: &str = "episode";
pub(super) const STEP: &str = "step";
pub(super) const POOL: &str = "pool";
pub(super) const IMPORT: &str = "import";
pub(super) const ROW: &str = "row";
/// When the code ends, whoever has it.
pub(super) const EXPIRES_AT: &str = "expires_at";
/// For how long it holds from when it is given to somebody.
pub(super) const VALID_FOR: &str = "valid_for";
/// When it ends for whoever has it.
pub(super) const ENDS_AT: &str = "ends_at";
const PROFILE: &str = "profile";
const HELD_AT: &str = "held_at";
const ORDER: &str = "order";
const REDEEMED_AT: &str = "redeemed_at";

/// A list of a pool's codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tables::dynamodb) enum List {
    /// Those that nobody has.
    Free,
    /// Those that somebody has.
    Held,
    /// Those that were used.
    Redeemed,
}

impl List {
    const ALL: [Self; 3] = [Self::Free, Self::Held, Self::Redeemed];

    /// The list that a code of this state is in.
    pub(in crate::tables::dynamodb) const fn of(state: &CodeState) -> Self {
        match state {
            CodeState::Free | CodeState::Returned(_) => Self::Free,
            CodeState::Held(_) => Self::Held,
            CodeState::Redeemed { .. } => Self::Redeemed,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Free => "pool",
            Self::Held => "held",
            Self::Redeemed => "redeemed",
        }
    }

    /// Key of a part of the list.
    pub(super) fn shard(self, pool: &PoolName, shard: u32) -> String {
        format!("{}#{pool}#{shard}", self.name())
    }

    /// Key of the part that a code is in.
    pub(super) fn shard_of(self, record: &CodeRecord) -> String {
        self.shard(&record.pool, record.code.shard(CODE_SHARD_COUNT))
    }

    /// What names the page after a code of this part, or the next part after its last one.
    pub(super) fn cursor(self, shard: u32, next: Option<&str>) -> Option<String> {
        if let Some(code) = next {
            return Some(format!("{}:{shard}:{code}", self.name()));
        }
        let index = Self::ALL.iter().position(|list| *list == self)?;
        if shard + 1 < CODE_SHARD_COUNT {
            return Some(format!("{}:{}:", self.name(), shard + 1));
        }
        Self::ALL.get(index + 1).map(|list| format!("{}:0:", list.name()))
    }

    /// Reads what [`List::cursor`] wrote.
    pub(super) fn parse_cursor(text: &str) -> Option<(Self, u32, Option<&str>)> {
        let mut parts = text.splitn(3, ':');
        let name = parts.next()?;
        let list = Self::ALL.into_iter().find(|list| list.name() == name)?;
        let shard = parts.next()?.parse().ok().filter(|shard| *shard < CODE_SHARD_COUNT)?;
        Some((list, shard, parts.next().filter(|code| !code.is_empty())))
    }
}

/// How long a code holds, as attributes.
pub(super) fn expiry_attributes(expiry: Expiry) -> Option<Attribute> {
    match expiry {
        Expiry::Never => None,
        Expiry::At(at) => Some((EXPIRES_AT, time(at))),
        Expiry::For(duration) => Some((VALID_FOR, number(duration.as_ms()))),
    }
}

/// Who has or had a code, and who used it, as attributes.
pub(super) fn held_attributes(state: &CodeState) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    if let Some(Holding { holder, expires_at }) = state.holding() {
        attributes.push((EPISODE, text(holder.reminder.episode.to_string())));
        attributes.push((STEP, number(holder.reminder.step)));
        attributes.push((PROFILE, text(holder.profile.as_str())));
        attributes.push((HELD_AT, time(holder.at)));
        attributes.extend(expires_at.map(|at| (ENDS_AT, time(at))));
    }
    if let CodeState::Redeemed { order, at, .. } = state {
        attributes.push((REDEEMED_AT, time(*at)));
        attributes.extend(order.as_ref().map(|order| (ORDER, text(order.as_str()))));
    }
    attributes
}

/// The attributes of a code's item in a list.
pub(in crate::tables::dynamodb) fn listed(list: List, record: &CodeRecord) -> Vec<Attribute> {
    let mut attributes: Vec<Attribute> = expiry_attributes(record.expiry).into_iter().collect();
    match (list, record.expiry) {
        // Once its time is over nobody finds it: DynamoDB clears it away.
        (List::Free, Expiry::At(at)) => attributes.push((TTL, ttl(at))),
        (List::Free, _) => {}
        (List::Held | List::Redeemed, _) => {
            attributes.push((STATE, text(record.state.name())));
            attributes.push((POOL, text(record.pool.as_str())));
            attributes.extend(held_attributes(&record.state));
        }
    }
    attributes
}

fn expiry_of(item: &Item) -> Expiry {
    let duration = get_number(item, VALID_FOR).and_then(|ms| u64::try_from(ms).ok());
    match (get_time(item, EXPIRES_AT), duration) {
        (Some(at), _) => Expiry::At(at),
        (None, Some(ms)) => Expiry::For(DurationMs::from_ms(ms)),
        (None, None) => Expiry::Never,
    }
}

/// A code that is listed.
pub(in crate::tables::dynamodb) fn record_of(
    operation: &'static str,
    item: &Item,
    pool: &PoolName,
    state: CodeState,
) -> Result<CodeRecord, StoreError> {
    let code = get_text(item, SK).and_then(|code| DiscountCode::new(&code).ok());
    let code = code.ok_or_else(|| corrupt(operation, "code"))?;
    Ok(record(item, code, pool, state))
}

/// A code with what its item says besides.
pub(super) fn record(item: &Item, code: DiscountCode, pool: &PoolName, state: CodeState) -> CodeRecord {
    CodeRecord { code, pool: pool.clone(), expiry: expiry_of(item), state }
}

fn holding_of(operation: &'static str, item: &Item) -> Result<Option<Holding>, StoreError> {
    let Some(episode) = get_text(item, EPISODE) else { return Ok(None) };
    let episode = EpisodeId::parse(&episode).ok_or_else(|| corrupt(operation, "episode"))?;
    let step = get_number(item, STEP).and_then(|step| u8::try_from(step).ok());
    let reminder = ReminderId { episode, step: step.ok_or_else(|| corrupt(operation, "step"))? };
    let profile = get_text(item, PROFILE).and_then(|key| ProfileKey::parse(&key).ok());
    let profile = profile.ok_or_else(|| corrupt(operation, "profile"))?;
    let at = get_time(item, HELD_AT).ok_or_else(|| corrupt(operation, "time"))?;
    let holder = Holder { reminder, profile, at };
    Ok(Some(Holding { holder, expires_at: get_time(item, ENDS_AT) }))
}

/// The pool of a code and where it stands.
pub(in crate::tables::dynamodb) fn state_of(
    operation: &'static str,
    item: &Item,
) -> Result<(PoolName, CodeState), StoreError> {
    let pool = get_text(item, POOL).and_then(|name| PoolName::new(&name).ok());
    let pool = pool.ok_or_else(|| corrupt(operation, "pool"))?;
    let holding = holding_of(operation, item)?;
    let held = |holding: Option<Holding>| holding.ok_or_else(|| corrupt(operation, "holder"));
    let state = match get_text(item, STATE).unwrap_or_default().as_str() {
        "FREE" => CodeState::Free,
        "HELD" => CodeState::Held(held(holding)?),
        "RETURNED" => CodeState::Returned(held(holding)?),
        "REDEEMED" => CodeState::Redeemed {
            holding,
            order: get_text(item, ORDER).and_then(|order| OrderId::new(&order).ok()),
            at: get_time(item, REDEEMED_AT).ok_or_else(|| corrupt(operation, "time"))?,
        },
        _ => return Err(corrupt(operation, "state")),
    };
    Ok((pool, state))
}
