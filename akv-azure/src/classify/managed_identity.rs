//! What a managed identity endpoint means, which has no codes.

use akv_core::ErrorKind;

use super::classification::Classification;

/// There is no code for it: "Identity not found" is all that a metadata service says, and App Service
/// that no identity was "found for specified ClientId/ResourceId/PrincipalId".
pub(super) fn is_unassigned(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["identity not found", "identity isn't assigned", "identity found for specified"]
        .iter()
        .any(|words| message.contains(words))
}

pub(super) fn unassigned() -> Classification {
    Classification::new(
        ErrorKind::Unauthenticated,
        "the machine does not have that managed identity",
    )
    .advised(
        "assign the identity to the machine: turn on its system-assigned identity, or add the \
         user-assigned one, and check the client id",
    )
}

/// Nobody answers at its address.
pub(super) fn no_endpoint() -> Classification {
    Classification::new(ErrorKind::Unavailable, "there is no metadata service here").advised(
        "a managed identity works on Azure's own virtual machines and App Service; elsewhere use a \
         service principal or workload identity (Azure Arc is not supported)",
    )
}

/// It answers, but not now.
pub(super) fn unavailable() -> Classification {
    Classification::new(
        ErrorKind::Unavailable,
        "the machine's metadata service gives no tokens now",
    )
    .advised("it may be updated; if it stays so, see whether this machine is in Azure")
}

/// What it is called in messages.
pub(super) const NAME: &str = "the managed identity endpoint";
