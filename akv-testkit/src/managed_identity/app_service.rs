//! The identity endpoint of App Service.

use serde_json::json;
use time::OffsetDateTime;

use super::{ManagedIdentities, resource_of};
use crate::entra::Entra;
use crate::exchange::{Request, Response};

/// The App Service endpoint (`IDENTITY_ENDPOINT`), in process.
pub(crate) const APP_SERVICE_ENDPOINT: &str = "http://127.0.0.1:41741/msi/token";

impl ManagedIdentities {
    pub(super) fn app_service(
        &self,
        request: &Request,
        entra: &Entra,
        now: OffsetDateTime,
    ) -> Response {
        let error = |status: u16, message: &str| {
            Response::json(status, &json!({ "statusCode": status, "message": message }))
        };
        if request.find_header("x-identity-header") != Some(self.endpoint_header.expose()) {
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
        let Some((resource, endpoints)) = resource_of(request) else {
            return error(400, "AADSTS500011: the resource principal was not found in the tenant");
        };
        let (token, expires) = entra.issue(&self.tenant, principal, &resource, endpoints, now);
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
}
