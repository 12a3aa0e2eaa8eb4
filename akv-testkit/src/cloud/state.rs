//! The state behind all transports, and the processing of every request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rcgen::KeyPair;
use time::OffsetDateTime;

use crate::arm::{self, Arm, Resources};
use crate::budget::Meter;
use crate::endpoints::{Endpoints, Service};
use crate::entra::{Claims, ClientCertificate, Entra};
use crate::exchange::{Request, Response};
use crate::fault::{Call, Effect, Moment, Scene, Script, Stage};
use crate::journal::Entry;
use crate::managed_identity::ManagedIdentities;
use crate::operation::Operation;
use crate::permission::{DenyRule, Permissions, Reason, Subject};
use crate::pki::IssuerPool;
use crate::problem::{self, Speaker};
use crate::vault::{self, AccessModel, Context, Gate, Pages, Seal, Target, Timing, Vault};

/// The whole state of a fake cloud.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) entra: Entra,
    pub(crate) identities: ManagedIdentities,
    pub(crate) arm: Arm,
    /// By lower-case name: vault names are unique worldwide.
    pub(crate) vaults: BTreeMap<String, Vault>,
    pub(crate) script: Script,
    pub(crate) permissions: Permissions,
    pub(crate) meter: Meter,
    pub(crate) timing: Timing,
    pub(crate) pages: Pages,
    pub(crate) latency: Duration,
    pub(crate) vault_suffixes: Vec<String>,
    pub(crate) issuer_pool: Option<Arc<IssuerPool>>,
    pub(crate) ids_given: u64,
    pub(crate) seal: Seal,
    /// Generated for the current request.
    pub(crate) key: Option<KeyPair>,
}

/// The journal's data about a request besides the request itself.
#[derive(Debug, Clone)]
struct Trace {
    operation: Operation,
    vault: Option<String>,
    name: Option<String>,
    subscription: Option<String>,
    principal: Option<String>,
    fault: bool,
}

impl State {
    /// Answers a request and returns its journal entry.
    pub(crate) fn answer(&mut self, request: &Request, now: OffsetDateTime) -> (Response, Entry) {
        let (endpoints, service) = Endpoints::locate(request, &self.vault_suffixes);
        let mut trace = Trace {
            operation: Operation::Unknown,
            vault: None,
            name: None,
            subscription: None,
            principal: None,
            fault: false,
        };
        let answer = match service {
            Service::Vault(name) => self.at_vault(&name, request, endpoints, now, &mut trace),
            Service::ResourceManager => {
                self.at_resource_manager(request, endpoints, now, &mut trace)
            }
            Service::Authority => {
                trace.operation = Entra::route(request);
                self.staged(
                    Speaker::Authority,
                    request,
                    endpoints,
                    now,
                    &mut trace,
                    |state, trace| state.entra.answer(trace.operation, request, endpoints, now),
                )
            }
            Service::ManagedIdentity => {
                trace.operation = ManagedIdentities::route(request);
                self.at_machine(request, endpoints, now, &mut trace)
            }
            Service::ArcAgent => match self.identities.route_to_arc(request) {
                Some(operation) => {
                    trace.operation = operation;
                    self.at_machine(request, endpoints, now, &mut trace)
                }
                None => Response::unreachable(),
            },
            Service::Nothing => Response::unreachable(),
        };
        let entry = entry(request, &answer, trace, now);
        (answer.delayed(self.latency), entry)
    }

    /// Whether the host of that request resolves.
    pub(crate) fn resolves(&self, request: &Request, now: OffsetDateTime) -> bool {
        match Endpoints::locate(request, &self.vault_suffixes).1 {
            Service::Vault(name) => self.reachable(&name, now).is_some(),
            Service::ArcAgent => self.identities.route_to_arc(request).is_some(),
            Service::Nothing => false,
            _ => true,
        }
    }

    /// A missing or unfinished vault does not resolve.
    fn reachable(&self, vault: &str, now: OffsetDateTime) -> Option<&Vault> {
        self.vaults.get(vault).filter(|vault| vault.registered <= now)
    }

    /// The next ID for a version: 32 hexadecimal digits, the same in every run.
    pub(crate) fn fresh_id(&mut self) -> String {
        self.ids_given += 1;
        let mut mixer = fastrand::Rng::with_seed(self.ids_given);
        format!("{:016x}{:016x}", mixer.u64(..), mixer.u64(..))
    }

