//! Discovery: every vault of every usable subscription of every tenant, with independent failures.

use std::collections::HashSet;

use futures::{StreamExt, stream};

use super::outcome::{Status, counted};
use crate::directory::{Subscription, VaultDirectory};
use crate::error::{Error, ErrorKind};
use crate::listing::Listing;
use crate::store_path::StorePath;
use crate::vault::{SubscriptionId, TenantId};

/// The scope of a discovery.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DiscoveryRequest {
    /// The tenants; each is searched once.
    pub tenants: Vec<TenantId>,
    /// The source of the vaults.
    pub via: Via,
    /// Only these subscriptions, if any are given.
    pub only: Vec<SubscriptionId>,
}

/// The source of the vaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Via {
    /// The lists of the control plane, one request per subscription: always current.
    #[default]
    Lists,
    /// Only the index: a few requests for thousands of subscriptions. The index follows changes
    /// with a delay.
    Query,
    /// The index, and the lists if the index is denied, missing or incomplete.
    QueryOrLists,
}

impl DiscoveryRequest {
    /// Searches these tenants.
    pub fn new(tenants: Vec<TenantId>) -> Self {
        Self { tenants, via: Via::default(), only: Vec::new() }
    }
}

setters! { DiscoveryRequest { with_via(via: Via), with_only(only: Vec<SubscriptionId>) } }

/// The result of a discovery.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DiscoveryOutcome {
    /// Success only if everything was searched.
    pub status: Status,
    /// The vaults, in the order of the tenants and the subscriptions.
    pub stores: Vec<StorePath>,
    /// The tenants and subscriptions that could not be searched.
    pub missed: Vec<Undiscovered>,
    /// The number of subscriptions that were searched completely or partially.
    pub subscriptions: usize,
    /// Whether the index was used, which can lack the changes of the last minutes.
    pub queried: bool,
    /// The tenants whose vaults were listed because the index is incomplete, with the reason.
    pub not_queried: Vec<(TenantId, Error)>,
}

/// A tenant or a subscription that could not be searched completely.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Undiscovered {
    /// The tenant.
    pub tenant: TenantId,
    /// The subscription; `None` if the whole tenant failed.
    pub subscription: Option<SubscriptionId>,
    /// The reason.
    pub error: Error,
}

impl Undiscovered {
    /// Takes the scope and the reason.
    pub fn new(tenant: TenantId, subscription: Option<SubscriptionId>, error: Error) -> Self {
        Self { tenant, subscription, error }
    }
}

impl DiscoveryOutcome {
    /// A discovery without vaults.
    pub fn new(status: Status) -> Self {
        Self {
            status,
            stores: Vec::new(),
            missed: Vec::new(),
            subscriptions: 0,
            queried: false,
            not_queried: Vec::new(),
        }
    }

