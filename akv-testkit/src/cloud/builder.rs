//! The initial state of a fake cloud.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use crate::arm::{Arm, Group, Subscription};
use crate::budget::{Budget, Meter};
use crate::clock::{Clock, ClockMode, LONGEST};
use crate::cloud::FakeCloud;
use crate::cloud::saved::Saved;
use crate::cloud::state::State;
use crate::cloud::vault_plan::VaultPlan;
use crate::entra::{ClientCertificate, ClientCertificateError, Entra, Mint, Principal, Tenant};
use crate::fault::Script;
use crate::managed_identity::ManagedIdentities;
use crate::permission::Permissions;
use crate::vault::{Pages, Seal, Timing, Vault};

/// Configures a fake cloud.
///
/// By default it has one tenant, one subscription, one resource group in West Europe, one service
/// principal with a secret and full access, a system-assigned and a user-assigned managed identity,
/// and no vault. The clock stands still at the present; deletions, recoveries and new vaults
/// complete at once.
///
/// ```
/// use std::time::Duration;
/// use akv_testkit::{FakeCloud, ClockMode};
///
/// let cloud = FakeCloud::builder()
///     .vault("contoso")
///     .vault_with("protected", |vault| vault.purge_protection().access_policies())
///     .deletion_takes(Duration::from_secs(10))
///     .clock_mode(ClockMode::Tokio)
///     .start();
/// assert_eq!(cloud.vault("contoso").names().len(), 0);
/// ```
#[derive(Debug)]
#[must_use]
pub struct FakeCloudBuilder {
    tenants: Vec<Tenant>,
    subscriptions: Vec<Subscription>,
    vaults: Vec<VaultPlan>,
    client: Principal,
    certificates: Vec<ClientCertificate>,
    others: Vec<Principal>,
    lifetime: Duration,
    timing: Timing,
    pages: Pages,
    latency: Duration,
    budget: Option<Budget>,
    start: Option<OffsetDateTime>,
    clock_mode: ClockMode,
    vault_suffixes: Vec<String>,
    vaults_on_a_page: usize,
    saved: Option<Saved>,
}

impl FakeCloudBuilder {
    pub(super) fn new() -> Self {
        let tenant = Tenant { id: TENANT.to_owned(), domain: DOMAIN.to_owned() };
        Self {
            tenants: vec![tenant],
            subscriptions: vec![default_subscription()],
            vaults: Vec::new(),
            client: Principal::new(CLIENT, CLIENT_OBJECT).with_secret(CLIENT_SECRET),
            certificates: Vec::new(),
            others: Vec::new(),
            lifetime: Duration::from_secs(3599),
            timing: Timing::default(),
            pages: Pages::default(),
            latency: Duration::ZERO,
            budget: None,
            start: None,
            clock_mode: ClockMode::default(),
            vault_suffixes: Vec::new(),
            vaults_on_a_page: 100,
            saved: None,
        }
    }

    /// Adds a vault.
    pub fn vault(self, name: &str) -> Self {
        self.vault_with(name, |vault| vault)
    }

    /// Adds a vault and configures it.
    pub fn vault_with(mut self, name: &str, how: impl FnOnce(VaultPlan) -> VaultPlan) -> Self {
        self.vaults.push(how(VaultPlan::new(name)));
        self
    }

    /// Adds a tenant by its ID. The service principal exists in all tenants.
    pub fn tenant(mut self, id: &str) -> Self {
        self.tenants.push(Tenant { id: id.to_owned(), domain: format!("{id}.example") });
        self
    }

    /// Adds an enabled subscription to the first tenant.
    pub fn subscription(self, id: &str) -> Self {
        self.subscription_in(TENANT, id, "Enabled")
    }

    /// Adds a subscription to a tenant in a state: `Enabled`, `Warned`, `PastDue`, `Disabled` or
    /// `Deleted`.
    pub fn subscription_in(mut self, tenant: &str, id: &str, state: &str) -> Self {
        self.subscriptions.push(Subscription {
            id: id.to_owned(),
            name: format!("Subscription {}", self.subscriptions.len() + 1),
            tenant: tenant.to_owned(),
            state: state.to_owned(),
            groups: BTreeMap::new(),
        });
        self
    }

