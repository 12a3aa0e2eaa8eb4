//! Managed identities of a virtual machine, App Service and Azure Arc.

mod app_service;
mod arc;
mod imds;

use std::io;
use std::path::Path;

use time::OffsetDateTime;

use crate::endpoints::Endpoints;
use crate::entra::{Entra, Principal};
use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::problem;
use crate::redacted::Redacted;

pub(crate) use app_service::APP_SERVICE_ENDPOINT;
pub(crate) use arc::ARC_ENDPOINT;

use arc::ArcAgent;

/// The identities of the machine, the secret of its App Service endpoint, and Azure Arc's agent if
/// it runs.
#[derive(Debug)]
pub(crate) struct ManagedIdentities {
    pub(crate) system: Option<Principal>,
    pub(crate) user: Vec<Principal>,
    tenant: String,
    pub(crate) endpoint_header: Redacted,
    arc: Option<ArcAgent>,
}

impl ManagedIdentities {
    pub(crate) fn new(
        system: Principal,
        user: Principal,
        tenant: &str,
        endpoint_header: &str,
    ) -> Self {
        Self {
            system: Some(system),
            user: vec![user],
            tenant: tenant.to_owned(),
            endpoint_header: endpoint_header.to_owned().into(),
            arc: None,
        }
    }

    pub(crate) fn install_arc_agent(&mut self, folder: &Path) -> io::Result<()> {
        self.arc = Some(ArcAgent::new(folder)?);
        Ok(())
    }

    /// The operation of a request to a machine in Azure.
    pub(crate) fn route(request: &Request) -> Operation {
        match request.path() {
            METADATA_PATH => Operation::ImdsToken,
            path if path.eq_ignore_ascii_case("/msi/token") => Operation::AppServiceToken,
            _ => Operation::Unknown,
        }
    }

    /// The operation of a request to Azure Arc's agent, if it runs.
    pub(crate) fn route_to_arc(&self, request: &Request) -> Option<Operation> {
        self.arc.as_ref()?;
        Some(match request.path() {
            METADATA_PATH => Operation::ArcToken,
            _ => Operation::Unknown,
        })
    }

    pub(crate) fn answer(
        &mut self,
        operation: Operation,
        request: &Request,
        entra: &Entra,
        now: OffsetDateTime,
    ) -> Response {
        match operation {
            Operation::ImdsToken => self.imds(request, entra, now),
            Operation::AppServiceToken => self.app_service(request, entra, now),
            Operation::ArcToken => self.arc(request, entra, now),
            _ => problem::managed_identity(404, "not_found", "the fake has no such endpoint"),
        }
    }

    /// The user-assigned identity that the request names, or the system-assigned one.
    fn named_by(&self, request: &Request, ids: &[&str]) -> Option<&Principal> {
        let Some(wanted) = ids.iter().find_map(|id| request.find_query(id)) else {
            return self.system.as_ref();
        };
        self.user.iter().find(|p| {
            p.client_id.eq_ignore_ascii_case(wanted) || p.object_id.eq_ignore_ascii_case(wanted)
        })
    }
}

/// The requested audience, if it belongs to one of the clouds, and that cloud.
fn resource_of(request: &Request) -> Option<(String, Endpoints)> {
    let resource = request.find_query("resource")?.trim_end_matches('/');
    let loopback = Endpoints::Loopback { port: request.port() };
    let mut realms = Endpoints::BUILT_IN.into_iter().chain([loopback]);
    let endpoints = realms.find(|endpoints| endpoints.has_audience(resource))?;
    Some((resource.to_owned(), endpoints))
}

/// The path of the instance metadata service, and of Azure Arc's agent, which imitates it.
const METADATA_PATH: &str = "/metadata/identity/oauth2/token";