    pub(crate) fn add_client_certificate(&mut self, certificate: ClientCertificate) {
        if let Some(principal) = self.entra.principals.first_mut() {
            principal.add_certificate(certificate);
        }
    }

    fn at_vault(
        &mut self,
        vault: &str,
        request: &Request,
        endpoints: Endpoints,
        now: OffsetDateTime,
        trace: &mut Trace,
    ) -> Response {
        let (operation, target) = vault::route(request);
        trace.operation = operation;
        trace.vault = Some(vault.to_owned());
        trace.name.clone_from(&target.name);
        let Some(found) = self.reachable(vault, now) else { return Response::unreachable() };
        let tenant = found.tenant.clone();
        trace.subscription = Some(found.subscription.clone());
        let id = uuid::Uuid::new_v4().to_string();
        let answer = if operation == Operation::HealthStatus {
            Response::json(200, &serde_json::Value::Null)
        } else {
            self.in_vault(request, endpoints, &tenant, &target, now, trace)
        };
        match self.vaults.get(vault) {
            Some(found) => vault::finish(answer, request, found, &id),
            None => answer,
        }
    }

    fn in_vault(
        &mut self,
        request: &Request,
        endpoints: Endpoints,
        tenant: &str,
        target: &Target,
        now: OffsetDateTime,
        trace: &mut Trace,
    ) -> Response {
        let scene = Scene { request, endpoints, speaker: Speaker::Vault, tenant, now };
        if let Some(answer) = self.on_arrival(&scene, trace) {
            return answer;
        }
        if let Err(answer) = vault::check_form(request, trace.operation, target) {
            return answer;
        }
        let gate = Gate { mint: &self.entra.mint, endpoints, tenant, now };
        match gate.authenticate(request) {
            Ok(claims) => trace.principal = Some(claims.appid),
            Err(challenge) => return challenge,
        }
        let vault = trace.vault.clone().unwrap_or_default();
        let subscription = trace.subscription.clone().unwrap_or_default();
        if !self.meter.take(&vault, &subscription, now) {
            return problem::of_status(Speaker::Vault, 429, None, None);
        }
        if let Some(refusal) = self.refusal(trace) {
            return self.forbidden(&refusal, trace, target);
        }
        self.with_faults(&scene, trace, |state, trace| {
            let fresh_id = state.fresh_id();
            let context = Context {
                request,
                now,
                timing: state.timing,
                pages: state.pages,
                seal: &state.seal,
                key: state.key.take(),
                fresh_id,
            };
            match state.vaults.get_mut(&vault) {
                Some(vault) => vault.answer(trace.operation, target, &context),
                None => Response::unreachable(),
            }
        })
    }

    fn at_resource_manager(
        &mut self,
        request: &Request,
        endpoints: Endpoints,
        now: OffsetDateTime,
        trace: &mut Trace,
    ) -> Response {
        let target = arm::route(request);
        trace.operation = target.operation;
        trace.subscription.clone_from(&target.subscription);
        trace.vault.clone_from(&target.vault);
        let tenant = self.entra.tenants.first().map(|t| t.id.clone()).unwrap_or_default();
        let scene =
            Scene { request, endpoints, speaker: Speaker::ResourceManager, tenant: &tenant, now };
        if let Some(answer) = self.on_arrival(&scene, trace) {
            return answer;
        }
        if target.operation == Operation::CloudMetadata {
            return arm::cloud_metadata(endpoints);
        }
        let claims: Claims = match arm::authenticate(request, &self.entra.mint, endpoints, now) {
            Ok(claims) => claims,
            Err(answer) => return answer,
        };
        trace.principal = Some(claims.appid.clone());
        if let Err(answer) = arm::check_version(request) {
            return answer;
        }
        let rate = self.arm.take(&target, &claims, now);
        let answer = if let Err(wait) = rate {
            arm::throttled(wait)
        } else if self.refusal(trace).is_some() {
            arm::forbidden(&target, request, &claims, now)
        } else {
            self.with_faults(&scene, trace, |state, _| {
                let mut resources = Resources {
                    arm: &mut state.arm,
                    vaults: &mut state.vaults,
                    tenants: &state.entra.tenants,
                    permissions: &mut state.permissions,
                    timing: state.timing,
                };
                arm::answer(&mut resources, &target, request, &claims, endpoints, now)
            })
        };
        self.arm.finish(answer, &target, &claims)
    }

