//! Discovery: every vault of every usable subscription of every tenant, each failure on its own.

use std::collections::HashSet;

use futures::{StreamExt, stream};

use super::outcome::Status;
use crate::directory::VaultDirectory;
use crate::error::{Error, ErrorKind};
use crate::store_path::StorePath;
use crate::vault::{SubscriptionId, TenantId};

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct DiscoveryRequest {
    /// The tenants, each looked through once.
    pub tenants: Vec<TenantId>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct DiscoveryOutcome {
    /// Success only where everything was looked through.
    pub status: Status,
    /// The vaults found, by tenant and subscription as asked and listed.
    pub stores: Vec<StorePath>,
    /// What could not be looked through.
    pub missed: Vec<Undiscovered>,
    /// How many subscriptions were looked through.
    pub subscriptions: usize,
}

/// A tenant or a subscription that could not be looked through.
#[derive(Debug, Clone)]
pub struct Undiscovered {
    /// The tenant.
    pub tenant: TenantId,
    /// The subscription; none where the tenant as a whole failed.
    pub subscription: Option<SubscriptionId>,
    /// Why.
    pub error: Error,
}

impl DiscoveryOutcome {
    /// The outcome in words.
    pub fn message(&self) -> String {
        let found =
            format!("{} vaults found in {} subscriptions", self.stores.len(), self.subscriptions);
        let missed: Vec<String> = self
            .missed
            .iter()
            .map(|one| match one.subscription {
                Some(subscription) => {
                    format!("subscription {subscription} of tenant {}: {}", one.tenant, one.error)
                }
                None => format!("tenant {}: {}", one.tenant, one.error),
            })
            .collect();
        if missed.is_empty() {
            found
        } else {
            format!("{found}; could not be looked through: {}", missed.join("; "))
        }
    }
}

pub(super) async fn run(
    directory: &dyn VaultDirectory,
    request: &DiscoveryRequest,
) -> DiscoveryOutcome {
    let mut seen = HashSet::new();
    let tenants: Vec<&TenantId> = request.tenants.iter().filter(|one| seen.insert(*one)).collect();
    let mut outcome = DiscoveryOutcome {
        status: Status::Success,
        stores: Vec::new(),
        missed: Vec::new(),
        subscriptions: 0,
    };
    let mut searches: Vec<(&TenantId, SubscriptionId)> = Vec::new();
    let mut listings = stream::iter(tenants)
        .map(|tenant| async move { (tenant, directory.subscriptions(tenant).await) })
        .buffered(SIDE_BY_SIDE);
    while let Some((tenant, listing)) = listings.next().await {
        match listing {
            // A subscription delegated to several tenants is listed in each of them.
            Ok(found) => searches.extend(
                found
                    .iter()
                    .filter(|one| one.is_usable() && !searches_hold(&searches, one.id))
                    .map(|one| (tenant, one.id))
                    .collect::<Vec<_>>(),
            ),
            Err(error) => {
                outcome.missed.push(Undiscovered {
                    tenant: tenant.clone(),
                    subscription: None,
                    error,
                });
            }
        }
    }
    let mut results = stream::iter(searches)
        .map(|(tenant, id)| async move { (tenant, id, directory.vaults(tenant, id).await) })
        .buffered(SIDE_BY_SIDE);
    while let Some((tenant, id, vaults)) = results.next().await {
        match vaults {
            Ok(vaults) => {
                outcome.subscriptions += 1;
                outcome.stores.extend(vaults);
            }
            Err(error) => outcome.missed.push(Undiscovered {
                tenant: tenant.clone(),
                subscription: Some(id),
                error,
            }),
        }
    }
    outcome.status = judge(&outcome);
    outcome
}

fn searches_hold(searches: &[(&TenantId, SubscriptionId)], id: SubscriptionId) -> bool {
    searches.iter().any(|(_, one)| *one == id)
}

fn judge(outcome: &DiscoveryOutcome) -> Status {
    let cancelled = outcome.missed.iter().any(|one| one.error.kind() == ErrorKind::Cancelled);
    match (outcome.missed.is_empty(), outcome.stores.is_empty()) {
        _ if cancelled => Status::Failure,
        (true, _) => Status::Success,
        (false, false) => Status::Warning,
        (false, true) => Status::Failure,
    }
}

/// How many tenants, and then subscriptions, are asked at a time: 200 subscriptions are 9 rounds.
const SIDE_BY_SIDE: usize = 24;
