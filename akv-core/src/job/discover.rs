//! Discovery: every vault of every usable subscription of every tenant, each failure on its own.

use std::collections::HashSet;

use futures::{StreamExt, stream};

use super::outcome::{Status, counted};
use crate::directory::{Subscription, VaultDirectory};
use crate::error::{Error, ErrorKind};
use crate::store_path::StorePath;
use crate::vault::{SubscriptionId, TenantId};

/// Where to look.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DiscoveryRequest {
    /// The tenants, each looked through once.
    pub tenants: Vec<TenantId>,
}

impl DiscoveryRequest {
    /// Looks through these tenants.
    pub fn new(tenants: Vec<TenantId>) -> Self {
        Self { tenants }
    }
}

/// What was found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DiscoveryOutcome {
    /// Success only where everything was looked through.
    pub status: Status,
    /// The vaults found, by tenant and subscription as asked and listed.
    pub stores: Vec<StorePath>,
    /// What could not be looked through.
    pub missed: Vec<Undiscovered>,
    /// How many subscriptions were looked through, in whole or in part.
    pub subscriptions: usize,
}

/// A tenant or a subscription that could not be looked through, or not in whole.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Undiscovered {
    /// The tenant.
    pub tenant: TenantId,
    /// The subscription; none where the tenant as a whole failed.
    pub subscription: Option<SubscriptionId>,
    /// Why.
    pub error: Error,
}

impl Undiscovered {
    /// What could not be looked through, and why.
    pub fn new(tenant: TenantId, subscription: Option<SubscriptionId>, error: Error) -> Self {
        Self { tenant, subscription, error }
    }
}

impl DiscoveryOutcome {
    /// A discovery that found nothing.
    pub fn new(status: Status) -> Self {
        Self { status, stores: Vec::new(), missed: Vec::new(), subscriptions: 0 }
    }

