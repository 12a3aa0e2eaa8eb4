//! Automatic renewal of certificates with the policy action `AutoRenew`: the vault creates its own
//! version, which replaces the current one.

use std::sync::Arc;

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::vault::Objects;
use crate::vault::object::{Held, Live, Material, Version};
use crate::vault_generated::{self, Order};
use crate::x509::Facts;

impl Objects {
    /// Records whether a name renews itself, after its policy was set.
    pub(super) fn note_policy(&mut self, key: &str, policy: &Value) {
        if renewal_of(policy).is_some() {
            self.renewing.insert(key.to_owned());
        } else {
            self.renewing.remove(key);
        }
    }

    /// Creates the new versions that are due.
    pub(super) fn renew_due(&mut self, now: OffsetDateTime) {
        for key in &self.renewing {
            if let Some(live) = self.live.get_mut(key) {
                renew(live, now);
            }
        }
    }
}

fn renew(live: &mut Live, now: OffsetDateTime) {
    let object = &mut live.object;
    let (Some(policy), Some(newest)) = (&object.policy, object.newest()) else { return };
    let Some(facts) = Facts::of(newest.material.held().leaf()) else { return };
    // A policy can request a renewal before the start of the validity: at most one renewal a day.
    let earliest = newest.created + Duration::DAY;
    let is_due = |renewal: Renewal| renewal.moment(&facts).max(earliest) <= now;
    if !renewal_of(policy).is_some_and(is_due) {
        return;
    }
    let (Ok(key), Ok(order)) = (vault_generated::key_of(policy), Order::read(policy)) else {
        return;
    };
    let Some(certificate) = order.certificate(&key, now) else { return };
    let held = Held::new(vec![certificate], 0, key.serialize_der());
    // The certificate is unique, and so is this part of its digest.
    let digest = held.thumbprint.first_chunk::<16>().copied().unwrap_or_default();
    let id = format!("{:032x}", u128::from_be_bytes(digest));
    let version = Version {
        id: id.into(),
        created: now,
        updated: now,
        material: Material::Given(Arc::new(held)),
        ..newest.clone()
    };
    // A pending version will be newer.
    let made = object.versions.iter().take_while(|version| !version.is_pending()).count();
    object.versions.insert(made, version);
}

/// When a policy requests a renewal.
#[derive(Debug, Clone, Copy)]
enum Renewal {
    /// After this percentage of its lifetime.
    AtPercentage(i64),
    /// This many days before its end.
    DaysBefore(i64),
}

impl Renewal {
    fn moment(self, facts: &Facts) -> OffsetDateTime {
        let life = facts.not_after - facts.not_before;
        match self {
            Self::AtPercentage(part) => {
                let part = part.clamp(1, 99);
                facts.not_before + Duration::seconds(life.whole_seconds() / 100 * part)
            }
            Self::DaysBefore(days) => {
                facts.not_after.saturating_sub(Duration::days(days.clamp(0, 36_500)))
            }
        }
    }
}

/// Only certificates that the vault signs itself can be renewed without an external CA.
fn renewal_of(policy: &Value) -> Option<Renewal> {
    if policy.pointer("/issuer/name").and_then(Value::as_str) != Some("Self") {
        return None;
    }
    let actions = policy.get("lifetime_actions").and_then(Value::as_array)?;
    let automatic = |action: &&Value| {
        action.pointer("/action/action_type").and_then(Value::as_str) == Some("AutoRenew")
    };
    let trigger = actions.iter().find(automatic)?.get("trigger")?;
    let part = trigger.get("lifetime_percentage").and_then(Value::as_i64);
    let days = trigger.get("days_before_expiry").and_then(Value::as_i64);
    part.map(Renewal::AtPercentage).or_else(|| days.map(Renewal::DaysBefore))
}