    /// The message of the outcome.
    pub fn message(&self) -> String {
        let queried = if self.queried {
            " (Resource Graph: changes of the last minutes can be missing)"
        } else {
            ""
        };
        let found = format!(
            "{} found in {}{queried}",
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
        let reasons: Vec<String> = self
            .not_queried
            .iter()
            .map(|(tenant, error)| format!("; the vaults of tenant {tenant} were listed, because Resource Graph failed: {error}"))
            .collect();
        let found = found + &reasons.concat();
        if missed.is_empty() && self.subscriptions == 0 && !self.queried {
            format!(
                "{found}: no usable subscription is visible to this identity; assign it the \
                     role Reader"
            )
        } else if missed.is_empty() {
            found
        } else {
            format!("{found}; cannot search: {}", missed.join("; "))
        }
    }
}

pub(super) async fn run(
    directory: &dyn VaultDirectory,
    request: &DiscoveryRequest,
) -> DiscoveryOutcome {
    let mut outcome = DiscoveryOutcome::new(Status::Success);
    let mut seen = HashSet::new();
    let mut tenants: Vec<TenantId> =
        request.tenants.iter().filter(|one| seen.insert(*one)).cloned().collect();
    let mut seen = HashSet::new();
    // A list reports whether a given subscription can be read; the index does not.
    let by_lists = match request.via {
        Via::Lists => true,
        Via::Query => false,
        Via::QueryOrLists => !request.only.is_empty(),
    };
    if !by_lists {
        tenants = query(directory, request, tenants, &mut seen, &mut outcome).await;
    }
    let first = tenants.first().cloned();
    let mut searches = subscriptions(directory, tenants, &mut seen, &mut outcome.missed).await;
    if let Some(tenant) = first.filter(|_| !request.only.is_empty()) {
        searches.retain(|(_, id)| request.only.contains(id));
        let unseen = request.only.iter().filter(|id| !seen.contains(*id));
        outcome.missed.extend(unseen.map(|id| Undiscovered {
            tenant: tenant.clone(),
            subscription: Some(*id),
            error: Error::new(
                ErrorKind::Absent,
                format!("find subscription {id}"),
                "it is not among the usable subscriptions that are visible to this identity",
            ),
        }));
    }
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

/// Queries the index, and returns the tenants that remain for the lists. A subscription that is
/// delegated to several tenants is counted as `seen` in the first.
async fn query(
    directory: &dyn VaultDirectory,
    request: &DiscoveryRequest,
    tenants: Vec<TenantId>,
    seen: &mut HashSet<SubscriptionId>,
    outcome: &mut DiscoveryOutcome,
) -> Vec<TenantId> {
    let DiscoveryRequest { via, only, .. } = request;
    let index = directory.query();
    let mut answers = stream::iter(tenants)
        .map(|tenant| async move {
            let answer = if let Some(index) = index {
                index.all_vaults(&tenant).await
            } else {
                let operation = format!("query the index for the vaults of tenant {tenant}");
                Err(Error::new(ErrorKind::Absent, operation, "this cloud has no Resource Graph"))
            };
            (tenant, answer)
        })
        .buffered(SIDE_BY_SIDE);
    let mut rest = Vec::new();
    while let Some((tenant, answer)) = answers.next().await {
        // An answer with a gap is a partial one.
        let answer = answer.and_then(|listing| match (listing.gap, via) {
            (Some(gap), Via::QueryOrLists) => Err(gap),
            (gap, _) => Ok(Listing { gap, items: listing.items }),
        });
        match answer {
            Ok(listing) => {
                outcome.queried = true;
                let known = seen.clone();
                for store in listing.items {
                    let wanted =
                        |id| !known.contains(&id) && (only.is_empty() || only.contains(&id));
                    if store.subscription().is_none_or(wanted) {
                        seen.extend(store.subscription());
                        outcome.stores.push(store);
                    }
                }
                outcome.subscriptions += seen.len() - known.len();
                let gap = listing.gap;
                outcome.missed.extend(gap.map(|error| Undiscovered {
                    tenant,
                    subscription: None,
                    error,
                }));
            }
            Err(error) if *via == Via::QueryOrLists && error.kind() != ErrorKind::Cancelled => {
                outcome.not_queried.push((tenant.clone(), error));
                rest.push(tenant);
            }
            Err(error) => {
                outcome.missed.push(Undiscovered { tenant, subscription: None, error });
            }
        }
    }
    rest
}

/// The usable subscriptions without duplicates: a subscription that is delegated to several tenants
/// is listed in each.
async fn subscriptions(
    directory: &dyn VaultDirectory,
    tenants: Vec<TenantId>,
    seen: &mut HashSet<SubscriptionId>,
    missed: &mut Vec<Undiscovered>,
) -> Vec<(TenantId, SubscriptionId)> {
    let mut listings = stream::iter(tenants)
        .map(|tenant| async move {
            let listing = directory.subscriptions(&tenant).await;
            (tenant, listing)
        })
        .buffered(SIDE_BY_SIDE);
    let mut searches = Vec::new();
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

/// The number of parallel requests for tenants, and then for subscriptions: 200 subscriptions take
/// 9 rounds.
const SIDE_BY_SIDE: usize = 24;

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::error::{Denial, Result};
    use crate::job::mock_directory::{MockDirectory, TENANT, path, subscription};

    const OTHER: &str = "other.example.com";

    fn listed(number: u8, state: &str) -> Subscription {
        Subscription { id: subscription(number), name: String::new(), state: state.into() }
    }

    fn denied<T>(operation: &str) -> Result<T> {
        Err(Error::new(ErrorKind::Denied(Denial::Rbac), operation, "not allowed"))
    }

    fn discover(directory: &MockDirectory, tenants: &[&str]) -> DiscoveryOutcome {
        let tenants = tenants.iter().map(|text| text.parse().expect("a tenant")).collect();
        block_on(run(directory, &DiscoveryRequest { tenants, ..DiscoveryRequest::default() }))
    }

    /// Two tenants; the first is listed twice in different spellings. Subscription 2 is disabled, 3
    /// denied.
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
    fn failed_scope_is_a_warning_with_its_reason() {
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
    fn gap_in_a_list_is_a_warning_with_partial_results() {
        let gap = |operation: &str| {
            Some(Error::new(ErrorKind::Protocol, operation, "1 of 2 is unreadable"))
        };
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
