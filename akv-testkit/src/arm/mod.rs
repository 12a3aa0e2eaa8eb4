//! Resource Manager: subscriptions, resource groups, vaults.

mod access;
mod deleted;
mod gate;
mod graph;
mod page;
mod rate;
mod route;
mod subscription;
mod vault;
mod wanted;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use crate::cloud::State;
use crate::entra::Claims;
use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::problem;
use crate::realm::Realm;
use crate::vault::Vault;

pub(crate) use gate::{authenticate, check_version, forbidden, throttled};
pub(crate) use route::{Target, route};
pub(crate) use subscription::cloud_metadata;

use graph::Graph;
use rate::Rates;

/// What Resource Manager knows besides the vaults.
#[derive(Debug)]
pub(crate) struct Arm {
    /// By lower-case id.
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    /// By lower-case name.
    pub(crate) deleted: BTreeMap<String, DeletedVault>,
    /// What is going on, by its id, until when.
    operations: BTreeMap<String, OffsetDateTime>,
    page_size: usize,
    rates: Rates,
    graph: Graph,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) state: String,
    /// By lower-case name.
    pub(crate) groups: BTreeMap<String, Group>,
}

impl Subscription {
    /// Adds a resource group unless it is there.
    pub(crate) fn add_group(&mut self, name: &str, location: &str) {
        self.groups
            .entry(name.to_ascii_lowercase())
            .or_insert_with(|| Group { name: name.to_owned(), location: location.to_owned() });
    }
}

/// A resource group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) location: String,
}

/// A vault in soft delete.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeletedVault {
    pub(crate) vault: Vault,
    pub(crate) at: OffsetDateTime,
    pub(crate) purge: OffsetDateTime,
}

/// One request that has passed the gate.
struct Call<'a> {
    target: &'a Target,
    request: &'a Request,
    tenant: &'a str,
    caller: &'a str,
    realm: Realm,
    now: OffsetDateTime,
}

impl Arm {
    pub(crate) fn new(subscriptions: BTreeMap<String, Subscription>, page_size: usize) -> Self {
        Self {
            subscriptions,
            deleted: BTreeMap::new(),
            operations: BTreeMap::new(),
            page_size,
            rates: Rates::default(),
            graph: Graph::default(),
        }
    }

    /// Takes one request out of the caller's bucket. `Err`: how long to wait.
    pub(crate) fn take(
        &mut self,
        target: &Target,
        claims: &Claims,
        now: OffsetDateTime,
    ) -> Result<(), Duration> {
        self.rates.take(target, claims, now)
    }

    /// Adds the headers that every answer has.
    pub(crate) fn finish(&self, answer: Response, target: &Target, claims: &Claims) -> Response {
        let id = uuid::Uuid::new_v4().to_string();
        let left = self.rates.left(target, claims);
        left.fold(answer, |answer, (name, left)| answer.with_header(name, left.to_string()))
            .with_header("Cache-Control", "no-cache")
            .with_header("x-ms-request-id", id.clone())
            .with_header("x-ms-correlation-request-id", id.clone())
            .with_header("x-ms-routing-request-id", format!("WESTEUROPE:{id}"))
            .with_header("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
            .with_header("X-Content-Type-Options", "nosniff")
    }
}

/// Carries out an operation that has passed the gate.
pub(crate) fn answer(
    state: &mut State,
    target: &Target,
    request: &Request,
    claims: &Claims,
    realm: Realm,
    now: OffsetDateTime,
) -> Response {
    state.arm.deleted.retain(|_, deleted| deleted.purge > now);
    let call = Call { target, request, tenant: &claims.tid, caller: &claims.appid, realm, now };
    match target.operation {
        Operation::ListTenants => return call.tenants(state),
        Operation::ListSubscriptions => return call.subscriptions(state),
        Operation::QueryResources => return call.query(state, claims),
        Operation::Unknown => {
            return problem::resource_manager(
                404,
                "InvalidResourceType",
                "the fake Resource Manager does not have this operation",
            );
        }
        _ => {}
    }
    // Everything else is about a subscription, which has to be one of the token's tenant.
    if let Err(answer) = call.check_scope(state) {
        return answer;
    }
    match target.operation {
        Operation::GetSubscription => call.subscription(state),
        Operation::ListLocations => call.locations(),
        Operation::ListResourceGroups => call.resource_groups(state),
        Operation::GetResourceGroup => call.resource_group(state),
        Operation::ListResources => call.resources(state),
        Operation::ListVaults => call.vaults(state),
        Operation::GetVault => call.vault(state),
        Operation::CreateVault => call.create(state),
        Operation::UpdateVault => call.update(state),
        Operation::DeleteVault => call.delete(state),
        Operation::ListDeletedVaults => call.deleted_vaults(state),
        Operation::GetDeletedVault => call.deleted_vault(state),
        Operation::PurgeVault => call.purge(state),
        Operation::GetOperationResult => call.operation_result(state),
        Operation::UpdateAccessPolicy => call.update_access(state),
        Operation::ListManagedHsms => Response::json(200, &json!({ "value": [] })),
        _ => call.check_name(state),
    }
}
