//! What Resource Manager's codes mean.

use akv_core::{Denial, ErrorKind};

use super::classification::{Classification, azure_policy};
use crate::api::ApiOperation;

pub(super) fn denied(api: ApiOperation, code: &str) -> Classification {
    let needs = api.needs();
    match code {
        "RequestDisallowedByPolicy" => azure_policy(),
        "AuthorizationFailed" | "LinkedAuthorizationFailed" => Classification::new(
            ErrorKind::Denied(Denial::Rbac),
            format!("no role of the caller has {} there", needs.action),
        )
        .advised(format!("assign the role \"{}\" there, or one with {}", needs.role, needs.action)),
        _ => Classification::new(
            ErrorKind::Denied(Denial::Unspecified),
            "not allowed, and the service does not say why",
        )
        .advised(format!("the caller needs {}", needs.action)),
    }
}

pub(super) fn conflict(code: &str) -> Classification {
    match code {
        "VaultAlreadyExists" => Classification::new(
            ErrorKind::NameTaken,
            "the name is taken: vault names are unique worldwide, vaults in soft delete included",
        )
        .advised("choose another name"),
        "ConflictError" => Classification::new(
            ErrorKind::SoftDeleted,
            "a vault of that name is in soft delete",
        )
        .advised(
            "recover it (az keyvault recover) or purge it (az keyvault purge), or choose another \
             name",
        ),
        "MissingSubscriptionRegistration" => Classification::new(
            ErrorKind::Conflict,
            "the subscription is not registered for Key Vault",
        )
        .advised("register it: az provider register --namespace Microsoft.KeyVault"),
        _ => Classification::new(
            ErrorKind::Conflict,
            "another operation or object stands in the way",
        ),
    }
}
