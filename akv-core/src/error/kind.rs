//! What an error means to the caller.

/// Why a request was denied (HTTP 403), by the service's inner code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denial {
    /// The vault uses access policies and the caller's lacks the permission.
    AccessPolicy,
    /// The vault uses Azure RBAC and the caller has no role with the permission.
    Rbac,
    /// The vault's firewall does not admit the caller's address.
    Firewall,
    /// The vault admits private links only.
    PrivateLink,
    /// Azure Policy forbids it.
    AzurePolicy,
    /// The object's state forbids it: disabled, expired, protected from purge.
    ObjectState,
    /// The service did not say why.
    Unspecified,
}

/// What an [`Error`](crate::Error) means to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Permission denied. It says nothing about the existence of an object.
    Denied(Denial),
    /// No token could be obtained, or the service rejected it.
    Unauthenticated,
    /// The object of the operation does not exist.
    Absent,
    /// A soft-deleted certificate or vault has this name.
    SoftDeleted,
    /// A certificate with this name was still being deleted at the deadline.
    BeingDeleted,
    /// A certificate with this name was still being recovered at the deadline.
    BeingRecovered,
    /// Another object has this name, such as a stand-alone secret.
    Conflict,
    /// Another vault has this name; vault names are globally unique.
    NameTaken,
    /// Throttled until the deadline.
    Throttled,
    /// The request is invalid: rejected before sending, or by the service (HTTP 400).
    Invalid,
    /// The service failed (HTTP 5xx) or could not be reached.
    Unavailable,
    /// The deadline passed.
    TimedOut,
    /// The caller cancelled.
    Cancelled,
    /// The response violates the interface: too large, endless, unreadable.
    Protocol,
    /// The audit could not record the change, so it was not made.
    Unrecorded,
    /// The response points to a host outside the configuration. No token was sent there.
    UntrustedHost,
}

impl ErrorKind {
    /// Whether a permission, a token or request capacity is missing. Such an error says nothing about
    /// the content of the store.
    pub fn is_permission_or_throttling(self) -> bool {
        matches!(self, Self::Denied(_) | Self::Unauthenticated | Self::Throttled)
    }
}
