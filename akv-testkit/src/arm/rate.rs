//! Resource Manager's token buckets (its "request limits and throttling" page). Each subscription,
//! or each tenant for requests without a subscription, has one bucket per principal and one that is
//! fifteen times as large for all principals.

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;

use crate::arm::route::Target;
use crate::entra::Claims;
use crate::operation::Operation;

/// All buckets in use.
#[derive(Debug, Default)]
pub(crate) struct Rates(HashMap<(Scope, Kind), Bucket>);

/// The owner of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Scope {
    /// The subscription or the tenant.
    of: String,
    /// `None`: the bucket of all principals.
    principal: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Reads,
    Writes,
    Deletes,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: OffsetDateTime,
}

impl Kind {
    fn of(operation: Operation) -> Self {
        match operation {
            Operation::CreateVault
            | Operation::UpdateVault
            | Operation::UpdateAccessPolicy
            | Operation::PurgeVault => Self::Writes,
            Operation::DeleteVault => Self::Deletes,
            _ => Self::Reads,
        }
    }

    const fn capacity(self) -> f64 {
        match self {
            Self::Reads => 250.0,
            Self::Writes | Self::Deletes => 200.0,
        }
    }

    const fn refill_a_second(self) -> f64 {
        match self {
            Self::Reads => 25.0,
            Self::Writes | Self::Deletes => 10.0,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Deletes => "deletes",
        }
    }
}

impl Scope {
    /// The principal's own bucket and the shared one.
    fn both(target: &Target, claims: &Claims) -> [Self; 2] {
        let of = target.subscription.as_deref().unwrap_or(&claims.tid).to_ascii_lowercase();
        [Self { of: of.clone(), principal: Some(claims.oid.clone()) }, Self { of, principal: None }]
    }

    /// The multiple of a principal's bucket.
    const fn share(&self) -> f64 {
        if self.principal.is_some() { 1.0 } else { 15.0 }
    }
}

impl Bucket {
    fn refill(&mut self, kind: Kind, share: f64, now: OffsetDateTime) {
        let passed = (now - self.filled).as_seconds_f64().max(0.0);
        let refilled = self.tokens + passed * kind.refill_a_second() * share;
        self.tokens = refilled.min(kind.capacity() * share);
        self.filled = now;
    }
}

impl Rates {
    /// Takes one token, or returns the wait until the next one.
    pub(super) fn take(
        &mut self,
        target: &Target,
        claims: &Claims,
        now: OffsetDateTime,
    ) -> Result<(), Duration> {
        let kind = Kind::of(target.operation);
        let scopes = Scope::both(target, claims);
        for scope in &scopes {
            let full = || Bucket { tokens: kind.capacity() * scope.share(), filled: now };
            let bucket = self.0.entry((scope.clone(), kind)).or_insert_with(full);
            bucket.refill(kind, scope.share(), now);
            if bucket.tokens < 1.0 {
                let missing = (1.0 - bucket.tokens) / (kind.refill_a_second() * scope.share());
                return Err(Duration::from_secs_f64(missing.ceil()));
            }
        }
        for scope in scopes {
            self.0.entry((scope, kind)).and_modify(|bucket| bucket.tokens -= 1.0);
        }
        Ok(())
    }

    /// The headers with the remainder, and the remainder. Of the shared buckets, only a
    /// subscription's has a published header.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a bucket holds 0 to 3750 tokens"
    )]
    pub(super) fn left(
        &self,
        target: &Target,
        claims: &Claims,
    ) -> impl Iterator<Item = (String, u32)> {
        let kind = Kind::of(target.operation);
        let of = if target.subscription.is_some() { "subscription" } else { "tenant" };
        let scopes = Scope::both(target, claims).into_iter();
        scopes.filter(move |scope| scope.principal.is_some() || of == "subscription").map(
            move |scope| {
                let whose = if scope.principal.is_some() { "" } else { "global-" };
                let full = kind.capacity() * scope.share();
                let left = self.0.get(&(scope, kind)).map_or(full, |bucket| bucket.tokens);
                (format!("x-ms-ratelimit-remaining-{of}-{whose}{}", kind.name()), left as u32)
            },
        )
    }
}
