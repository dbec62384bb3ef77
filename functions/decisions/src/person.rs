//! Who asks, and what may be known of them.
//!
//! A publishable key speaks for the anonymous id it comes with. That id is a bearer capability: random, made by the
//! browser, never guessable. Only when a secret key or a token has *proven* the visitor to be a customer does it open
//! the customer's profile too; so does a token beside it. A claimed `userId` opens nothing.

use beckon_domain::id::UserId;
use beckon_domain::key::WriteKeyKind;
use beckon_domain::merge::{portable, union};
use beckon_domain::{Pepper, Policy, Profile, ProfileKey};
use beckon_store::StoreError;
use beckon_store::tables::{ProfileStore, Read, Stored};
use beckon_wire::decisions::DecisionsRequest;
use beckon_wire::problem::{Fault, Problem};
use std::collections::BTreeMap;

/// Whose profiles a request may read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Who {
    /// The visitor's.
    pub visitor: Option<ProfileKey>,
    /// The customer's, proven by a secret key or a token.
    pub customer: Option<ProfileKey>,
    /// The customer's, claimed by a publishable key: loaded along to save a round trip, used only when proven.
    pub claimed: Option<ProfileKey>,
}

/// What is known of a person.
#[derive(Clone, PartialEq, Debug)]
pub struct Known {
    /// Under which key it is stored: the customer's of a customer, else the visitor's; none of somebody made up.
    pub key: Option<ProfileKey>,
    /// Both halves in one.
    pub profile: Profile,
    /// Whether they are a customer.
    pub is_customer: bool,
    /// How likely they are to buy, as a model says.
    pub propensity: Option<f64>,
}

impl Who {
    /// Decides whose profiles may be read. `proof` is the customer whom the shop's server vouched for, by a token.
    ///
    /// # Errors
    /// 403 `identity.unproven`: a publishable key with a `userId`, no `anonymousId` and no token.
    pub fn from_request(
        request: &DecisionsRequest,
        kind: WriteKeyKind,
        proof: Option<&UserId>,
        pepper: &Pepper,
    ) -> Result<Self, Problem> {
        let visitor = request.anonymous.as_ref().map(|id| pepper.anonymous(id));
        let customer = request.user.as_ref().map(|id| pepper.customer(id));
        let is_proven = proof.is_some_and(|proof| request.user.as_ref() == Some(proof));
        match kind {
            WriteKeyKind::Publishable if is_proven => Ok(Self { visitor, customer, claimed: None }),
            WriteKeyKind::Secret => Ok(Self { visitor, customer, claimed: None }),
            WriteKeyKind::Publishable if visitor.is_none() && customer.is_some() => {
                let detail = "a publishable key speaks for the anonymousId it is sent with; a userId alone needs a token";
                Err(Problem::forbidden(detail).with(Fault::new("/userId", "identity.unproven", detail)))
            }
            WriteKeyKind::Publishable => Ok(Self { visitor, customer: None, claimed: customer }),
        }
    }

    /// Under whose key something about who asks may be kept: the customer's, where one is proven, else the visitor's.
    #[must_use]
    pub fn key(&self) -> Option<ProfileKey> {
        self.customer.clone().or_else(|| self.visitor.clone())
    }

    /// Reads what may be known of those who are named: one round trip.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load<T: ProfileStore>(&self, table: &T) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        let keys: Vec<ProfileKey> =
            [&self.visitor, &self.customer, &self.claimed].into_iter().flatten().cloned().collect();
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        table.load(&keys, Read::Eventual).await
    }

    /// Reads the customer that the visitor turned out to be and nobody named, if so: a second round trip.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load_linked<T: ProfileStore>(
        &self,
        table: &T,
        loaded: &BTreeMap<ProfileKey, Stored>,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        match self.linked(loaded).filter(|linked| self.customer.is_none() && !loaded.contains_key(linked)) {
            Some(linked) => table.load(&[linked], Read::Eventual).await,
            None => Ok(BTreeMap::new()),
        }
    }

    /// Those of the profiles that were read which may be used.
    pub fn own<'a>(&self, loaded: &'a BTreeMap<ProfileKey, Stored>) -> impl Iterator<Item = &'a Profile> {
        let linked = self.linked(loaded);
        let keys = [self.visitor.clone(), self.customer.clone(), linked];
        let own = keys.into_iter().flatten().filter_map(|key| loaded.get(&key)).map(|stored| &stored.profile);
        let own: Vec<&Profile> = own.collect();
        let is_erased = own.iter().any(|profile| profile.is_tombstone());
        own.into_iter().filter(move |_| !is_erased)
    }

    /// The customer that the visitor was proven to be.
    fn linked(&self, loaded: &BTreeMap<ProfileKey, Stored>) -> Option<ProfileKey> {
        let visitor = loaded.get(self.visitor.as_ref()?)?;
        visitor.profile.link.as_ref().map(|link| link.to.clone())
    }

    /// Both halves in one, so that a page sees the union at once, even while the merge record is under way.
    pub fn compose(&self, mut loaded: BTreeMap<ProfileKey, Stored>, policy: &Policy) -> Option<Known> {
        let linked = self.linked(&loaded);
        // Of who was erased nothing is known, nor of a device that is theirs and whose erasure is still under way.
        let is_erased =
            |key: &ProfileKey| loaded.get(key).is_some_and(|stored| stored.profile.is_tombstone());
        if [&self.visitor, &self.customer, &linked].into_iter().flatten().any(is_erased) {
            return None;
        }
        let visitor = self.visitor.as_ref().and_then(|key| loaded.remove(key)).map(|s| s.profile);
        let Some(customer_key) = self.customer.clone().or_else(|| linked.clone()) else {
            let key = self.visitor.clone();
            return visitor.map(|profile| Known { key, profile, is_customer: false, propensity: None });
        };
        let customer = loaded.remove(&customer_key).map(|s| s.profile);
        let half = visitor.filter(|_| linked.as_ref() == Some(&customer_key));
        let half = half.filter(|_| {
            let merged = customer.as_ref().map(|c| c.merged.as_slice()).unwrap_or_default();
            !self.visitor.as_ref().is_some_and(|key| merged.contains(key))
        });
        match (customer, half) {
            (None, None) => None,
            (customer, half) => {
                let mut profile = customer.unwrap_or_default();
                if let Some(half) = half {
                    union(&mut profile, &portable(&half), policy);
                }
                Some(Known { key: Some(customer_key), profile, is_customer: true, propensity: None })
            }
        }
    }
}
