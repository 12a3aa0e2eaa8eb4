//! The checks before every Resource Manager operation, and their error responses.

use std::time::Duration;

use time::OffsetDateTime;

use crate::arm::Resources;
use crate::arm::route::Target;
use crate::arm::{Call, Subscription, graph};
use crate::endpoints::Endpoints;
use crate::entra::{Claims, Flaw, Mint};
use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::problem::resource_manager as error;

/// Reads the token, or reports its fault.
pub(crate) fn authenticate(
    request: &Request,
    mint: &Mint,
    endpoints: Endpoints,
    now: OffsetDateTime,
) -> Result<Claims, Response> {
    let refused = |code: &str, message: &str| {
        let authority = endpoints.authority();
        error(401, code, message).with_header(
            "WWW-Authenticate",
            format!(
                "Bearer authorization_uri=\"{authority}/common\", error=\"invalid_token\", \
                 error_description=\"{message}\""
            ),
        )
    };
    let header = request.find_header("authorization").unwrap_or_default();
    let Some((_, token)) = header.split_once(' ') else {
        let message = "Authentication failed. The 'Authorization' header is missing.";
        return Err(refused("AuthenticationFailed", message));
    };
    let claims = mint.read(token.trim(), now).map_err(|flaw| match flaw {
        Flaw::Expired => refused(
            "ExpiredAuthenticationToken",
            "The access token expiry UTC time is earlier than current UTC time.",
        ),
        _ => refused("InvalidAuthenticationToken", "The access token is invalid."),
    })?;
    let audience = claims.aud.trim_end_matches('/');
    if endpoints.resource_manager_audiences().iter().any(|known| known == audience) {
        Ok(claims)
    } else {
        let message = "The access token has been obtained for wrong audience or resource.";
        Err(refused("InvalidAuthenticationTokenAudience", message))
    }
}

