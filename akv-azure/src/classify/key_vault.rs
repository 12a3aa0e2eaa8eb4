//! What Key Vault's inner codes mean.

use akv_core::{Denial, ErrorKind};

use super::classification::{Classification, azure_policy};
use crate::api::ApiOperation;

pub(super) fn denied(api: ApiOperation, code: &str, inner: &str) -> Classification {
    let needs = api.needs();
    let permission = needs.permission.unwrap_or("a permission");
    let role = || {
        format!(
            "assign the role \"{}\" on the vault, or one with the data action {}; an assignment \
             can take ten minutes to arrive",
            needs.role, needs.action
        )
    };
    let policy = || format!("add {permission} to the caller's access policy of the vault");
    let reason = if inner.is_empty() { code } else { inner };
    match reason {
        "AccessDenied" | "ForbiddenByPolicy" => Classification::new(
            ErrorKind::Denied(Denial::AccessPolicy),
            format!("the vault's access policies do not give the caller {permission}"),
        )
        .advised(policy()),
        "ForbiddenByRbac" => Classification::new(
            ErrorKind::Denied(Denial::Rbac),
            format!("no role of the caller has {}", needs.action),
        )
        .advised(role()),
        "ForbiddenByFirewall" => Classification::new(
            ErrorKind::Denied(Denial::Firewall),
            "the vault's firewall does not admit this address",
        )
        .advised(
            "add the address or the subnet of this machine under Networking of the vault (the \
             service's message has the address it saw), or use a private endpoint",
        ),
        "ForbiddenByConnection" => Classification::new(
            ErrorKind::Denied(Denial::PrivateLink),
            "the vault has public access turned off and this is no private link",
        )
        .advised(
            "run where the vault's private endpoint is reached (its name has to resolve to the \
             private address there), or allow public access",
        ),
        "RequestDisallowedByPolicy" => azure_policy(),
        _ if is_state(reason) => Classification::new(
            ErrorKind::Denied(Denial::ObjectState),
            "the state of the certificate does not allow it",
        )
        .advised("see whether it is disabled, expired or protected from purging"),
        _ if api == ApiOperation::PurgeCertificate => Classification::new(
            ErrorKind::Denied(Denial::Unspecified),
            "not allowed, and the service does not say why",
        )
        .advised(format!(
            "where the vault has purge protection nobody can purge before the retention has \
             passed; otherwise the caller lacks {permission}"
        )),
        _ => Classification::new(
            ErrorKind::Denied(Denial::Unspecified),
            "not allowed, and the service does not say why",
        )
        .advised(format!(
            "with Azure RBAC: {}; with access policies: {}; and see the vault's Networking",
            role(),
            policy()
        )),
    }
}

/// Inner codes that speak of the object and not of the caller.
fn is_state(inner: &str) -> bool {
    ["Disabled", "Expired", "NotYetValid", "ManagedByKeyVault", "PurgeProtect", "PurgeDisabled"]
        .iter()
        .any(|word| inner.contains(word))
}

pub(super) fn conflict(inner: &str) -> Classification {
    match inner {
        "ObjectIsDeletedButRecoverable" => Classification::new(
            ErrorKind::SoftDeleted,
            "a certificate of that name is in soft delete",
        )
        .advised("recover or purge it, or use another name"),
        "ObjectIsBeingDeleted" => Classification::new(
            ErrorKind::BeingDeleted,
            "a certificate of that name is being deleted",
        )
        .advised("try again in a minute"),
        "ObjectIsBeingRecovered" => Classification::new(
            ErrorKind::BeingRecovered,
            "a certificate of that name is being recovered",
        )
        .advised("try again in a minute"),
        _ => Classification::new(ErrorKind::Conflict, "something of that name stands in the way")
            .advised("see whether the vault has a stand-alone key or secret of that name"),
    }
}
