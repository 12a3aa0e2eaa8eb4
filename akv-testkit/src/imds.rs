//! Managed identities: the instance metadata service of a virtual machine, and App Service.

use serde_json::json;
use time::OffsetDateTime;

use crate::entra::{Entra, Principal};
use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::problem;
use crate::realm::Realm;

/// The identities that the machine has, and the secret of its App Service endpoint.
#[derive(Debug)]
pub(crate) struct ManagedIdentities {
    pub(crate) system: Option<Principal>,
    pub(crate) user: Vec<Principal>,
    pub(crate) tenant: String,
    pub(crate) endpoint_header: String,
}

/// Where App Service tells its sites to ask (`IDENTITY_ENDPOINT`), in process.
pub(crate) const APP_SERVICE_ENDPOINT: &str = "http://127.0.0.1:41741/msi/token";

impl ManagedIdentities {
    pub(crate) fn route(request: &Request) -> Operation {
        match request.path() {
            "/metadata/identity/oauth2/token" => Operation::ImdsToken,
            path if path.eq_ignore_ascii_case("/msi/token") => Operation::AppServiceToken,
            _ => Operation::Unknown,
        }
    }

    pub(crate) fn answer(
        &self,
        operation: Operation,
        request: &Request,
        entra: &Entra,
        now: OffsetDateTime,
    ) -> Response {
        match operation {
            Operation::ImdsToken => self.imds(request, entra, now),
            Operation::AppServiceToken => self.app_service(request, entra, now),
            _ => problem::managed_identity(404, "not_found", "the fake has no such endpoint"),
        }
    }

    fn imds(&self, request: &Request, entra: &Entra, now: OffsetDateTime) -> Response {
        let bad = |text: &str| problem::managed_identity(400, "invalid_request", text);
        if request.method() != "GET" {
            return problem::managed_identity(405, "method_not_allowed", "Use GET.");
        }
        let metadata =
            request.find_header("metadata").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        if !metadata {
            return bad("Required metadata header not specified");
        }
        if request.find_header("x-forwarded-for").is_some() {
            return bad("Request contains an X-Forwarded-For header");
        }
        match request.find_query("api-version") {
            Some("2018-02-01" | "2019-08-01" | "2019-11-01" | "2021-02-01") => {}
            _ => return bad("Required or supported api-version not specified"),
        }
        let ids = ["client_id", "object_id", "msi_res_id", "mi_res_id"];
        let Some(principal) = self.named_by(request, &ids) else {
            return bad("Identity not found");
        };
        let Some((resource, realm)) = resource_of(request) else {
            return problem::managed_identity(
                400,
                "invalid_resource",
                "AADSTS500011: the resource principal was not found in the tenant",
            );
        };
        let (token, expires) = entra.issue(&self.tenant, principal, &resource, realm, now);
        // All values are texts: azure_identity and others read nothing else.
        Response::json(
            200,
            &json!({
                "access_token": token,
                "client_id": principal.client_id,
                "expires_in": entra.lifetime.as_secs().to_string(),
                "expires_on": expires.unix_timestamp().to_string(),
                "ext_expires_in": entra.lifetime.as_secs().to_string(),
                "not_before": now.unix_timestamp().to_string(),
                "resource": request.find_query("resource").unwrap_or_default(),
                "token_type": "Bearer",
            }),
        )
    }

    fn app_service(&self, request: &Request, entra: &Entra, now: OffsetDateTime) -> Response {
        let error = |status: u16, message: &str| {
            Response::json(status, &json!({ "statusCode": status, "message": message }))
        };
        if request.find_header("x-identity-header") != Some(&self.endpoint_header) {
            return error(401, "The header X-IDENTITY-HEADER is missing or wrong");
        }
        if request.find_query("api-version") != Some("2019-08-01") {
            return error(400, "Unsupported api-version");
        }
        let ids = ["client_id", "object_id", "principal_id", "mi_res_id"];
        let Some(principal) = self.named_by(request, &ids) else {
            return error(
                400,
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
            );
        };
        let Some((resource, realm)) = resource_of(request) else {
            return error(400, "AADSTS500011: the resource principal was not found in the tenant");
        };
        let (token, expires) = entra.issue(&self.tenant, principal, &resource, realm, now);
        Response::json(
            200,
            &json!({
                "access_token": token,
                "client_id": principal.client_id,
                "expires_on": expires.unix_timestamp().to_string(),
                "resource": request.find_query("resource").unwrap_or_default(),
                "token_type": "Bearer",
            }),
        )
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

/// The audience asked for, if it is one that any of the clouds has, and whose it is.
fn resource_of(request: &Request) -> Option<(String, Realm)> {
    let resource = request.find_query("resource")?.trim_end_matches('/');
    let loopback = Realm::Loopback { port: request.port() };
    [Realm::Public, Realm::Government, Realm::China, loopback]
        .into_iter()
        .find(|realm| {
            realm.vault_audience() == resource
                || realm.resource_manager_audiences().iter().any(|a| a == resource)
        })
        .map(|realm| (resource.to_owned(), realm))
}
