//! The fake cloud, as a test uses it.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::budget::Budget;
use crate::clock::{Clock, LONGEST};
use crate::cloud::saved::Saved;
use crate::cloud::state::State;
use crate::cloud::{FakeCloudBuilder, FakeVault, builder};
use crate::endpoints::Endpoints;
use crate::entra::{ClientCertificate, ClientCertificateError};
use crate::exchange::{Request, Response};
use crate::fault::{Fault, HitCounter};
use crate::journal::Journal;
use crate::managed_identity::{APP_SERVICE_ENDPOINT, ARC_ENDPOINT};
use crate::operation::Operation;
use crate::permission::DenyRule;
use crate::vault::key_for;

/// A complete Azure for certificates: vaults, Resource Manager, Entra ID, managed identities.
///
/// Clones share one cloud. Every setting takes effect with the next request.
///
/// ```
/// use akv_testkit::{FakeCloud, Fault, Operation};
///
/// let cloud = FakeCloud::builder().vault("contoso").start();
/// cloud.vault("contoso").seed(30);
/// cloud.fault(Fault::on(Operation::ListCertificates).nth(2).throttled());
/// // Pass `cloud.transport()` to the client under test, run the client, and check:
/// assert_eq!(cloud.journal().count(Operation::ListCertificates), 0);
/// ```
#[derive(Debug, Clone)]
pub struct FakeCloud {
    state: Arc<Mutex<State>>,
    clock: Clock,
    journal: Journal,
}

impl FakeCloud {
    /// Creates a builder.
    pub fn builder() -> FakeCloudBuilder {
        FakeCloudBuilder::new()
    }

    pub(crate) fn from_state(state: State, clock: Clock) -> Self {
        Self { state: Arc::new(Mutex::new(state)), clock, journal: Journal::default() }
    }

