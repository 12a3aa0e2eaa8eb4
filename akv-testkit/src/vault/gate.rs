//! The checks before every vault operation: the api-version, the token, the name; and the headers
//! of every response.

use time::OffsetDateTime;

use crate::endpoints::Endpoints;
use crate::entra::{Claims, Flaw, Mint};
use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::problem;
use crate::vault::route::{Target, is_reserved};
use crate::vault::{AccessModel, Vault};

/// The checks before any operation.
pub(crate) struct Gate<'a> {
    pub(crate) mint: &'a Mint,
    pub(crate) endpoints: Endpoints,
    pub(crate) tenant: &'a str,
    pub(crate) now: OffsetDateTime,
}

impl Gate<'_> {
    /// Verifies the token, or responds with the challenge.
    pub(crate) fn authenticate(&self, request: &Request) -> Result<Claims, Response> {
        self.read(request).map_err(|flaw| {
            let message = match flaw {
                Flaw::Missing => "AKV10000: Request is missing a Bearer or PoP token.",
                Flaw::Audience => "AKV10022: Invalid audience.",
                Flaw::Tenant => "AKV10032: Invalid issuer.",
                Flaw::Expired => "AKV10001: The token has expired.",
                Flaw::NotYetValid => "AKV10001: The token is not valid yet.",
                Flaw::Malformed | Flaw::Signature => "AKV10000: The token can not be validated.",
            };
            let challenge = problem::challenge(
                &self.endpoints.authority(),
                self.tenant,
                &self.endpoints.vault_audience(),
            );
            problem::vault(401, "Unauthorized", None, message)
                .with_header("WWW-Authenticate", challenge)
        })
    }

    fn read(&self, request: &Request) -> Result<Claims, Flaw> {
        let header = request.find_header("authorization").ok_or(Flaw::Missing)?;
        let (scheme, token) = header.split_once(' ').ok_or(Flaw::Missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Flaw::Missing);
        }
        let claims = self.mint.read(token.trim(), self.now)?;
        if claims.aud.trim_end_matches('/') != self.endpoints.vault_audience() {
            return Err(Flaw::Audience);
        }
        if !claims.tid.eq_ignore_ascii_case(self.tenant) {
            return Err(Flaw::Tenant);
        }
        Ok(claims)
    }
}

/// Checks the api-version and the names, as the service does before any lookup.
pub(crate) fn check_form(
    request: &Request,
    operation: Operation,
    target: &Target,
) -> Result<(), Response> {
    let known = |version: &str| API_VERSIONS.contains(&version);
    match request.find_query("api-version") {
        None => return Err(problem::bad_parameter("api-version must be specified")),
        Some(version) if !known(version) => {
            return Err(problem::bad_parameter(&format!("api-version {version} is not supported")));
        }
        Some(_) => {}
    }
    let fits = |name: &str| {
        (1..=127).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if target.name.as_deref() == Some("") {
        let message = "The requested resource does not support this HTTP method.";
        return Err(problem::vault(405, "MethodNotAllowed", None, message));
    }
    if target.name.as_deref().is_some_and(|name| !fits(name)) {
        return Err(problem::bad_parameter(
            "The request URI contains an invalid name: it must match ^[0-9a-zA-Z-]+$ and have at \
             most 127 characters",
        ));
    }
    if operation == Operation::Unknown && target.name.as_deref().is_some_and(is_reserved) {
        return Err(problem::bad_parameter(
            "The request URI contains an invalid name: certificates cannot be called contacts or \
             issuers",
        ));
    }
    let is_version = |text: &str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if target.version.as_deref().is_some_and(|version| !is_version(version)) {
        return Err(problem::bad_parameter(&format!(
            "The request URI of {operation} contains an invalid version"
        )));
    }
    Ok(())
}

/// Adds the headers of every vault response.
pub(crate) fn finish(answer: Response, request: &Request, vault: &Vault, id: &str) -> Response {
    let client_id = request.find_header("x-ms-client-request-id").unwrap_or(id).to_owned();
    let mut answer = answer
        .with_header("Cache-Control", "no-cache")
        .with_header("Pragma", "no-cache")
        .with_header("Expires", "-1")
        .with_header("x-ms-keyvault-region", vault.location.clone())
        .with_header("x-ms-client-request-id", client_id)
        .with_header("x-ms-request-id", id)
        .with_header("x-ms-keyvault-service-version", "1.9.2600.0")
        .with_header(
            "x-ms-keyvault-network-info",
            "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
        )
        .with_header("X-Content-Type-Options", "nosniff")
        .with_header("Strict-Transport-Security", "max-age=31536000;includeSubDomains");
    if vault.access == AccessModel::Rbac {
        answer = answer
            .with_header("x-ms-keyvault-rbac-assignment-id", RBAC_ASSIGNMENT)
            .with_header("x-ms-keyvault-rbac-cache", "ra_age=0;rd_age=0;brd_age=0;");
    }
    answer
}

/// The role assignment that grants every principal full access.
const RBAC_ASSIGNMENT: &str = "a5516100-0000-4000-8000-00000000cafe";

/// The versions of the data plane, with its previews (azure-rest-api-specs).
const API_VERSIONS: [&str; 16] = [
    "2016-10-01",
    "7.0",
    "7.1",
    "7.2",
    "7.3",
    "7.4",
    "7.5",
    "7.6",
    "2025-07-01",
    "2026-04-01",
    "7.6-preview.2",
    "2025-06-01-preview",
    "2026-01-01-preview",
    "2026-03-01-preview",
    "2026-05-01-preview",
    "2026-07-01-preview",
];
