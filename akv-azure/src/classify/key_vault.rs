//! What Key Vault's inner codes mean.

use akv_core::{Denial, ErrorKind};

use super::classification::{Classification, azure_policy};
use crate::api::ApiOperation;

pub(super) fn denied(api: ApiOperation, code: &str, inner: &str) -> Classification {
    let needs = api.needs();
    let permission = needs.permission.unwrap_or("a permission");
    let role = || {
        format!(
            "assign the role \"{}\" on the vault, or a role with the data action {}; an \
             assignment can take ten minutes to take effect",
            needs.role, needs.action
        )
    };
    let policy = || format!("add {permission} to the caller's access policy of the vault");
    let reason = if inner.is_empty() { code } else { inner };
    match reason {
        "AccessDenied" | "ForbiddenByPolicy" => Classification::new(
            ErrorKind::Denied(Denial::AccessPolicy),
            format!("the access policies of the vault do not grant {permission} to the caller"),
        )
        .advised(policy()),
        "ForbiddenByRbac" => Classification::new(
            ErrorKind::Denied(Denial::Rbac),
            format!("no role of the caller grants {}", needs.action),
        )
        .advised(role()),
        "ForbiddenByFirewall" => Classification::new(
            ErrorKind::Denied(Denial::Firewall),
            "the firewall of the vault blocks the address of this machine",
        )
        .advised(
            "add the address or subnet of this machine under Networking of the vault (the \
             service's message contains the address), or use a private endpoint",
        ),
        "ForbiddenByConnection" => Classification::new(
            ErrorKind::Denied(Denial::PrivateLink),
            "the vault has public access disabled, and the request did not use a private link",
        )
        .advised(
            "run on a network where the vault name resolves to its private endpoint, or enable \
             public access",
        ),
        "RequestDisallowedByPolicy" => azure_policy(),
        _ if is_state(reason) => Classification::new(
            ErrorKind::Denied(Denial::ObjectState),
            "the state of the certificate does not permit the operation",
        )
        .advised("check whether it is disabled, expired or protected from purging"),
        _ if api == ApiOperation::PurgeCertificate => Classification::new(
            ErrorKind::Denied(Denial::Unspecified),
            "permission denied; the service gave no reason",
        )
        .advised(format!(
            "if the vault has purge protection, wait for the end of the retention period; \
             otherwise grant {permission} to the caller"
        )),
        _ => Classification::new(
            ErrorKind::Denied(Denial::Unspecified),
            "permission denied; the service gave no reason",
        )
        .advised(format!(
            "with Azure RBAC: {}; with access policies: {}; also check Networking of the vault",
            role(),
            policy()
        )),
    }
}

/// Inner codes that describe the object and not the caller.
fn is_state(inner: &str) -> bool {
    ["Disabled", "Expired", "NotYetValid", "ManagedByKeyVault", "PurgeProtect", "PurgeDisabled"]
        .iter()
        .any(|word| inner.contains(word))
}

pub(super) fn conflict(inner: &str) -> Classification {
    match inner {
        "ObjectIsDeletedButRecoverable" => Classification::new(
            ErrorKind::SoftDeleted,
            "a certificate with this name is soft-deleted",
        )
        .advised("recover or purge it, or use another name"),
        "ObjectIsBeingDeleted" => Classification::new(
            ErrorKind::BeingDeleted,
            "a certificate with this name is being deleted",
        )
        .advised("try again in a minute"),
        "ObjectIsBeingRecovered" => Classification::new(
            ErrorKind::BeingRecovered,
            "a certificate with this name is being recovered",
        )
        .advised("try again in a minute"),
        _ => Classification::new(
            ErrorKind::Conflict,
            "an object with this name already exists (a \
             stand-alone key or secret)",
        )
        .advised("remove the stand-alone key or secret with this name, or use another name"),
    }
}
