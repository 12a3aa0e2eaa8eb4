//! The state of Resource Manager, and the dispatch of every operation.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use crate::arm::graph::Graph;
use crate::arm::rate::Rates;
use crate::arm::route::Target;
use crate::endpoints::Endpoints;
use crate::entra::{Claims, Tenant};
use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::permission::Permissions;
use crate::problem;
use crate::vault::{Timing, Vault};

/// The state of Resource Manager besides the vaults.
#[derive(Debug)]
pub(crate) struct Arm {
    /// By lower-case id.
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    /// By lower-case name.
    pub(crate) deleted: BTreeMap<String, DeletedVault>,
    /// The end of each operation in progress, by its ID.
    pub(super) operations: BTreeMap<String, OffsetDateTime>,
    pub(super) page_size: usize,
    pub(super) rates: Rates,
    pub(super) graph: Graph,
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
    /// Adds a resource group unless it exists.
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

/// A soft-deleted vault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeletedVault {
    pub(crate) vault: Vault,
    pub(crate) at: OffsetDateTime,
    pub(crate) purge: OffsetDateTime,
}

/// One request that has passed the gate.
pub(super) struct Call<'a> {
    pub(super) target: &'a Target,
    pub(super) request: &'a Request,
    pub(super) tenant: &'a str,
    pub(super) caller: &'a str,
    pub(super) endpoints: Endpoints,
    pub(super) now: OffsetDateTime,
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

    /// Takes one request from the caller's bucket. `Err`: the wait until the next one.
    pub(crate) fn take(
        &mut self,
        target: &Target,
        claims: &Claims,
        now: OffsetDateTime,
    ) -> Result<(), Duration> {
        self.rates.take(target, claims, now)
    }

    /// Adds the headers of every answer.
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

/// The state that Resource Manager works on: its own, and the shared one.
#[derive(Debug)]
pub(crate) struct Resources<'a> {
    pub(crate) arm: &'a mut Arm,
    /// By lower-case name; shared with the data plane.
    pub(crate) vaults: &'a mut BTreeMap<String, Vault>,
    pub(crate) tenants: &'a [Tenant],
    pub(crate) permissions: &'a mut Permissions,
    pub(crate) timing: Timing,
}

/// Executes an operation that has passed the gate.
pub(crate) fn answer(
    resources: &mut Resources<'_>,
    target: &Target,
    request: &Request,
    claims: &Claims,
    endpoints: Endpoints,
    now: OffsetDateTime,
) -> Response {
    resources.arm.deleted.retain(|_, deleted| deleted.purge > now);
    let call = Call { target, request, tenant: &claims.tid, caller: &claims.appid, endpoints, now };
    match target.operation {
        Operation::ListTenants => return call.tenants(resources),
        Operation::ListSubscriptions => return call.subscriptions(resources),
        Operation::QueryResources => return call.query(resources, claims),
        Operation::Unknown => {
            return problem::resource_manager(
                404,
                "InvalidResourceType",
                "the fake Resource Manager does not have this operation",
            );
        }
        _ => {}
    }
    // All other operations are on a subscription, which must belong to the token's tenant.
    if let Err(answer) = call.check_scope(resources) {
        return answer;
    }
    match target.operation {
        Operation::GetSubscription => call.subscription(resources),
        Operation::ListLocations => call.locations(),
        Operation::ListResourceGroups => call.resource_groups(resources),
        Operation::GetResourceGroup => call.resource_group(resources),
        Operation::ListResources => call.resources(resources),
        Operation::ListVaults => call.vaults(resources),
        Operation::GetVault => call.vault(resources),
        Operation::CreateVault => call.create(resources),
        Operation::UpdateVault => call.update(resources),
        Operation::DeleteVault => call.delete(resources),
        Operation::ListDeletedVaults => call.deleted_vaults(resources),
        Operation::GetDeletedVault => call.deleted_vault(resources),
        Operation::PurgeVault => call.purge(resources),
        Operation::GetOperationResult => call.operation_result(resources),
        Operation::UpdateAccessPolicy => call.update_access(resources),
        Operation::ListManagedHsms => Response::json(200, &json!({ "value": [] })),
        _ => call.check_name(resources),
    }
}