    /// Adds a resource group to the first subscription.
    pub fn resource_group(mut self, name: &str, location: &str) -> Self {
        if let Some(first) = self.subscriptions.first_mut() {
            first.add_group(name, location);
        }
        self
    }

    /// The ID and the secret of the service principal.
    pub fn client(mut self, id: &str, secret: &str) -> Self {
        self.client = Principal::new(id, CLIENT_OBJECT).with_secret(secret);
        self
    }

    /// Adds another service principal, for example one with fewer permissions.
    pub fn another_client(mut self, id: &str, secret: &str) -> Self {
        let object_id = id.replacen("c11e", "0b1e", 1);
        self.others.push(Principal::new(id, &object_id).with_secret(secret));
        self
    }

    /// Adds a certificate as a credential of the service principal, besides its secret: DER, or a
    /// PEM file whose first certificate is used and whose other certificates are its chain.
    ///
    /// # Errors
    ///
    /// If the file contains no readable certificate, or its key is not RSA.
    pub fn client_certificate(mut self, file: &[u8]) -> Result<Self, ClientCertificateError> {
        self.certificates.push(ClientCertificate::read(file)?);
        Ok(self)
    }

    /// The lifetime of tokens; default: 3599 seconds.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// How long a certificate is neither live nor deleted after a deletion.
    pub fn deletion_takes(mut self, time: Duration) -> Self {
        self.timing.deletion = time;
        self
    }

    /// How long a recovered certificate is not readable yet.
    pub fn recovery_takes(mut self, time: Duration) -> Self {
        self.timing.recovery = time;
        self
    }

    /// How long a recovered certificate is readable but not writable.
    pub fn recovery_lingers(mut self, time: Duration) -> Self {
        self.timing.recovery_lingers = time;
        self
    }

    /// How long the name is not available after a purge.
    pub fn purge_takes(mut self, time: Duration) -> Self {
        self.timing.purge = time;
        self
    }

    /// How long the vault takes to sign a certificate with its own issuer.
    pub fn issuance_takes(mut self, time: Duration) -> Self {
        self.timing.issuance = time;
        self
    }

    /// How long a new vault is `RegisteringDns` and not reachable.
    pub fn creation_takes(mut self, time: Duration) -> Self {
        self.timing.registration = time;
        self
    }

    /// How long Resource Graph does not list a vault that a client has created.
    pub fn graph_lags(mut self, time: Duration) -> Self {
        self.timing.graph_lag = time;
        self
    }

    /// How certificate lists are split into pages.
    pub fn pages(mut self, pages: Pages) -> Self {
        self.pages = pages;
        self
    }

    /// The number of vaults on a page of Resource Manager; default: 100.
    pub fn vaults_on_a_page(mut self, count: usize) -> Self {
        self.vaults_on_a_page = count.max(1);
        self
    }

    /// The latency of every answer. In process it is tokio's time, so it can be paused.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// The transactions of each vault; default: unlimited.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The initial time of the clock; default: the present.
    pub fn start_at(mut self, start: OffsetDateTime) -> Self {
        self.start = Some(start);
        self
    }

    /// What advances the clock; default: nothing.
    pub fn clock_mode(mut self, mode: ClockMode) -> Self {
        self.clock_mode = mode;
        self
    }

    /// Adds a suffix for the vaults' names, such as that of a private endpoint. The challenge there
    /// names the public cloud.
    pub fn vault_suffix(mut self, suffix: &str) -> Self {
        self.vault_suffixes.push(suffix.trim_start_matches('.').to_ascii_lowercase());
        self
    }

    /// Restores the state that [`FakeCloud::save`] wrote: tenants, service principal, subscriptions
    /// and vaults. New vaults and client certificates of this builder are added to it.
    ///
    /// # Errors
    ///
    /// If the text is not a saved state.
    pub fn restore(mut self, saved: &str) -> Result<Self, serde_json::Error> {
        self.saved = Some(serde_json::from_str(saved)?);
        Ok(self)
    }

