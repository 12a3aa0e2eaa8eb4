//! The instance metadata service of a virtual machine.

use serde_json::json;
use time::OffsetDateTime;

use super::{ManagedIdentities, resource_of};
use crate::entra::{Entra, Principal};
use crate::exchange::{Request, Response};
use crate::problem;

impl ManagedIdentities {
    pub(super) fn imds(&self, request: &Request, entra: &Entra, now: OffsetDateTime) -> Response {
        if let Err(refusal) = check_form(request, &API_VERSIONS) {
            return refusal;
        }
        match self.named_by(request, &IDENTITY_PARAMETERS) {
            Some(principal) => self.metadata_token(principal, request, entra, now),
            None => bad("Identity not found"),
        }
    }

    /// The token in the format of a metadata service.
    pub(super) fn metadata_token(
        &self,
        principal: &Principal,
        request: &Request,
        entra: &Entra,
        now: OffsetDateTime,
    ) -> Response {
        let Some((resource, endpoints)) = resource_of(request) else {
            return problem::managed_identity(
                400,
                "invalid_resource",
                "AADSTS500011: the resource principal was not found in the tenant",
            );
        };
        let (token, expires) = entra.issue(&self.tenant, principal, &resource, endpoints, now);
        // All values are strings: azure_identity and other clients accept only these.
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
}

/// Checks the requirements of a metadata service for every request.
pub(super) fn check_form(request: &Request, api_versions: &[&str]) -> Result<(), Response> {
    if request.method() != "GET" {
        return Err(problem::managed_identity(405, "method_not_allowed", "Use GET."));
    }
    if !request.find_header("metadata").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
        return Err(bad("Required metadata header not specified"));
    }
    if request.find_header("x-forwarded-for").is_some() {
        return Err(bad("Request contains an X-Forwarded-For header"));
    }
    match request.find_query("api-version") {
        Some(version) if api_versions.contains(&version) => Ok(()),
        _ => Err(bad("Required or supported api-version not specified")),
    }
}

pub(super) fn bad(text: &str) -> Response {
    problem::managed_identity(400, "invalid_request", text)
}

/// The parameters that name a user-assigned identity.
pub(super) const IDENTITY_PARAMETERS: [&str; 4] =
    ["client_id", "object_id", "msi_res_id", "mi_res_id"];

const API_VERSIONS: [&str; 4] = ["2018-02-01", "2019-08-01", "2019-11-01", "2021-02-01"];
