//! Snapshots of the message and the hint of every error class, so that a review shows each change.

use std::time::Duration;

use akv_core::Reply;

use super::classification::Classification;
use super::connection::{self, Peer};
use super::token_error::TokenError;
use super::{classify, entra};
use crate::api::ApiOperation;
use crate::exchange::{Distrust, ErrorResponse, FailedExchange, Failure, NoConnection};
use crate::redact::Redactor;

/// The error as `akv` prints it.
fn shown(case: &str, error: &akv_core::Error) -> String {
    let hint = error.advice().map(|advice| format!("\n  hint: {advice}")).unwrap_or_default();
    format!("{case}\n  error: {}{hint}\n", error.summary())
}

fn all(cases: impl IntoIterator<Item = String>) -> String {
    cases.into_iter().collect::<Vec<_>>().join("\n")
}

fn of_classification(case: &str, classification: Classification) -> String {
    shown(case, &classification.into_error("get certificate web-01 in vault contoso"))
}

fn response(status: u16, code: &str, inner: &str) -> ErrorResponse {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let reply = Reply::new(status).with_code(text(code)).with_inner_code(text(inner));
    ErrorResponse { reply, ..ErrorResponse::default() }
}

fn refused(api: ApiOperation, case: &str, response: ErrorResponse) -> String {
    let (operation, host) = match api {
        ApiOperation::CreateVault => ("create vault contoso", "management.azure.com"),
        ApiOperation::PurgeCertificate => {
            ("purge certificate web-01 in vault contoso", "contoso.vault.azure.net")
        }
        _ => ("import certificate web-01 into vault contoso", "contoso.vault.azure.net"),
    };
    shown(case, &classify(api, operation, host, &Failure::Refused(Box::new(response))))
}

fn refusals(api: ApiOperation, cases: &[(u16, &str, &str)]) -> String {
    all(cases.iter().map(|(status, code, inner)| {
        refused(api, format!("{status} {code} {inner}").trim(), response(*status, code, inner))
    }))
}

#[test]
fn texts_of_key_vault_errors_are_reviewed() {
    insta::assert_snapshot!(refusals(
        ApiOperation::ImportCertificate,
        &[
            (400, "BadParameter", ""),
            (400, "BadParameter", "KeySizeNotSupported"),
            (401, "Unauthorized", ""),
            (403, "Forbidden", "AccessDenied"),
            (403, "Forbidden", "ForbiddenByRbac"),
            (403, "Forbidden", "ForbiddenByFirewall"),
            (403, "Forbidden", "ForbiddenByConnection"),
            (403, "Forbidden", "SecretDisabled"),
            (403, "RequestDisallowedByPolicy", ""),
            (403, "Forbidden", ""),
            (404, "VaultNotFound", ""),
            (404, "CertificateNotFound", ""),
            (404, "Unknown", ""),
            (407, "", ""),
            (408, "", ""),
            (409, "Conflict", "ObjectIsDeletedButRecoverable"),
            (409, "Conflict", "ObjectIsBeingDeleted"),
            (409, "Conflict", "ObjectIsBeingRecovered"),
            (409, "Conflict", ""),
            (413, "", ""),
            (429, "Throttled", ""),
            (500, "InternalError", ""),
            (600, "", ""),
        ],
    ));
}

#[test]
fn texts_of_resource_manager_errors_are_reviewed() {
    insta::assert_snapshot!(refusals(
        ApiOperation::CreateVault,
        &[
            (400, "VaultNameNotValid", ""),
            (400, "RegionNotSupported", ""),
            (400, "SkuNotSupported", ""),
            (401, "ExpiredAuthenticationToken", ""),
            (401, "InvalidAuthenticationTokenTenant", ""),
            (403, "AuthorizationFailed", ""),
            (403, "RequestDisallowedByPolicy", ""),
            (403, "Unknown", ""),
            (404, "SubscriptionNotFound", ""),
            (404, "ResourceGroupNotFound", ""),
            (409, "VaultAlreadyExists", ""),
            (409, "ConflictError", ""),
            (409, "MissingSubscriptionRegistration", ""),
            (409, "Unknown", ""),
            (429, "SubscriptionRequestsThrottled", ""),
        ],
    ));
}