    /// Starts the cloud. It needs no stop: it is dropped with its last clone.
    #[must_use]
    pub fn start(self) -> FakeCloud {
        let clock = Clock::new(self.start.unwrap_or_else(OffsetDateTime::now_utc), self.clock_mode);
        let mut meter = Meter::default();
        meter.set(self.budget);
        let mut subscriptions: BTreeMap<String, Subscription> =
            self.subscriptions.into_iter().map(|s| (s.id.to_ascii_lowercase(), s)).collect();
        let made: Vec<(Vault, usize)> = self
            .vaults
            .into_iter()
            .filter_map(|plan| {
                let count = plan.seeded();
                Some((plan.make(&mut subscriptions, clock.now())?, count))
            })
            .collect();
        let state = State {
            entra: Entra {
                mint: Mint::new(),
                tenants: self.tenants,
                principals: std::iter::once(self.client).chain(self.others).collect(),
                lifetime: self.lifetime.min(LONGEST),
            },
            identities: ManagedIdentities::new(
                Principal::new(SYSTEM_IDENTITY, SYSTEM_OBJECT),
                Principal::new(USER_IDENTITY, USER_OBJECT),
                TENANT,
                ENDPOINT_HEADER,
            ),
            arm: Arm::new(subscriptions, self.vaults_on_a_page),
            vaults: BTreeMap::new(),
            script: Script::default(),
            permissions: Permissions::default(),
            meter,
            timing: self.timing.bounded(),
            pages: self.pages,
            latency: self.latency.min(LONGEST),
            vault_suffixes: self.vault_suffixes,
            issuer_pool: None,
            ids_given: 0,
            seal: Seal::new(),
            key: None,
        };
        let cloud = FakeCloud::from_state(state, clock);
        if let Some(saved) = self.saved {
            saved.put_into(&mut cloud.state());
        }
        for certificate in self.certificates {
            cloud.state().add_client_certificate(certificate);
        }
        for (vault, certificates) in made {
            let name = vault.name.clone();
            if cloud.vault(&name).exists() {
                continue;
            }
            cloud.state().vaults.insert(name.to_ascii_lowercase(), vault);
            cloud.vault(&name).seed(certificates);
        }
        cloud
    }
}

fn default_subscription() -> Subscription {
    let mut subscription = Subscription {
        id: SUBSCRIPTION.to_owned(),
        name: "Fake Subscription".to_owned(),
        tenant: TENANT.to_owned(),
        state: "Enabled".to_owned(),
        groups: BTreeMap::new(),
    };
    let group = Group { name: GROUP.to_owned(), location: LOCATION.to_owned() };
    subscription.groups.insert(GROUP.to_ascii_lowercase(), group);
    subscription
}

pub(super) const TENANT: &str = "7e4a47e4-0000-4000-8000-000000000001";
const DOMAIN: &str = "contoso.onmicrosoft.com";
pub(super) const SUBSCRIPTION: &str = "5b5c41b7-0000-4000-8000-000000000001";
pub(super) const GROUP: &str = "certificates";
pub(super) const LOCATION: &str = "westeurope";
const CLIENT: &str = "c11e4700-0000-4000-8000-000000000001";
const CLIENT_OBJECT: &str = "0b1ec700-0000-4000-8000-000000000001";
const CLIENT_SECRET: &str = "fake-client-secret-of-a-fake-cloud";
const SYSTEM_IDENTITY: &str = "c11e4700-0000-4000-8000-000000000002";
const SYSTEM_OBJECT: &str = "0b1ec700-0000-4000-8000-000000000002";
pub(super) const USER_IDENTITY: &str = "c11e4700-0000-4000-8000-000000000003";
const USER_OBJECT: &str = "0b1ec700-0000-4000-8000-000000000003";
const ENDPOINT_HEADER: &str = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";
