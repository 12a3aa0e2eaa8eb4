//! Classifies the answers of managed identity endpoints, which have no error codes.

use akv_core::ErrorKind;

use super::classification::Classification;

/// There is no code for this case: a metadata service says only "Identity not found", and App
/// Service says that no identity was "found for specified ClientId/ResourceId/PrincipalId".
pub(super) fn is_unassigned(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["identity not found", "identity isn't assigned", "identity found for specified"]
        .iter()
        .any(|words| message.contains(words))
}

pub(super) fn unassigned() -> Classification {
    Classification::new(
        ErrorKind::Unauthenticated,
        "this machine does not have the requested managed identity",
    )
    .advised(
        "enable the system-assigned identity of the machine, or assign the user-assigned identity \
         and check the client ID",
    )
}

/// No process answers at the endpoint's address.
pub(super) fn no_endpoint() -> Classification {
    Classification::new(ErrorKind::Unavailable, "this machine has no metadata service").advised(
        "a managed identity works on Azure virtual machines and App Service; elsewhere use a \
         service principal or workload identity (Azure Arc is not supported)",
    )
}

/// The endpoint answers with a transient failure.
pub(super) fn unavailable() -> Classification {
    Classification::new(
        ErrorKind::Unavailable,
        "the metadata service of this machine currently issues no tokens",
    )
    .advised("retry later; if the error persists, check whether this machine is in Azure")
}

/// Its name in messages.
pub(super) const NAME: &str = "the managed identity endpoint";
