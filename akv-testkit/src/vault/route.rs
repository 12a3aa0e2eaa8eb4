//! The operation and the target of a vault request.

use crate::exchange::Request;
use crate::operation::Operation;

/// The target of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
}

/// Finds the operation. A trailing slash means the newest version, as SDKs write it.
pub(crate) fn route(request: &Request) -> (Operation, Target) {
    let path = request.path().trim_start_matches('/').to_owned();
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.last() == Some(&"") {
        parts.pop();
    }
    let collection = parts.first().map(|part| part.to_ascii_lowercase()).unwrap_or_default();
    let rest = parts.get(1..).unwrap_or_default();
    let operation = match (request.method(), collection.as_str(), rest) {
        ("GET", "certificates", []) => Operation::ListCertificates,
        ("POST", "certificates", ["restore"]) => Operation::RestoreCertificate,
        (method, "certificates", ["contacts"]) => of_contacts(method),
        (method, "certificates", ["issuers"]) => of_issuers(method),
        (method, "certificates", ["issuers", _]) => of_issuer(method),
        (_, "certificates", [name, ..]) if is_reserved(name) => Operation::Unknown,
        ("GET", "certificates", [_, "versions"]) => Operation::ListVersions,
        ("GET", "certificates", [_, "policy"]) => Operation::GetPolicy,
        ("PATCH", "certificates", [_, "policy"]) => Operation::UpdatePolicy,
        ("GET", "certificates", [_, "pending"]) => Operation::GetPending,
        ("PATCH", "certificates", [_, "pending"]) => Operation::UpdatePending,
        ("DELETE", "certificates", [_, "pending"]) => Operation::DeletePending,
        ("POST", "certificates", [_, "pending", "merge"]) => Operation::MergePending,
        ("POST", "certificates", [_, "backup"]) => Operation::BackupCertificate,
        ("POST", "certificates", [_, "create"]) => Operation::CreateCertificate,
        ("GET", "certificates", [_] | [_, _]) => Operation::GetCertificate,
        ("POST", "certificates", [_, "import"]) => Operation::ImportCertificate,
        ("PATCH", "certificates", [_] | [_, _]) => Operation::UpdateCertificate,
        ("DELETE", "certificates", [_]) => Operation::DeleteCertificate,
        ("GET", "deletedcertificates", []) => Operation::ListDeletedCertificates,
        ("GET", "deletedcertificates", [_]) => Operation::GetDeletedCertificate,
        ("DELETE", "deletedcertificates", [_]) => Operation::PurgeCertificate,
        ("POST", "deletedcertificates", [_, "recover"]) => Operation::RecoverCertificate,
        ("GET", "secrets", [_] | [_, _]) => Operation::GetSecret,
        ("PUT", "secrets", [_]) => Operation::SetSecret,
        ("GET", "keys", [_] | [_, _]) => Operation::GetKey,
        ("GET", "healthstatus", []) => Operation::HealthStatus,
        _ => Operation::Unknown,
    };
    let has_version = matches!(
        operation,
        Operation::GetCertificate
            | Operation::UpdateCertificate
            | Operation::GetSecret
            | Operation::GetKey
    );
    let name = match operation {
        Operation::GetContacts
        | Operation::SetContacts
        | Operation::DeleteContacts
        | Operation::ListIssuers
        | Operation::RestoreCertificate => None,
        Operation::GetIssuer
        | Operation::SetIssuer
        | Operation::UpdateIssuer
        | Operation::DeleteIssuer => rest.get(1),
        _ => rest.first(),
    };
    let target = Target {
        name: name.map(|name| (*name).to_owned()),
        version: rest.get(1).filter(|_| has_version).map(|version| (*version).to_owned()),
    };
    (operation, target)
}

/// Path segments with another meaning, which no certificate can have as its name.
pub(crate) fn is_reserved(name: &str) -> bool {
    ["contacts", "issuers"].iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}

fn of_contacts(method: &str) -> Operation {
    match method {
        "GET" => Operation::GetContacts,
        "PUT" => Operation::SetContacts,
        "DELETE" => Operation::DeleteContacts,
        _ => Operation::Unknown,
    }
}

fn of_issuers(method: &str) -> Operation {
    if method == "GET" { Operation::ListIssuers } else { Operation::Unknown }
}

fn of_issuer(method: &str) -> Operation {
    match method {
        "GET" => Operation::GetIssuer,
        "PUT" => Operation::SetIssuer,
        "PATCH" => Operation::UpdateIssuer,
        "DELETE" => Operation::DeleteIssuer,
        _ => Operation::Unknown,
    }
}
