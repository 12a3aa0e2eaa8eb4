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
            format!("no role of the caller grants {} in this scope", needs.action),
        )
        .advised(format!(
            "assign the role \"{}\" in this scope, or a role with {}",
            needs.role, needs.action
        )),
        _ => Classification::new(
            ErrorKind::Denied(Denial::Unspecified),
            "permission denied; the service gave no reason",
        )
        .advised(format!("grant {} to the caller", needs.action)),
    }
}

pub(super) fn conflict(code: &str) -> Classification {
    match code {
        "VaultAlreadyExists" => Classification::new(
            ErrorKind::NameTaken,
            "the name is taken: vault names are globally unique, including soft-deleted vaults",
        )
        .advised("choose another name"),
        "ConflictError" => Classification::new(
            ErrorKind::SoftDeleted,
            "a vault with this name is soft-deleted",
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
            "another operation or object conflicts with the request",
        ),
    }
}
