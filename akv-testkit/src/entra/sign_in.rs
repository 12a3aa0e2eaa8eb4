//! Tokens for service principals, and the other requests of SDKs to an authority.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use crate::endpoints::Endpoints;
use crate::entra::assertion::ASSERTION_TYPE;
use crate::entra::{Claims, Mint, Principal};
use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::problem;

/// The authority's state: its principals and tenants, and the lifetime of tokens.
#[derive(Debug)]
pub(crate) struct Entra {
    pub(crate) mint: Mint,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) principals: Vec<Principal>,
    pub(crate) lifetime: Duration,
}

/// A tenant: its ID and its domains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) domain: String,
}

impl Entra {
    pub(crate) fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.tenants
            .iter()
            .find(|t| t.id.eq_ignore_ascii_case(name) || t.domain.eq_ignore_ascii_case(name))
    }

    pub(crate) fn route(request: &Request) -> Operation {
        let path = request.path();
        match request.method() {
            "POST" if path.ends_with("/oauth2/v2.0/token") => Operation::Token,
            "GET" if path.ends_with("/discovery/instance") => Operation::InstanceDiscovery,
            "GET" if path.ends_with("/.well-known/openid-configuration") => {
                Operation::OpenIdConfiguration
            }
            _ => Operation::Unknown,
        }
    }

    pub(crate) fn answer(
        &self,
        operation: Operation,
        request: &Request,
        endpoints: Endpoints,
        now: OffsetDateTime,
    ) -> Response {
        let tenant = request.path().split('/').nth(1).unwrap_or_default();
        match operation {
            Operation::Token => self.token(tenant, request, endpoints, now),
            Operation::InstanceDiscovery => instance_discovery(endpoints),
            Operation::OpenIdConfiguration => self.openid_configuration(tenant, endpoints, now),
            _ => problem::managed_identity(404, "not_found", "the fake has no such endpoint"),
        }
    }

    /// A token for a principal, without authentication.
    pub(crate) fn issue(
        &self,
        tenant: &str,
        principal: &Principal,
        audience: &str,
        endpoints: Endpoints,
        now: OffsetDateTime,
    ) -> (String, OffsetDateTime) {
        let expires = now + self.lifetime;
        let token = self.mint.strike(&Claims {
            aud: audience.to_owned(),
            iss: format!("{}/{tenant}/", endpoints.authority()),
            tid: tenant.to_owned(),
            appid: principal.client_id.clone(),
            oid: principal.object_id.clone(),
            sub: principal.object_id.clone(),
            iat: now.unix_timestamp(),
            nbf: now.unix_timestamp(),
            exp: expires.unix_timestamp(),
        });
        (token, expires)
    }

    fn token(
        &self,
        tenant: &str,
        request: &Request,
        endpoints: Endpoints,
        now: OffsetDateTime,
    ) -> Response {
        match self.grant(tenant, request, endpoints, now) {
            Ok(token) => {
                let seconds = self.lifetime.as_secs();
                Response::json(
                    200,
                    &json!({
                        "token_type": "Bearer",
                        "expires_in": seconds,
                        "ext_expires_in": seconds,
                        "access_token": token,
                    }),
                )
                .with_header("Cache-Control", "no-store, no-cache")
                .with_header("Pragma", "no-cache")
            }
            Err(code) => problem::aadsts(code, now),
        }
    }

    /// The requested token, or the AADSTS number of the error.
    fn grant(
        &self,
        tenant: &str,
        request: &Request,
        endpoints: Endpoints,
        now: OffsetDateTime,
    ) -> Result<String, u32> {
        let form = request.form();
        let field = |name: &str| form.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
        let is_guid = uuid::Uuid::try_parse(tenant).is_ok();
        if !is_guid && !tenant.contains('.') {
            return Err(900_023);
        }
        let tenant = self.tenant(tenant).ok_or(90_002_u32)?;
        if field("grant_type").ok_or(900_144_u32)? != "client_credentials" {
            return Err(70_003);
        }
        let client_id = field("client_id").ok_or(900_144_u32)?;
        let audience = audience_of(field("scope").ok_or(900_144_u32)?).ok_or(70_011_u32)?;
        if !endpoints.has_audience(&audience) {
            return Err(500_011);
        }
        let found = self.principals.iter().find(|p| p.client_id.eq_ignore_ascii_case(client_id));
        let principal = found.ok_or(700_016_u32)?;
        if let Some(assertion) = field("client_assertion") {
            if field("client_assertion_type").ok_or(900_144_u32)? != ASSERTION_TYPE {
                return Err(90_011);
            }
            let audiences = tenant.assertion_audiences(request, endpoints);
            self.check_assertion(assertion, principal, &audiences, now)?;
        } else {
            principal.check_secret(field("client_secret").ok_or(7_000_218_u32)?, now)?;
        }
        Ok(self.issue(&tenant.id, principal, &audience, endpoints, now).0)
    }

    fn openid_configuration(
        &self,
        tenant: &str,
        endpoints: Endpoints,
        now: OffsetDateTime,
    ) -> Response {
        let shared = ["common", "organizations"].contains(&tenant);
        let id = match self.tenant(tenant) {
            Some(tenant) => tenant.id.as_str(),
            None if shared => "{tenantid}",
            None => return problem::aadsts(90_002, now),
        };
        let authority = endpoints.authority();
        let segment = if shared { tenant } else { id };
        Response::json(
            200,
            &json!({
                "token_endpoint": format!("{authority}/{segment}/oauth2/v2.0/token"),
                "token_endpoint_auth_methods_supported":
                    ["client_secret_post", "private_key_jwt", "client_secret_basic"],
                "jwks_uri": format!("{authority}/{segment}/discovery/v2.0/keys"),
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code", "id_token", "code id_token"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "issuer": format!("{authority}/{id}/v2.0"),
                "authorization_endpoint": format!("{authority}/{segment}/oauth2/v2.0/authorize"),
                "device_authorization_endpoint":
                    format!("{authority}/{segment}/oauth2/v2.0/devicecode"),
                "tenant_region_scope": null,
            }),
        )
    }
}

