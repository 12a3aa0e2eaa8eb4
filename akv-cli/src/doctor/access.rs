//! The identity of a job, and its permissions in the vault.

use akv_azure::SignedIn;
use akv_core::{
    CertificateName, CertificateStore, Cloud, Credential, Denial, Error, ErrorKind, ListOptions,
    ListedCertificate, StoreAddress, TenantId,
};
use futures::StreamExt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::check::{Checks, Status, cause};
use super::hint::{self, Assignee};
use crate::args::Common;
use crate::wiring::Wiring;

/// An identity with a token.
pub(super) struct Identity {
    pub(super) credential: Credential,
    pub(super) tenant: Option<TenantId>,
    pub(super) assignee: Assignee,
}

pub(super) async fn identity(
    checks: &mut Checks,
    common: &Common,
    wiring: &Wiring,
    cloud: &Cloud,
    tenant: Option<&TenantId>,
) -> Option<Identity> {
    let credential = match wiring.credential(common).await {
        Ok(credential) => credential,
        Err(error) => {
            checks.problem("identity", format!("{error:#}"), None);
            return None;
        }
    };
    let (kind, principal) = match credential {
        Credential::ClientSecret { .. } => ("service principal with a secret", "ServicePrincipal"),
        Credential::ClientCertificate { .. } => {
            ("service principal with a certificate", "ServicePrincipal")
        }
        Credential::SystemAssignedIdentity => {
            ("system-assigned managed identity", "ServicePrincipal")
        }
        Credential::UserAssignedIdentity { .. } => {
            ("user-assigned managed identity", "ServicePrincipal")
        }
        Credential::WorkloadIdentity { .. } => ("workload identity", "ServicePrincipal"),
        Credential::AzureCli => ("login of the Azure CLI", "User"),
        _ => ("credential", "ServicePrincipal"),
    };
    match wiring.azure.signed_in(cloud, tenant, &credential).await {
        Ok(signed_in) => {
            checks.ok("identity", format!("{kind}: {}", who(&signed_in)));
            let assignee = Assignee { object: signed_in.object, kind: principal };
            let tenant = tenant.cloned().or(signed_in.tenant);
            Some(Identity { credential, tenant, assignee })
        }
        Err(error) => {
            let hint = error.advice().map(str::to_owned);
            checks.problem("identity", format!("{kind}: {}", cause(&error)), hint);
            None
        }
    }
}

fn who(signed_in: &SignedIn) -> String {
    let SignedIn { application, object, tenant, expires, .. } = signed_in;
    let expires = expires.and_then(|at: OffsetDateTime| at.format(&Rfc3339).ok());
    [
        application.map(|id| format!("application {id}")),
        object.map(|id| format!("object {id}")),
        tenant.as_ref().map(|id| format!("tenant {id}")),
        expires.map(|at| format!("the token expires at {at}")),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(", ")
}

pub(super) async fn vault(
    checks: &mut Checks,
    wiring: &Wiring,
    address: &StoreAddress,
    identity: &Identity,
    chain: bool,
) {
    let store = match wiring.azure.store(address, &identity.credential) {
        Ok(store) => store,
        Err(error) => {
            checks.failed("firewall", Status::Problem, &error, None);
            return checks.not_checked(&VAULT[1..], "the vault cannot be reached");
        }
    };
    let first = store.list(ListOptions::default()).next().await.transpose();
    match &first {
        Err(error) if is_network(error) => {
            checks.failed("firewall", Status::Problem, error, None);
            return checks
                .not_checked(&VAULT[1..], "the firewall of the vault blocks this machine");
        }
        Err(error) if !matches!(error.kind(), ErrorKind::Denied(_)) => {
            checks.not_checked(&["firewall"], "the vault did not respond");
        }
        _ => checks.ok("firewall", "the firewall of the vault allows this machine"),
    }
    let mut permission = Permission { checks, address, identity };
    permission.report("list", first.as_ref().map(|_| ()), READER, "certificate/list");
    let listed = first.ok().flatten();
    let name = listed.as_ref().map_or_else(probe, |it: &ListedCertificate| Some(it.name.clone()));
    let Some(name) = name else { return };
    let certificate = store.certificate(&name).await;
    permission.report("get", certificate.as_ref().map(|_| ()), READER, "certificate/get");
    let deleted = store.deleted(&name).await;
    permission.report("get-deleted", deleted.as_ref().map(|_| ()), READER, "certificate/get");
    if !chain {
        return permission.checks.not_checked(&["get-secret"], "required only with --chain");
    }
    match certificate.ok().flatten() {
        Some(found) if found.der.is_some() => {
            let chain = store.chain(&name, &found.version).await;
            permission.report("get-secret", chain.as_ref().map(|_| ()), USER, "secret/get");
        }
        _ => permission.checks.not_checked(
            &["get-secret"],
            "the vault has no certificate to \
             check this with",
        ),
    }
}

struct Permission<'a> {
    checks: &'a mut Checks,
    address: &'a StoreAddress,
    identity: &'a Identity,
}

impl Permission<'_> {
    fn report(&mut self, name: &str, result: Result<(), &Error>, role: &str, permission: &str) {
        match result {
            Ok(()) => self.checks.ok(name, "permitted"),
            Err(error) => {
                let (path, assignee) = (&self.address.path, &self.identity.assignee);
                let hint = hint::of_vault(error, path, assignee, role, permission);
                self.checks.failed(name, Status::Problem, error, hint);
            }
        }
    }
}

fn is_network(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Denied(Denial::Firewall | Denial::PrivateLink))
}

/// A certificate name for an empty vault: "not found" proves the permission.
fn probe() -> Option<CertificateName> {
    "akv-doctor".parse().ok()
}

/// The checks of this module, in order.
pub(super) const VAULT: [&str; 5] = ["firewall", "list", "get", "get-deleted", "get-secret"];
/// The role that jobs need; with a read-only role the next addition would fail.
const READER: &str = "Key Vault Certificates Officer";
const USER: &str = "Key Vault Certificate User";