#[test]
fn texts_of_unusual_answers_are_reviewed() {
    let import = ApiOperation::ImportCertificate;
    let redirect =
        ErrorResponse { location: Some("login.example.com".to_owned()), ..response(302, "", "") };
    let audience = ErrorResponse {
        other_audience: Some("https://vault.azure.cn".to_owned()),
        ..response(401, "Unauthorized", "")
    };
    let tenant = ErrorResponse {
        tenant: Some("22222222-2222-2222-2222-222222222222".to_owned()),
        ..response(401, "Unauthorized", "")
    };
    let claims = ErrorResponse { insufficient_claims: true, ..response(401, "Unauthorized", "") };
    let proxy = ErrorResponse { not_from_service: true, ..response(404, "", "") };
    let wait = ErrorResponse {
        retry_after: Some(Duration::from_secs(400)),
        ..response(429, "Throttled", "")
    };
    insta::assert_snapshot!(all([
        refused(import, "redirect", redirect),
        refused(import, "other audience", audience),
        refused(import, "other tenant", tenant),
        refused(import, "insufficient claims", claims),
        refused(import, "404 of a proxy", proxy),
        refused(import, "429 with Retry-After", wait),
        refused(ApiOperation::PurgeCertificate, "403 of a purge", response(403, "Forbidden", "")),
    ]));
}

#[test]
fn texts_of_broken_connections_are_reviewed() {
    use NoConnection::{
        ProxyRefused, ProxySignIn, ProxyUnresolved, Unreachable, Unresolved, Untrusted,
    };
    let peers = [
        Peer::Vault("contoso.vault.azure.net"),
        Peer::ResourceManager("management.azure.com"),
        Peer::Authority("https://login.microsoftonline.com"),
        Peer::ManagedIdentity,
    ];
    let connection_error = || {
        let kind = azure_core::error::ErrorKind::Connection;
        std::sync::Arc::new(azure_core::Error::with_message(kind, "no connection"))
    };
    let not_sent = |why| Failure::NotSent { why, source: connection_error() };
    let by_peer = [Unresolved, ProxyUnresolved, ProxySignIn, ProxyRefused, Unreachable];
    let by_peer = by_peer.into_iter().map(|why| (format!("{why:?}"), not_sent(why)));
    let broken = [
        ("ConnectionLost".to_owned(), Failure::ConnectionLost { source: connection_error() }),
        ("Stalled".to_owned(), Failure::Stalled { after: Duration::from_secs(30) }),
        ("TooLarge".to_owned(), Failure::TooLarge { limit: 1024 }),
    ];
    let mut cases = Vec::new();
    for (name, failure) in by_peer.chain(broken) {
        for peer in peers {
            let case = format!("{name} {peer:?}");
            cases.push(of_classification(&case, connection::classify(peer, &failure)));
        }
    }
    for why in [
        Distrust::Expired,
        Distrust::NotYetValid,
        Distrust::UnknownIssuer,
        Distrust::WrongName,
        Distrust::Revoked,
        Distrust::NoCommonVersion,
        Distrust::NotTls,
        Distrust::ProxyNotTls,
        Distrust::Other,
    ] {
        let error = connection::classify(peers[0], &not_sent(Untrusted(why)));
        cases.push(of_classification(&format!("Untrusted {why:?}"), error));
    }
    insta::assert_snapshot!(all(cases));
}

#[test]
fn texts_of_entra_codes_are_reviewed() {
    let known = (0..10_000_000).filter_map(|code| {
        Some(of_classification(&format!("AADSTS{code}"), entra::classify(code)?))
    });
    insta::assert_snapshot!(all(known));
}

#[test]
fn texts_of_token_errors_are_reviewed() {
    let authority = Peer::Authority("https://login.microsoftonline.com");
    let answered = |peer, status, body: &str| {
        let failed = FailedExchange::Answered {
            status,
            body: body.as_bytes().to_vec(),
            request_id: None,
            retry_after: None,
            redactor: Redactor::default(),
        };
        let error = TokenError::of_exchange(failed, peer);
        let error = error.into_error("sign in for vault contoso");
        shown(&format!("{status} {body} {peer:?}"), &error)
    };
    let unknown = r#"{"error":"invalid_client","error_description":"AADSTS1: x"}"#;
    let unassigned = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let mut cases = Vec::new();
    for peer in [authority, Peer::ManagedIdentity] {
        for (status, body) in [
            (200, "{}"),
            (302, ""),
            (401, unknown),
            (403, "<html>"),
            (407, ""),
            (404, unknown),
            (429, unknown),
            (500, ""),
        ] {
            cases.push(answered(peer, status, body));
        }
        let unusable =
            TokenError::of_exchange(FailedExchange::Unusable("the token is empty"), peer);
        cases.push(shown(&format!("unusable {peer:?}"), &unusable.into_error("sign in")));
    }
    cases.push(answered(Peer::ManagedIdentity, 400, unassigned));
    insta::assert_snapshot!(all(cases));
}