impl Tenant {
    /// The accepted audiences of a certificate's assertion: the token endpoint or the issuer, under
    /// the requested host or the authority's preferred host, with the tenant's ID or its domain.
    fn assertion_audiences(&self, request: &Request, endpoints: Endpoints) -> Vec<String> {
        let mut audiences = Vec::new();
        for authority in [request.link(""), endpoints.authority()] {
            for tenant in [&self.id, &self.domain] {
                audiences.push(format!("{authority}/{tenant}/oauth2/v2.0/token"));
                audiences.push(format!("{authority}/{tenant}/v2.0"));
            }
        }
        audiences
    }
}

/// `https://vault.azure.net` for `https://vault.azure.net/.default`. If a resource's own name ends
/// in a slash, its scope has two slashes.
fn audience_of(scope: &str) -> Option<String> {
    let mut scopes = scope.split(' ').filter(|s| !OPENID_SCOPES.contains(s));
    let audience = scopes.next()?.strip_suffix("/.default")?.trim_end_matches('/');
    scopes.next().is_none().then(|| audience.to_owned())
}

fn instance_discovery(endpoints: Endpoints) -> Response {
    let authority = endpoints.authority();
    let aliases: Vec<String> = match endpoints {
        Endpoints::Loopback { .. } => vec![authority.trim_start_matches("https://").to_owned()],
        _ => endpoints.authority_hosts().iter().map(|&host| host.to_owned()).collect(),
    };
    let preferred = aliases.first().cloned().unwrap_or_default();
    Response::json(
        200,
        &json!({
            "tenant_discovery_endpoint":
                format!("{authority}/common/v2.0/.well-known/openid-configuration"),
            "api-version": "1.1",
            "metadata": [{
                "preferred_network": preferred,
                "preferred_cache": preferred,
                "aliases": aliases,
            }],
        }),
    )
}

const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "offline_access", ""];
