//! The fake cloud as a test holds it.

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
use crate::fault::{Fault, Played};
use crate::journal::Journal;
use crate::managed_identity::{APP_SERVICE_ENDPOINT, ARC_ENDPOINT};
use crate::operation::Operation;
use crate::permission::DenyRule;
use crate::vault::key_for;

/// A whole Azure for certificates: vaults, Resource Manager, Entra ID, managed identities.
///
/// Clones are one cloud. Everything that can be told to it takes effect with the next request.
///
/// ```
/// use akv_testkit::{FakeCloud, Fault, Operation};
///
/// let cloud = FakeCloud::builder().vault("contoso").start();
/// cloud.vault("contoso").seed(30);
/// cloud.fault(Fault::on(Operation::ListCertificates).nth(2).throttled());
/// // Hand `cloud.transport()` to the client under test, let it work, and look:
/// assert_eq!(cloud.journal().count(Operation::ListCertificates), 0);
/// ```
#[derive(Debug, Clone)]
pub struct FakeCloud {
    state: Arc<Mutex<State>>,
    clock: Clock,
    journal: Journal,
}

impl FakeCloud {
    /// Begins to describe a cloud.
    pub fn builder() -> FakeCloudBuilder {
        FakeCloudBuilder::new()
    }

    pub(crate) fn from_state(state: State, clock: Clock) -> Self {
        Self { state: Arc::new(Mutex::new(state)), clock, journal: Journal::default() }
    }

    /// Answers a request: the one door to the state. Every way in leads here.
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

    /// A vault, to look into it and to fill it without a request. Vaults that clients create are
    /// found, too.
    pub fn vault(&self, name: &str) -> FakeVault {
        FakeVault::new(self.clone(), name)
    }

    /// Sets a fault; what is returned counts how often it is played.
    #[expect(clippy::must_use_candidate, reason = "the fault is set, watched or not")]
    pub fn fault(&self, fault: Fault) -> Played {
        self.state().script.add(fault)
    }

    /// The faults that are set.
    pub fn faults(&self) -> Vec<Fault> {
        self.state().script.faults()
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.state().script.clear();
    }

    /// Refuses something.
    pub fn deny(&self, refusal: impl Into<DenyRule>) {
        self.state().permissions.deny(refusal.into());
    }

    /// Allows the principal of that client id these operations and no others.
    pub fn permit_only(&self, client_id: &str, operations: &[Operation]) {
        self.state().permissions.permit_only(client_id, operations);
    }

    /// Allows everyone everything, as at the start.
    pub fn permit_all(&self) {
        self.state().permissions.clear();
    }

    /// Limits the transactions of each vault, or no longer. The count begins anew.
    pub fn budget(&self, budget: impl Into<Option<Budget>>) {
        self.state().meter.set(budget.into());
    }

    /// How long every answer takes from now on.
    pub fn latency(&self, latency: Duration) {
        self.state().latency = latency.min(LONGEST);
    }

    /// How long tokens last that are made from now on.
    pub fn token_lifetime(&self, lifetime: Duration) {
        self.state().entra.lifetime = lifetime.min(LONGEST);
    }

    /// No token made before this moment is taken any more.
    pub fn revoke_tokens(&self) {
        // Tokens tell their age in whole seconds; the next second begins with new ones.
        self.clock.advance(Duration::from_secs(1));
        let now = self.clock.now();
        self.state().entra.mint.revoke_before(now);
    }

    /// Lets all secrets of the service principal have expired.
    pub fn expire_client_secret(&self) {
        let now = self.clock.now();
        for principal in &mut self.state().entra.principals {
            for secret in &mut principal.secrets {
                secret.expires = Some(now);
            }
        }
    }

    /// Lets the service principal sign in with one more certificate: DER, or the first one of a PEM
    /// file, what follows being its chain.
    ///
    /// # Errors
    ///
    /// When no certificate can be read from it, or its key is not RSA.
    pub fn add_client_certificate(&self, file: &[u8]) -> Result<(), ClientCertificateError> {
        self.state().add_client_certificate(ClientCertificate::read(file)?);
        Ok(())
    }

    /// Takes the system-assigned identity from the machine.
    pub fn remove_system_identity(&self) {
        self.state().identities.system = None;
    }

    /// All that would be lost with the cloud, as JSON: tenants, service principal, subscriptions,
    /// vaults and what is in them, private keys and the client secret included. Tokens, faults,
    /// permissions and the journal are not in it.
    pub fn save(&self) -> String {
        serde_json::to_string(&Saved::of(&self.state())).unwrap_or_default()
    }

    /// The id of the first tenant.
    pub fn tenant_id(&self) -> String {
        self.state().entra.tenants.first().map(|tenant| tenant.id.clone()).unwrap_or_default()
    }

    /// The id of the first subscription.
    pub fn subscription_id(&self) -> String {
        builder::SUBSCRIPTION.to_owned()
    }

    /// The name of the first subscription's first resource group.
    pub fn resource_group(&self) -> String {
        builder::GROUP.to_owned()
    }

    /// The client id of the service principal.
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

    /// A token of the service principal for an audience such as `https://vault.azure.net`, without a
    /// request: for what a test asks past the client that is tested.
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

    /// The client id of the user-assigned managed identity.
    pub fn user_identity(&self) -> String {
        let state = self.state();
        state.identities.user.first().map(|p| p.client_id.clone()).unwrap_or_default()
    }

    /// An assertion of a workload's own issuer that the service principal's federated credential
    /// takes, valid for an hour: the content of `AZURE_FEDERATED_TOKEN_FILE`.
    pub fn federated_assertion(&self) -> String {
        let state = self.state();
        let principal = state.entra.principals.first();
        principal.map(|p| state.entra.assertion(p, self.clock.now())).unwrap_or_default()
    }

    /// What App Service puts into `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`.
    pub fn app_service(&self) -> (String, String) {
        (
            APP_SERVICE_ENDPOINT.to_owned(),
            self.state().identities.endpoint_header.expose().to_owned(),
        )
    }

    /// Lets Azure Arc's agent run on the machine and write its keys into a folder, which is made if
    /// it is not there; clients take them from `/var/opt/azcmagent/tokens` alone, unless they can be
    /// told. What comes back belongs into `IDENTITY_ENDPOINT`; clients want `IMDS_ENDPOINT` to be
    /// set, too. Without an agent nobody listens there. A challenge that a client has to refuse is
    /// [`Challenge::KeyFile`](crate::Challenge::KeyFile).
    ///
    /// # Errors
    ///
    /// When there can be no such folder.
    pub fn arc_agent(&self, folder: &Path) -> io::Result<String> {
        self.state().identities.install_arc_agent(folder)?;
        Ok(ARC_ENDPOINT.to_owned())
    }

    /// Further suffixes under which the vaults are found.
    pub(crate) fn vault_suffixes(&self) -> Vec<String> {
        self.state().vault_suffixes.clone()
    }

    /// Whether the host of that request has a name.
    pub(crate) fn resolves(&self, request: &Request) -> bool {
        self.state().resolves(request, self.clock.now())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Every request leaves the state whole or panics in a test that fails anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
