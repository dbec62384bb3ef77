//! What callers are told of codes.

use beckon_domain::Timestamp;
use beckon_domain::code::{Expiry, Worth};
use beckon_store::tables::codes::{CodeChange, CodeRecord, CodeState, Pool, PoolCounts};
use beckon_wire::codes::{CheckAnswer, CodeChangeAnswer, CodeStatus, ListedCode, PoolAnswer};
use beckon_wire::format_time;

const fn percent(worth: &Worth) -> Option<u8> {
    match worth {
        Worth::Percent(percent) => Some(*percent),
        Worth::Label(_) => None,
    }
}

pub(super) fn pool_told(pool: Pool, counts: &PoolCounts) -> PoolAnswer {
    let PoolCounts { free, expired, held, redeemed } = *counts;
    PoolAnswer {
        pool: pool.name.to_string(),
        kind: pool.kind.name(),
        percent: percent(&pool.worth),
        worth: pool.worth.to_string(),
        free,
        expired,
        held,
        redeemed,
        low: counts.is_low(),
    }
}

pub(super) fn change_told(change: CodeChange) -> CodeChangeAnswer {
    let CodeChange { pool: _, import, part, action, at, who, by, note, codes, refused } = change;
    let (action, at) = (action.name(), format_time(at));
    CodeChangeAnswer { import, part, action, at, who, by, note, codes, refused }
}

pub(super) fn record_told(record: CodeRecord) -> ListedCode {
    let holding = record.state.holding();
    let own = match record.expiry {
        Expiry::At(at) => Some(at),
        Expiry::Never | Expiry::For(_) => None,
    };
    let (order, redeemed_at) = match &record.state {
        CodeState::Redeemed { order, at, .. } => (order.as_ref().map(ToString::to_string), Some(*at)),
        _ => (None, None),
    };
    ListedCode {
        state: record.state.name(),
        expires_at: holding.map_or(own, |holding| holding.expires_at).map(format_time),
        held_at: holding.map(|holding| format_time(holding.holder.at)),
        episode: holding.map(|holding| holding.holder.reminder.episode.to_string()),
        step: holding.map(|holding| holding.holder.reminder.step),
        order,
        redeemed_at: redeemed_at.map(format_time),
        code: record.code.to_string(),
    }
}

/// What a till may do. Whoever guesses a code that nobody was given learns nothing of it.
pub(super) fn checked(
    code: String,
    found: Option<CodeRecord>,
    pool: Option<Pool>,
    now: Timestamp,
    request_id: &str,
) -> CheckAnswer {
    let request_id = request_id.to_owned();
    let state = found.map(|record| record.state);
    let (status, expires_at, order) = match state {
        None | Some(CodeState::Free | CodeState::Returned(_)) => (CodeStatus::Unknown, None, None),
        Some(CodeState::Held(holding)) => {
            let is_over = holding.expires_at.is_some_and(|at| at <= now);
            let status = if is_over { CodeStatus::Expired } else { CodeStatus::Valid };
            (status, holding.expires_at, None)
        }
        Some(CodeState::Redeemed { holding, order, .. }) => {
            (CodeStatus::Redeemed, holding.and_then(|holding| holding.expires_at), order)
        }
    };
    let pool = pool.filter(|_| status != CodeStatus::Unknown);
    CheckAnswer {
        request_id,
        code,
        status,
        worth: pool.as_ref().map(|pool| pool.worth.to_string()),
        percent: pool.as_ref().and_then(|pool| percent(&pool.worth)),
        pool: pool.map(|pool| pool.name.to_string()),
        expires_at: expires_at.map(format_time),
        order: order.map(|order| order.to_string()),
    }
}
