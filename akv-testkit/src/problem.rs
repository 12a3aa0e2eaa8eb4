//! The error bodies of each service.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::exchange::Response;

/// The service that reports the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaker {
    Vault,
    ResourceManager,
    Authority,
    ManagedIdentity,
}

/// A vault's error: `{"error":{"code","message","innererror":{"code"}}}`.
pub(crate) fn vault(status: u16, code: &str, inner: Option<&str>, message: &str) -> Response {
    let mut error =
        Map::from_iter([("code".to_owned(), json!(code)), ("message".to_owned(), json!(message))]);
    if let Some(inner) = inner {
        error.insert("innererror".to_owned(), json!({ "code": inner }));
    }
    let journalled = inner.map_or(code.to_owned(), |inner| format!("{code}/{inner}"));
    Response::json(status, &json!({ "error": Value::Object(error) })).with_code(journalled)
}

/// 400 `BadParameter`.
pub(crate) fn bad_parameter(message: &str) -> Response {
    vault(400, "BadParameter", None, message)
}

/// 409 `Conflict` with an inner code.
pub(crate) fn conflict(inner: &str, message: &str) -> Response {
    vault(409, "Conflict", Some(inner), message)
}

/// 404 in a vault.
pub(crate) fn not_found(code: &str, kind: &str, name: &str) -> Response {
    vault(
        404,
        code,
        None,
        &format!(
            "A {kind} with (name/id) {name} was not found in this key vault. If you recently \
             deleted this {kind} you may be able to recover it using the correct recovery command. \
             For help resolving this issue, please see \
             https://go.microsoft.com/fwlink/?linkid=2125182"
        ),
    )
}

/// Resource Manager's error: `{"error":{"code","message"}}`.
pub(crate) fn resource_manager(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({ "error": { "code": code, "message": message } }))
        .with_code(code)
}

/// A managed identity endpoint's error: `{"error","error_description"}`.
pub(crate) fn managed_identity(status: u16, error: &str, description: &str) -> Response {
    Response::json(status, &json!({ "error": error, "error_description": description }))
        .with_code(error)
}

/// An error of Entra ID by its number, with its status and `error`.
pub(crate) fn aadsts(code: u32, now: OffsetDateTime) -> Response {
    let (status, error, text) = match code {
        7_000_215 => (
            401,
            "invalid_client",
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
        ),
        7_000_218 => (
            401,
            "invalid_client",
            "The request body must contain one of: client_secret, client_assertion.",
        ),
        7_000_222 => {
            (401, "invalid_client", "The provided client secret keys for the app are expired.")
        }
        700_021 => (
            401,
            "invalid_client",
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        ),
        700_023 => {
            (401, "invalid_client", "Client assertion audience claim does not match Realm issuer.")
        }
        700_024 => (401, "invalid_client", "Client assertion is not within its valid time range."),
        700_027 => (401, "invalid_client", "Client assertion failed signature validation."),
        700_016 => (400, "unauthorized_client", "The application was not found in the directory."),
        70_021 => (
            400,
            "invalid_request",
            "No matching federated identity record found for presented assertion.",
        ),
        50_027 => (400, "invalid_request", "JWT token is invalid or malformed."),
        50_048 => {
            (400, "invalid_request", "Subject must match the issuer claim in the client assertion.")
        }
        90_011 => (400, "invalid_request", "Unexpected client assertion type."),
        90_002 => (
            400,
            "invalid_tenant",
            "The tenant was not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
        ),
        900_023 => (
            400,
            "invalid_request",
            "The specified tenant identifier is neither a valid DNS name, nor a valid external domain.",
        ),
        900_144 => {
            (400, "invalid_request", "The request body must contain a parameter that is missing.")
        }
        70_003 => (400, "unsupported_grant_type", "The app requested an unsupported grant type."),
        70_011 => (
            400,
            "invalid_scope",
            "The provided request must include a 'scope' input parameter that ends in /.default.",
        ),
        500_011 => (400, "invalid_resource", "The resource principal was not found in the tenant."),
        _ => (400, "invalid_grant", "The request was refused."),
    };
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
    let timestamp = now.format(&format).unwrap_or_default();
    let trace = uuid::Uuid::new_v4();
    let correlation = uuid::Uuid::new_v4();
    let body = json!({
        "error": error,
        "error_description": format!(
            "AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"
        ),
        "error_codes": [code],
        "timestamp": timestamp,
        "trace_id": trace.to_string(),
        "correlation_id": correlation.to_string(),
        "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    });
    Response::json(status, &body).with_code(format!("AADSTS{code}"))
}

/// The usual error of a status, in the format of the service.
pub(crate) fn of_status(
    speaker: Speaker,
    status: u16,
    code: Option<&str>,
    inner: Option<&str>,
) -> Response {
    let code = code.unwrap_or_else(|| usual_code(speaker, status));
    match speaker {
        Speaker::Vault => vault(status, code, inner, usual_message(status)),
        Speaker::ResourceManager => resource_manager(status, code, usual_message(status)),
        Speaker::Authority | Speaker::ManagedIdentity => {
            managed_identity(status, code, usual_message(status))
        }
    }
}

/// The challenge of a vault.
pub(crate) fn challenge(authority: &str, tenant: &str, resource: &str) -> String {
    format!("Bearer authorization=\"{authority}/{tenant}\", resource=\"{resource}\"")
}

fn usual_code(speaker: Speaker, status: u16) -> &'static str {
    match (speaker, status) {
        (Speaker::Vault, 400) => "BadParameter",
        (Speaker::Vault, 401) => "Unauthorized",
        (Speaker::Vault, 403) => "Forbidden",
        (Speaker::Vault, 404) => "CertificateNotFound",
        (Speaker::Vault, 409) => "Conflict",
        (Speaker::Vault, 429) => "Throttled",
        (Speaker::ResourceManager, 401) => "InvalidAuthenticationToken",
        (Speaker::ResourceManager, 403) => "AuthorizationFailed",
        (Speaker::ResourceManager, 404) => "ResourceNotFound",
        (Speaker::ResourceManager, 409) => "ConflictError",
        (Speaker::ResourceManager, 429) => "TooManyRequests",
        (Speaker::Authority | Speaker::ManagedIdentity, 400..500) => "invalid_request",
        (Speaker::Authority | Speaker::ManagedIdentity, _) => "temporarily_unavailable",
        (_, 400..500) => "BadRequest",
        (_, 503) => "ServiceUnavailable",
        _ => "InternalServerError",
    }
}

fn usual_message(status: u16) -> &'static str {
    match status {
        401 => "The request is not authorized.",
        403 => "The caller is not allowed to do this.",
        404 => "It was not found.",
        409 => "It conflicts with the state of the object.",
        429 => {
            "Request was not processed because too many requests were received. Reason: \
             VaultRequestTypeLimitReached"
        }
        500.. => "An unexpected error occurred.",
        _ => "The request is not valid.",
    }
}