/// Checks the api-version: against the provider's own list for vaults and Resource Graph, otherwise
/// only its format.
pub(crate) fn check_version(request: &Request) -> Result<(), Response> {
    let Some(version) = request.find_query("api-version") else {
        return Err(error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    let path = request.path().to_ascii_lowercase();
    let provided: Option<&[&str]> = if path.contains("/microsoft.keyvault/") {
        Some(&VAULT_VERSIONS)
    } else if path.contains("/microsoft.resourcegraph/") {
        Some(&GRAPH_VERSIONS)
    } else {
        None
    };
    let supported = match provided {
        None if is_date(version) => return Ok(()),
        Some(known) if known.contains(&version) => return Ok(()),
        None => String::new(),
        Some(known) => format!(" The supported versions are '{}'.", known.join(",")),
    };
    let message = format!("The api-version '{version}' is invalid.{supported}");
    Err(error(400, "InvalidApiVersionParameter", &message))
}

fn is_date(version: &str) -> bool {
    let date = version.strip_suffix("-preview").unwrap_or(version);
    date.len() == 10 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// 429 with the seconds until the bucket is refilled.
pub(crate) fn throttled(wait: Duration) -> Response {
    error(
        429,
        "SubscriptionRequestsThrottled",
        "Number of requests for subscription and operation exceeded the backend storage limit. \
         Please try again after the time in the Retry-After header.",
    )
    .with_header("Retry-After", wait.as_secs().max(1).to_string())
}

/// 403 that names the action and the scope.
pub(crate) fn forbidden(
    target: &Target,
    request: &Request,
    claims: &Claims,
    now: OffsetDateTime,
) -> Response {
    if target.operation == Operation::QueryResources {
        return graph::access_denied(now);
    }
    let action = match target.operation {
        Operation::ListVaults | Operation::GetVault => "Microsoft.KeyVault/vaults/read",
        Operation::CreateVault | Operation::UpdateVault => "Microsoft.KeyVault/vaults/write",
        Operation::DeleteVault => "Microsoft.KeyVault/vaults/delete",
        Operation::ListDeletedVaults => "Microsoft.KeyVault/deletedVaults/read",
        Operation::GetDeletedVault => "Microsoft.KeyVault/locations/deletedVaults/read",
        Operation::GetOperationResult => "Microsoft.KeyVault/locations/operationResults/read",
        Operation::UpdateAccessPolicy => "Microsoft.KeyVault/vaults/accessPolicies/write",
        Operation::PurgeVault => "Microsoft.KeyVault/locations/deletedVaults/purge/action",
        Operation::CheckNameAvailability => "Microsoft.KeyVault/checkNameAvailability/read",
        Operation::GetResourceGroup | Operation::ListResourceGroups => {
            "Microsoft.Resources/subscriptions/resourceGroups/read"
        }
        Operation::GetSubscription | Operation::ListSubscriptions => {
            "Microsoft.Resources/subscriptions/read"
        }
        _ => "Microsoft.KeyVault/*/read",
    };
    error(
        403,
        "AuthorizationFailed",
        &format!(
            "The client '{}' with object id '{}' does not have authorization to perform action \
             '{action}' over scope '{}' or the scope is invalid. If access was recently granted, \
             please refresh your credentials.",
            claims.appid,
            claims.oid,
            request.path(),
        ),
    )
}

impl Call<'_> {
    /// The subscription must exist in the token's tenant, and so must the resource group.
    pub(super) fn check_scope(&self, resources: &Resources<'_>) -> Result<(), Response> {
        let id = self.target.subscription.as_deref().unwrap_or_default();
        let subscription = self.scope(resources).ok_or_else(|| {
            error(
                404,
                "SubscriptionNotFound",
                &format!("The subscription '{id}' could not be found."),
            )
        })?;
        if !subscription.tenant.eq_ignore_ascii_case(self.tenant) {
            return Err(error(
                401,
                "InvalidAuthenticationTokenTenant",
                "The access token is from the wrong issuer. It must match the tenant associated \
                 with this subscription.",
            ));
        }
        let group = self.target.group.as_deref();
        if let Some(group) =
            group.filter(|g| !subscription.groups.contains_key(&g.to_ascii_lowercase()))
        {
            return Err(error(
                404,
                "ResourceGroupNotFound",
                &format!("Resource group '{group}' could not be found."),
            ));
        }
        let writes = !["GET", "POST"].contains(&self.request.method());
        if writes && subscription.state == "Disabled" {
            return Err(error(
                409,
                "ReadOnlyDisabledSubscription",
                &format!("The subscription '{id}' is disabled and therefore marked as read only."),
            ));
        }
        Ok(())
    }

    pub(super) fn scope<'s>(&self, resources: &'s Resources<'_>) -> Option<&'s Subscription> {
        let id = self.target.subscription.as_deref().unwrap_or_default();
        resources.arm.subscriptions.get(&id.to_ascii_lowercase())
    }
}

/// The versions of `Microsoft.KeyVault/vaults` (azure-rest-api-specs, azure-mgmt-keyvault).
const VAULT_VERSIONS: [&str; 18] = [
    "2015-06-01",
    "2016-10-01",
    "2018-02-14",
    "2019-09-01",
    "2020-04-01-preview",
    "2021-04-01-preview",
    "2021-06-01-preview",
    "2021-10-01",
    "2021-11-01-preview",
    "2022-07-01",
    "2022-11-01",
    "2023-02-01",
    "2023-07-01",
    "2024-11-01",
    "2025-05-01",
    "2026-02-01",
    "2026-04-01",
    "2026-05-15",
];

/// The versions of `Microsoft.ResourceGraph/resources` (azure-rest-api-specs).
const GRAPH_VERSIONS: [&str; 7] = [
    "2018-09-01-preview",
    "2019-04-01",
    "2020-04-01-preview",
    "2021-03-01",
    "2021-06-01-preview",
    "2022-10-01",
    "2024-04-01",
];
