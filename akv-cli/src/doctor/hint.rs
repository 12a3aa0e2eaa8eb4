//! The command that grants a missing permission.

use akv_core::{Denial, Error, ErrorKind, ObjectId, StorePath};

/// The identity that lacks the permission.
pub(super) struct Assignee {
    pub(super) object: Option<ObjectId>,
    /// `ServicePrincipal` or `User`.
    pub(super) kind: &'static str,
}

/// The remedy for an error of a vault, for which `role` or `permission` is missing.
pub(super) fn of_vault(
    error: &Error,
    path: &StorePath,
    assignee: &Assignee,
    role: &str,
    permission: &str,
) -> Option<String> {
    match error.kind() {
        ErrorKind::Denied(Denial::AccessPolicy) => {
            let (kind, permissions) = permission.split_once('/').unwrap_or(("", permission));
            Some(format!(
                "az keyvault set-policy --name {} --object-id {} --{kind}-permissions {permissions}",
                path.vault(),
                object(assignee)
            ))
        }
        ErrorKind::Denied(Denial::Rbac | Denial::Unspecified) => {
            Some(assignment(assignee, role, &vault_scope(path)))
        }
        _ => error.advice().map(str::to_owned),
    }
}

/// `az role assignment create …` with all known values filled in.
pub(super) fn assignment(assignee: &Assignee, role: &str, scope: &str) -> String {
    format!(
        "az role assignment create --assignee-object-id {} --assignee-principal-type {} --role \
         \"{role}\" --scope {scope}",
        object(assignee),
        assignee.kind
    )
}

fn object(assignee: &Assignee) -> String {
    assignee.object.map_or_else(|| "OBJECT_ID".to_owned(), |id| id.to_string())
}

fn vault_scope(path: &StorePath) -> String {
    let vault = path.vault();
    match (path.subscription(), path.resource_group()) {
        (Some(subscription), Some(group)) => format!(
            "\"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault\
             /vaults/{vault}\""
        ),
        _ => format!("\"$(az keyvault show --name {vault} --query id --output tsv)\""),
    }
}