    /// The outcome in words.
    pub fn message(&self) -> String {
        let found = format!(
            "{} found in {}",
            counted(self.stores.len(), "vault"),
            counted(self.subscriptions, "subscription")
        );
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
        if missed.is_empty() && self.subscriptions == 0 {
            format!("{found}: this identity sees no usable subscription, give it the role Reader")
        } else if missed.is_empty() {
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
    let mut outcome = DiscoveryOutcome::new(Status::Success);
    let searches = subscriptions(directory, request, &mut outcome.missed).await;
    let mut results = stream::iter(searches)
        .map(|(tenant, id)| async move {
            let vaults = directory.vaults(&tenant, id).await;
            (tenant, id, vaults)
        })
        .buffered(SIDE_BY_SIDE);
    while let Some((tenant, id, vaults)) = results.next().await {
        let gap = match vaults {
            Ok(vaults) => {
                outcome.subscriptions += 1;
                outcome.stores.extend(vaults.items);
                vaults.gap
            }
            Err(error) => Some(error),
        };
        let subscription = Some(id);
        outcome.missed.extend(gap.map(|error| Undiscovered { tenant, subscription, error }));
    }
    outcome.status = judge(&outcome);
    outcome
}

/// The usable subscriptions, each once: one that is delegated to several tenants is listed in each.
async fn subscriptions(
    directory: &dyn VaultDirectory,
    request: &DiscoveryRequest,
    missed: &mut Vec<Undiscovered>,
) -> Vec<(TenantId, SubscriptionId)> {
    let mut seen = HashSet::new();
    let tenants: Vec<TenantId> =
        request.tenants.iter().filter(|one| seen.insert(*one)).cloned().collect();
    let mut listings = stream::iter(tenants)
        .map(|tenant| async move {
            let listing = directory.subscriptions(&tenant).await;
            (tenant, listing)
        })
        .buffered(SIDE_BY_SIDE);
    let mut searches = Vec::new();
    let mut seen = HashSet::new();
    while let Some((tenant, listing)) = listings.next().await {
        let gap = match listing {
            Ok(found) => {
                let usable = found.items.into_iter().filter(Subscription::is_usable);
                let new = usable.filter(|one| seen.insert(one.id));
                searches.extend(new.map(|one| (tenant.clone(), one.id)));
                found.gap
            }
            Err(error) => Some(error),
        };
        missed.extend(gap.map(|error| Undiscovered { tenant, subscription: None, error }));
    }
    searches
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

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::directory::Listing;
    use crate::error::{Denial, Result};
    use crate::job::mock_directory::{MockDirectory, TENANT, path, subscription};

    const OTHER: &str = "other.example.com";

    fn listed(number: u8, state: &str) -> Subscription {
        Subscription { id: subscription(number), name: String::new(), state: state.into() }
    }

    fn denied<T>(tried: &str) -> Result<T> {
        Err(Error::new(ErrorKind::Denied(Denial::Rbac), tried, "not allowed"))
    }

    fn discover(directory: &MockDirectory, tenants: &[&str]) -> DiscoveryOutcome {
        let tenants = tenants.iter().map(|text| text.parse().expect("a tenant")).collect();
        block_on(run(directory, &DiscoveryRequest { tenants }))
    }

    /// Two tenants, of which the first is a twin by name; subscription 2 is disabled, 3 denied.
    fn directory() -> MockDirectory {
        let mut directory = MockDirectory::new();
        directory.expect_subscriptions().returning(|tenant| match tenant.as_str() {
            OTHER => denied("list subscriptions"),
            _ => Ok(Listing::from(vec![
                listed(1, "Enabled"),
                listed(2, "Disabled"),
                listed(3, "Warned"),
                listed(1, "Enabled"),
            ])),
        });
        directory.expect_vaults().returning(|_, id| match id {
            id if id == subscription(1) => Ok(vec![path(1, "contoso"), path(1, "fabrikam")].into()),
            id if id == subscription(3) => denied("list vaults"),
            id => panic!("subscription {id} is not to be looked through"),
        });
        directory
    }

    #[test]
    fn what_fails_is_a_warning_with_its_id_and_reason_and_the_rest_is_found() {
        let outcome = discover(&directory(), &[TENANT, OTHER]);
        assert_eq!(outcome.status, Status::Warning);
        assert_eq!(outcome.stores, [path(1, "contoso"), path(1, "fabrikam")]);
        let message = outcome.message();
        for part in [OTHER, &subscription(3).to_string(), "not allowed"] {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }
    }

    #[test]
    fn a_tenant_named_twice_is_asked_once() {
        let mut directory = MockDirectory::new();
        directory.expect_subscriptions().once().returning(|_| Ok(Vec::new().into()));
        let outcome = discover(&directory, &[TENANT, &TENANT.to_uppercase()]);
        assert_eq!((outcome.status, outcome.stores.len()), (Status::Success, 0));
    }

    #[test]
    fn a_gap_in_a_list_is_a_warning_and_what_was_read_of_it_is_found() {
        let gap =
            |tried: &str| Some(Error::new(ErrorKind::Protocol, tried, "1 of 2 is unreadable"));
        let mut directory = MockDirectory::new();
        directory.expect_subscriptions().returning(move |_| {
            Ok(Listing { items: vec![listed(1, "Enabled")], gap: gap("list subscriptions") })
        });
        directory.expect_vaults().returning(move |_, _| {
            Ok(Listing { items: vec![path(1, "contoso")], gap: gap("list vaults") })
        });
        let outcome = discover(&directory, &[TENANT]);
        assert_eq!(outcome.status, Status::Warning);
        assert_eq!(outcome.stores, [path(1, "contoso")]);
        let message = outcome.message();
        for part in ["list subscriptions", "list vaults", "1 of 2 is unreadable"] {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }
    }

    #[test]
    fn nothing_found_because_of_failures_is_a_failure() {
        assert_eq!(discover(&directory(), &[OTHER]).status, Status::Failure);
    }
}
