//! Responses of several operations.

use serde_json::Value;

use crate::exchange::Response;
use crate::problem;

pub(super) fn certificate_not_found(name: &str) -> Response {
    problem::not_found("CertificateNotFound", "certificate", name)
}

/// Names the version, if the request has one.
pub(super) fn version_not_found(name: &str, version: Option<&str>) -> Response {
    certificate_not_found(&version.map_or(name.to_owned(), |version| format!("{name}/{version}")))
}

pub(super) fn deleted_not_found(name: &str) -> Response {
    problem::vault(
        404,
        "CertificateNotFound",
        None,
        &format!("Deleted Certificate not found: {name}"),
    )
}

pub(super) fn ok(body: &Value) -> Response {
    Response::json(200, body)
}
