//! Permissions: denials with the service's own inner codes.

use std::collections::{BTreeMap, BTreeSet};

use crate::operation::Operation;

/// Why a vault denies an operation (HTTP 403, `innererror.code`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// `AccessDenied`: the vault's access policies do not grant the permission.
    AccessPolicy,
    /// `ForbiddenByPolicy`, observed for the same cause.
    Policy,
    /// `ForbiddenByRbac`.
    Rbac,
    /// `ForbiddenByFirewall`.
    Firewall,
    /// `ForbiddenByConnection`: public network access is disabled.
    PrivateLink,
    /// Any other inner code.
    Code(String),
}

impl Reason {
    pub(crate) fn inner_code(&self) -> &str {
        match self {
            Self::AccessPolicy => "AccessDenied",
            Self::Policy => "ForbiddenByPolicy",
            Self::Rbac => "ForbiddenByRbac",
            Self::Firewall => "ForbiddenByFirewall",
            Self::PrivateLink => "ForbiddenByConnection",
            Self::Code(code) => code,
        }
    }
}

/// A denial: the operation, the principal, the scope, the reason and the number of times.
///
/// ```
/// use akv_testkit::{FakeCloud, Operation, Reason, DenyRule};
/// let cloud = FakeCloud::builder().vault("contoso").start();
/// // Can list, but not read.
/// cloud.deny(Operation::GetCertificate);
/// // A new role assignment takes a while: the first two imports are denied.
/// cloud.deny(DenyRule::of(Operation::ImportCertificate).because(Reason::Rbac).times(2));
/// ```
#[derive(Debug, Clone)]
pub struct DenyRule {
    operation: Option<Operation>,
    vault: Option<String>,
    name: Option<String>,
    subscription: Option<String>,
    principal: Option<String>,
    reason: Option<Reason>,
    left: Option<u64>,
}

impl DenyRule {
    /// Denies one operation to every principal, everywhere, always.
    pub fn of(operation: Operation) -> Self {
        Self { operation: Some(operation), ..Self::of_everything() }
    }

    /// Denies all operations of vaults and Resource Manager.
    pub fn of_everything() -> Self {
        Self {
            operation: None,
            vault: None,
            name: None,
            subscription: None,
            principal: None,
            reason: None,
            left: None,
        }
    }

    /// Only in that vault.
    #[must_use]
    pub fn in_vault(mut self, vault: &str) -> Self {
        self.vault = Some(vault.to_owned());
        self
    }

    /// Only for the certificate with that name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Only in that subscription, by its ID.
    #[must_use]
    pub fn in_subscription(mut self, id: &str) -> Self {
        self.subscription = Some(id.to_owned());
        self
    }

    /// Only for the principal with that client ID.
    #[must_use]
    pub fn to(mut self, client_id: &str) -> Self {
        self.principal = Some(client_id.to_owned());
        self
    }

    /// Sets the inner code. By default it follows the vault's access model: `AccessDenied` with
    /// access policies, `ForbiddenByRbac` with RBAC.
    #[must_use]
    pub fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Only this many times, as with a new role assignment.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.left = Some(times);
        self
    }

    pub(crate) fn reason(&self) -> Option<&Reason> {
        self.reason.as_ref()
    }
}

impl From<Operation> for DenyRule {
    fn from(operation: Operation) -> Self {
        Self::of(operation)
    }
}

/// The principal and the target of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) operation: Operation,
    pub(crate) principal: &'a str,
    pub(crate) vault: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) subscription: Option<&'a str>,
}

/// All denials, and the principals that are restricted to a list.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    refusals: Vec<DenyRule>,
    only: BTreeMap<String, BTreeSet<Operation>>,
}

impl Permissions {
    pub(crate) fn deny(&mut self, refusal: DenyRule) {
        self.refusals.push(refusal);
    }

    pub(crate) fn permit_only(&mut self, client_id: &str, operations: &[Operation]) {
        self.only.insert(client_id.to_owned(), operations.iter().copied().collect());
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The denial that applies to this request, if any; a limited one is used up by it.
    pub(crate) fn check(&mut self, subject: Subject<'_>) -> Option<DenyRule> {
        if self.only.get(subject.principal).is_some_and(|may| !may.contains(&subject.operation)) {
            return Some(DenyRule::of(subject.operation));
        }
        let refusal = self.refusals.iter_mut().find(|refusal| refusal.meets(subject))?;
        if let Some(left) = &mut refusal.left {
            *left -= 1;
        }
        Some(refusal.clone())
    }
}

impl DenyRule {
    fn meets(&self, subject: Subject<'_>) -> bool {
        self.left != Some(0)
            && self.operation.is_none_or(|operation| operation == subject.operation)
            && is(self.vault.as_deref(), subject.vault)
            && is(self.name.as_deref(), subject.name)
            && is(self.subscription.as_deref(), subject.subscription)
            && is(self.principal.as_deref(), Some(subject.principal))
    }
}

/// Whether a condition is met, or not set.
pub(crate) fn is(condition: Option<&str>, actual: Option<&str>) -> bool {
    condition.is_none_or(|wanted| actual.is_some_and(|actual| actual.eq_ignore_ascii_case(wanted)))
}
