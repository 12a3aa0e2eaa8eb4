//! Resource Manager's token buckets (its "request limits and throttling" page): per principal and
//! subscription, or tenant where no subscription is named.

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;

use crate::arm::route::Target;
use crate::entra::Claims;
use crate::operation::Operation;

/// All buckets that have been drawn from.
#[derive(Debug, Default)]
pub(crate) struct Rates(HashMap<(String, Kind), Bucket>);

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
            Operation::CreateVault | Operation::UpdateVault | Operation::PurgeVault => Self::Writes,
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

    const fn header(self, of_tenant: bool) -> &'static str {
        match (self, of_tenant) {
            (Self::Reads, false) => "x-ms-ratelimit-remaining-subscription-reads",
            (Self::Writes, false) => "x-ms-ratelimit-remaining-subscription-writes",
            (Self::Deletes, false) => "x-ms-ratelimit-remaining-subscription-deletes",
            (Self::Reads, true) => "x-ms-ratelimit-remaining-tenant-reads",
            (Self::Writes, true) => "x-ms-ratelimit-remaining-tenant-writes",
            (Self::Deletes, true) => "x-ms-ratelimit-remaining-tenant-deletes",
        }
    }
}

impl Rates {
    /// Takes one token, or says how long it will be until there is one.
    pub(super) fn take(
        &mut self,
        target: &Target,
        claims: &Claims,
        now: OffsetDateTime,
    ) -> Result<(), Duration> {
        let kind = Kind::of(target.operation);
        let full = || Bucket { tokens: kind.capacity(), filled: now };
        let bucket = self.0.entry((scope(target, claims), kind)).or_insert_with(full);
        let passed = (now - bucket.filled).as_seconds_f64().max(0.0);
        bucket.tokens = (bucket.tokens + passed * kind.refill_a_second()).min(kind.capacity());
        bucket.filled = now;
        if bucket.tokens < 1.0 {
            let missing = (1.0 - bucket.tokens) / kind.refill_a_second();
            return Err(Duration::from_secs_f64(missing.ceil()));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }

    /// The header that tells what is left, and how much that is.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a bucket holds 0 to 250 tokens"
    )]
    pub(super) fn left(&self, target: &Target, claims: &Claims) -> (&'static str, u32) {
        let kind = Kind::of(target.operation);
        let left = self.0.get(&(scope(target, claims), kind)).map_or(kind.capacity(), |b| b.tokens);
        (kind.header(target.subscription.is_none()), left as u32)
    }
}

fn scope(target: &Target, claims: &Claims) -> String {
    let scope = target.subscription.as_deref().unwrap_or(&claims.tid).to_ascii_lowercase();
    format!("{}/{scope}", claims.oid)
}
