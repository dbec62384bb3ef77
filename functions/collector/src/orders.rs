//! Orders that a back office tells: signed with the secret key that they are sent with.

use crate::error::CollectError;
use crate::process::{Collector, Sent, Told};
use beckon_domain::key::WriteKeyKind;
use beckon_store::streams::EventStream;
use beckon_store::tables::{ContactStore, ProductStore};
use beckon_wire::auth::Credentials;
use beckon_wire::capture::{Body, CaptureAnswer, Verdict, parse_orders, pointer_of_order};
use beckon_wire::problem::Problem;
use beckon_wire::signature;
use serde_json::Map;
use std::borrow::Cow;

/// A body as it was sent, and what is said to be its signature.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The body, before it is decompressed.
    pub raw: &'a [u8],
    /// `Beckon-Signature`.
    pub signature: Option<&'a str>,
}

impl<S: EventStream, C: ContactStore + ProductStore> Collector<S, C> {
    /// Takes orders. Nothing of the body is looked at before its key and its signature are right; the same orders again
    /// change nothing, because an order's number is the id of its event.
    ///
    /// # Errors
    /// 401 without a key, 403 when it is not secret or the signature is not right, and as for events.
    pub(crate) async fn collect_orders<'a>(
        &self,
        signed: Signed<'a>,
        decoded: impl FnOnce() -> Result<Cow<'a, [u8]>, Problem>,
        credentials: &Credentials,
        request_id: &str,
    ) -> Result<CaptureAnswer, CollectError> {
        let presented = credentials.user.as_deref().ok_or_else(Problem::unauthorized)?;
        let key = self.secrets.find_key(Some(presented), self.clock.now()).await?;
        let key = key.ok_or_else(Problem::unauthorized)?;
        if key.kind != WriteKeyKind::Secret {
            return Err(Problem::forbidden("orders come from a server: send its secret key").into());
        }
        let misplaced = credentials.admit(&key)?;
        signature::verify(signed.signature, presented, self.clock.now(), signed.raw).map_err(|fault| {
            Problem::forbidden("the body is not signed as it must be: see Beckon-Signature").with(fault)
        })?;
        let orders = parse_orders(&decoded()?)?;
        let (mut places, mut events, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (index, order) in orders.iter().enumerate() {
            match order {
                Ok(event) => {
                    places.push(index);
                    events.push(event.as_str());
                }
                Err(fault) => refused.push(Verdict::new(index, "{}", fault.clone())),
            }
        }
        let body = Body { write_key: None, sent_at: None, context: Map::new(), events };
        let proofs = vec![None; body.events.len()];
        let sent = Sent { body: &body, key: &key, proofs: &proofs, event_type: None, told: Told::default() };
        let mut sorted = self.take(&sent).await?;
        for verdict in sorted.rejected.iter_mut().chain(&mut sorted.warnings) {
            verdict.index = places.get(verdict.index).copied().unwrap_or(verdict.index);
            verdict.fault.pointer = pointer_of_order(&verdict.fault.pointer);
        }
        sorted.warnings.extend(misplaced.map(|fault| Verdict::new(0, "{}", fault)));
        sorted.rejected.append(&mut refused);
        sorted.rejected.sort_by_key(|verdict| verdict.index);
        self.keep(sorted, &key, request_id).await
    }
}

#[cfg(test)]
mod tests;