    /// Answers a request. Every transport calls this function, and only it accesses the state.
    pub fn handle(&self, request: &Request) -> Response {
        let key = key_for(request);
        let (answer, entry) = {
            let mut state = self.state();
            state.key = key;
            state.answer(request, self.clock.now())
        };
        self.journal.record(entry);
        answer
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Every request seen.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// A vault, for reading and filling it without a request. Includes vaults that clients have
    /// created.
    pub fn vault(&self, name: &str) -> FakeVault {
        FakeVault::new(self.clone(), name)
    }

    /// Sets a fault; the result counts how often it has occurred.
    #[expect(
        clippy::must_use_candidate,
        reason = "the fault is set even if its counter is not used"
    )]
    pub fn fault(&self, fault: Fault) -> HitCounter {
        self.state().script.add(fault)
    }

    /// The current faults.
    pub fn faults(&self) -> Vec<Fault> {
        self.state().script.faults()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.state().script.clear();
    }

    /// Denies an operation.
    pub fn deny(&self, refusal: impl Into<DenyRule>) {
        self.state().permissions.deny(refusal.into());
    }

    /// Restricts the principal with that client ID to these operations.
    pub fn permit_only(&self, client_id: &str, operations: &[Operation]) {
        self.state().permissions.permit_only(client_id, operations);
    }

    /// Removes all restrictions, as at the start.
    pub fn permit_all(&self) {
        self.state().permissions.clear();
    }

    /// Sets or removes the transaction limit of each vault, and resets the count.
    pub fn budget(&self, budget: impl Into<Option<Budget>>) {
        self.state().meter.set(budget.into());
    }

    /// The latency of every answer from now on.
    pub fn latency(&self, latency: Duration) {
        self.state().latency = latency.min(LONGEST);
    }

    /// The lifetime of new tokens from now on.
    pub fn token_lifetime(&self, lifetime: Duration) {
        self.state().entra.lifetime = lifetime.min(LONGEST);
    }

    /// Revokes all tokens that were issued before this moment.
    pub fn revoke_tokens(&self) {
        // Tokens have whole seconds; the next second begins with new ones.
        self.clock.advance(Duration::from_secs(1));
        let now = self.clock.now();
        self.state().entra.mint.revoke_before(now);
    }

    /// Makes all secrets of the service principal expire.
    pub fn expire_client_secret(&self) {
        let now = self.clock.now();
        for principal in &mut self.state().entra.principals {
            for secret in &mut principal.secrets {
                secret.expires = Some(now);
            }
        }
    }

    /// Adds another certificate as a credential of the service principal: DER, or a PEM file whose
    /// first certificate is used and whose other certificates are its chain.
    ///
    /// # Errors
    ///
    /// If the file contains no readable certificate, or its key is not RSA.
    pub fn add_client_certificate(&self, file: &[u8]) -> Result<(), ClientCertificateError> {
        self.state().add_client_certificate(ClientCertificate::read(file)?);
        Ok(())
    }

    /// Removes the system-assigned identity of the machine.
    pub fn remove_system_identity(&self) {
        self.state().identities.system = None;
    }

    /// The persistent state of the cloud as JSON: tenants, service principal, subscriptions, vaults
    /// and their contents, including private keys and the client secret. Tokens, faults,
    /// permissions and the journal are not included.
    pub fn save(&self) -> String {
        serde_json::to_string(&Saved::of(&self.state())).unwrap_or_default()
    }

    /// The ID of the first tenant.
    pub fn tenant_id(&self) -> String {
        self.state().entra.tenants.first().map(|tenant| tenant.id.clone()).unwrap_or_default()
    }

    /// The ID of the first subscription.
    pub fn subscription_id(&self) -> String {
        builder::SUBSCRIPTION.to_owned()
    }

    /// The name of the first subscription's first resource group.
    pub fn resource_group(&self) -> String {
        builder::GROUP.to_owned()
    }

    /// The client ID of the service principal.
    pub fn client_id(&self) -> String {
        let state = self.state();
        state.entra.principals.first().map(|p| p.client_id.clone()).unwrap_or_default()
    }

    /// The secret of the service principal.
    pub fn client_secret(&self) -> String {
        let state = self.state();
        let principal = state.entra.principals.first();
        principal.and_then(|p| p.secrets.first()).map(|s| s.text.clone()).unwrap_or_default()
    }

    /// A token of the service principal for an audience such as `https://vault.azure.net`, without
    /// a request: for calls of a test that bypass the client under test.
    ///
    /// ```
    /// use akv_testkit::{FakeCloud, Request};
    /// let cloud = FakeCloud::builder().vault("contoso").start();
    /// let url = "https://contoso.vault.azure.net/certificates?api-version=7.4".parse()?;
    /// let bearer = format!("Bearer {}", cloud.token("https://vault.azure.net"));
    /// let request = Request::new("GET", &url).header("Authorization", &bearer);
    /// assert_eq!(cloud.handle(&request).status(), 200);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn token(&self, audience: &str) -> String {
        let (state, now) = (self.state(), self.clock.now());
        let endpoints =
            Endpoints::BUILT_IN.into_iter().find(|endpoints| endpoints.has_audience(audience));
        let principal = state.entra.principals.first().zip(state.entra.tenants.first());
        principal.map_or_else(String::new, |(principal, tenant)| {
            let endpoints = endpoints.unwrap_or(Endpoints::Public);
            state.entra.issue(&tenant.id, principal, audience, endpoints, now).0
        })
    }

    /// The client ID of the user-assigned managed identity.
    pub fn user_identity(&self) -> String {
        let state = self.state();
        state.identities.user.first().map(|p| p.client_id.clone()).unwrap_or_default()
    }

    /// An assertion of a workload's own issuer that the service principal's federated credential
    /// accepts, valid for an hour: the content of `AZURE_FEDERATED_TOKEN_FILE`.
    pub fn federated_assertion(&self) -> String {
        let state = self.state();
        let principal = state.entra.principals.first();
        principal.map(|p| state.entra.assertion(p, self.clock.now())).unwrap_or_default()
    }

    /// The values that App Service sets in `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`.
    pub fn app_service(&self) -> (String, String) {
        (
            APP_SERVICE_ENDPOINT.to_owned(),
            self.state().identities.endpoint_header.expose().to_owned(),
        )
    }

    /// Runs Azure Arc's agent on the machine, and lets it write its keys into a folder, which is
    /// created if necessary. Clients read keys only from `/var/opt/azcmagent/tokens` unless they
    /// can be configured. Set `IDENTITY_ENDPOINT` to the returned value; clients also require
    /// `IMDS_ENDPOINT` to be set. Without an agent, no server listens there. For a challenge that a
    /// client must reject, see [`Challenge::KeyFile`](crate::Challenge::KeyFile).
    ///
    /// # Errors
    ///
    /// If the folder cannot be created.
    pub fn arc_agent(&self, folder: &Path) -> io::Result<String> {
        self.state().identities.install_arc_agent(folder)?;
        Ok(ARC_ENDPOINT.to_owned())
    }

    /// Additional suffixes of the vaults' names.
    pub(crate) fn vault_suffixes(&self) -> Vec<String> {
        self.state().vault_suffixes.clone()
    }

    /// Whether the host of that request resolves.
    pub(crate) fn resolves(&self, request: &Request) -> bool {
        self.state().resolves(request, self.clock.now())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Every request leaves the state consistent, or panics in a test that fails anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