    fn at_machine(
        &mut self,
        request: &Request,
        endpoints: Endpoints,
        now: OffsetDateTime,
        trace: &mut Trace,
    ) -> Response {
        let speaker = Speaker::ManagedIdentity;
        self.staged(speaker, request, endpoints, now, trace, |state, trace| {
            state.identities.answer(trace.operation, request, &state.entra, now)
        })
    }

    /// Answers for a service without its own permissions and budgets: faults, then the answer.
    fn staged(
        &mut self,
        speaker: Speaker,
        request: &Request,
        endpoints: Endpoints,
        now: OffsetDateTime,
        trace: &mut Trace,
        run: impl FnOnce(&mut Self, &Trace) -> Response,
    ) -> Response {
        let scene = Scene { request, endpoints, speaker, tenant: "", now };
        match self.on_arrival(&scene, trace) {
            Some(answer) => answer,
            None => self.with_faults(&scene, trace, run),
        }
    }

    /// Applies the faults that occur before any check.
    fn on_arrival(&mut self, scene: &Scene<'_>, trace: &mut Trace) -> Option<Response> {
        let effects = self.script.meet(trace.call(), Moment::Arrival);
        let (_, effect) = effects.first()?;
        trace.fault = true;
        Some(effect.play(scene, Response::default()))
    }

    /// Executes the operation unless a fault replaces it, and applies the faults to its answer.
    fn with_faults(
        &mut self,
        scene: &Scene<'_>,
        trace: &mut Trace,
        run: impl FnOnce(&mut Self, &Trace) -> Response,
    ) -> Response {
        let effects = self.script.meet(trace.call(), Moment::Authenticated);
        trace.fault |= !effects.is_empty();
        let instead = |(stage, effect): &(Stage, Effect)| {
            *stage == Stage::BeforeChange && effect.stands_alone()
        };
        let answer =
            if effects.iter().any(instead) { Response::default() } else { run(self, trace) };
        effects.iter().fold(answer, |answer, (_, effect)| effect.play(scene, answer))
    }

    fn refusal(&mut self, trace: &Trace) -> Option<DenyRule> {
        self.permissions.check(Subject {
            operation: trace.operation,
            principal: trace.principal.as_deref().unwrap_or_default(),
            vault: trace.vault.as_deref(),
            name: trace.name.as_deref(),
            subscription: trace.subscription.as_deref(),
        })
    }

    fn forbidden(&self, refusal: &DenyRule, trace: &Trace, target: &Target) -> Response {
        let vault = trace.vault.as_deref().unwrap_or_default();
        let model = self.vaults.get(vault).map_or(AccessModel::Rbac, |vault| vault.access);
        let usual = match model {
            AccessModel::Rbac => Reason::Rbac,
            AccessModel::Policies => Reason::AccessPolicy,
        };
        let reason = refusal.reason().unwrap_or(&usual);
        let name = target.name.as_deref().unwrap_or_default();
        let caller = trace.principal.as_deref().unwrap_or_default();
        let message = match reason {
            Reason::Firewall => {
                format!(
                    "Client address is not authorized and caller is not a trusted service.\n\
                     Client address: 127.0.0.1\nCaller: appid={caller}\nVault: {vault}"
                )
            }
            Reason::PrivateLink => "Public network access is disabled and request is not from a \
                                    trusted service nor via an approved private link."
                .to_owned(),
            _ => format!(
                "Caller is not authorized to perform action on resource.\nCaller: appid={caller}\n\
                 Action: '{}'\nResource: '{name}'\nVault: {vault}",
                trace.operation
            ),
        };
        problem::vault(403, "Forbidden", Some(reason.inner_code()), &message)
    }
}

impl Trace {
    fn call(&self) -> Call<'_> {
        Call {
            operation: self.operation,
            vault: self.vault.as_deref(),
            name: self.name.as_deref().or(self.vault.as_deref()),
            subscription: self.subscription.as_deref(),
        }
    }
}

fn entry(request: &Request, answer: &Response, trace: Trace, at: OffsetDateTime) -> Entry {
    Entry {
        at,
        operation: trace.operation,
        method: request.method().to_owned(),
        host: request.host().to_owned(),
        path: request.path().to_owned(),
        vault: trace.vault,
        name: trace.name,
        subscription: trace.subscription,
        principal: trace.principal,
        bearer: request.find_header("authorization").is_some(),
        status: answer.status(),
        code: answer.code().map(str::to_owned),
        client_request_id: request.find_header("x-ms-client-request-id").map(str::to_owned),
        fault: trace.fault,
    }
}
