//! The operation and the target of a Resource Manager request.

use crate::exchange::Request;
use crate::operation::Operation;

/// The target of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) operation: Operation,
    pub(crate) subscription: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) vault: Option<String>,
    pub(crate) location: Option<String>,
    /// The last path segment, if the operation needs it.
    pub(crate) detail: Option<String>,
}

/// Finds the operation. Segments ignore case, as everywhere in Resource Manager.
pub(crate) fn route(request: &Request) -> Target {
    let parts: Vec<&str> = request.path().split('/').filter(|part| !part.is_empty()).collect();
    let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let at = |index: usize| parts.get(index).map(|part| (*part).to_owned());
    let method = request.method();

    let (operation, group, vault, location) = match lower.as_slice() {
        ["tenants"] => (Operation::ListTenants, None, None, None),
        ["metadata", "endpoints"] => (Operation::CloudMetadata, None, None, None),
        ["providers", RESOURCE_GRAPH, "resources"] => (Operation::QueryResources, None, None, None),
        ["subscriptions"] => (Operation::ListSubscriptions, None, None, None),
        ["subscriptions", _] => (Operation::GetSubscription, None, None, None),
        ["subscriptions", _, "locations"] => (Operation::ListLocations, None, None, None),
        ["subscriptions", _, "resourcegroups"] => (Operation::ListResourceGroups, None, None, None),
        ["subscriptions", _, "resourcegroups", _] => {
            (Operation::GetResourceGroup, at(3), None, None)
        }
        ["subscriptions", _, "resources"] => (Operation::ListResources, None, None, None),
        ["subscriptions", _, "providers", KEY_VAULT, "vaults"] => {
            (Operation::ListVaults, None, None, None)
        }
        ["subscriptions", _, "resourcegroups", _, "providers", KEY_VAULT, "vaults"] => {
            (Operation::ListVaults, at(3), None, None)
        }
        ["subscriptions", _, "resourcegroups", _, "providers", KEY_VAULT, "vaults", _] => {
            (of_vault(method), at(3), at(7), None)
        }
        [
            "subscriptions",
            _,
            "resourcegroups",
            _,
            "providers",
            KEY_VAULT,
            "vaults",
            _,
            "accesspolicies",
            "add" | "replace" | "remove",
        ] => (Operation::UpdateAccessPolicy, at(3), at(7), None),
        ["subscriptions", _, "providers", KEY_VAULT, "locations", _, "operationresults", _] => {
            (Operation::GetOperationResult, None, None, at(5))
        }
        ["subscriptions", _, "providers", KEY_VAULT, "managedhsms" | "deletedmanagedhsms"] => {
            (Operation::ListManagedHsms, None, None, None)
        }
        ["subscriptions", _, "providers", KEY_VAULT, "deletedvaults"] => {
            (Operation::ListDeletedVaults, None, None, None)
        }
        ["subscriptions", _, "providers", KEY_VAULT, "locations", _, "deletedvaults", _] => {
            (Operation::GetDeletedVault, None, at(7), at(5))
        }
        [
            "subscriptions",
            _,
            "providers",
            KEY_VAULT,
            "locations",
            _,
            "deletedvaults",
            _,
            "purge",
        ] => (Operation::PurgeVault, None, at(7), at(5)),
        ["subscriptions", _, "providers", KEY_VAULT, "checknameavailability"] => {
            (Operation::CheckNameAvailability, None, None, None)
        }
        _ => (Operation::Unknown, None, None, None),
    };
    let expected = match operation {
        Operation::CreateVault | Operation::UpdateVault | Operation::DeleteVault => method,
        Operation::PurgeVault | Operation::CheckNameAvailability | Operation::QueryResources => {
            "POST"
        }
        Operation::UpdateAccessPolicy => "PUT",
        _ => "GET",
    };
    let operation = if method == expected { operation } else { Operation::Unknown };
    let subscription = at(1).filter(|_| lower.first() == Some(&"subscriptions"));
    let is_detailed =
        matches!(operation, Operation::GetOperationResult | Operation::UpdateAccessPolicy);
    let detail = lower.last().filter(|_| is_detailed).map(|last| (*last).to_owned());
    Target { operation, subscription, group, vault, location, detail }
}

fn of_vault(method: &str) -> Operation {
    match method {
        "GET" => Operation::GetVault,
        "PUT" => Operation::CreateVault,
        "PATCH" => Operation::UpdateVault,
        "DELETE" => Operation::DeleteVault,
        _ => Operation::Unknown,
    }
}

const KEY_VAULT: &str = "microsoft.keyvault";
const RESOURCE_GRAPH: &str = "microsoft.resourcegraph";
