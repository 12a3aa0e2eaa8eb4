//! Classifies a service's answer by its status and, where they decide, by the service's codes.

use akv_core::{Error, ErrorKind};

use super::classification::{Classification, not_the_service};
use super::connection::{self, Peer};
use super::{key_vault, resource_manager};
use crate::api::{ApiOperation, Service};
use crate::exchange::{ErrorResponse, Failure};

/// The error of a failed attempt: `api` on `host`, as part of `operation`.
pub(crate) fn classify(api: ApiOperation, operation: &str, host: &str, failure: &Failure) -> Error {
    let peer = match api.service() {
        Service::KeyVault => Peer::Vault(host),
        Service::ResourceManager => Peer::ResourceManager(host),
    };
    let Failure::Refused(response) = failure else {
        let error = connection::classify(peer, failure).into_error(operation);
        return match failure.source() {
            Some(source) => error.with_source(source),
            None => error,
        };
    };
    let error =
        classify_response(api, response).into_error(operation).with_reply(response.reply.clone());
    match response.retry_after {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

/// The caller cancelled before anything was sent, or while a read was under way.
pub(crate) fn cancelled(operation: &str) -> Error {
    Error::new(ErrorKind::Cancelled, operation, "cancelled")
}

/// Matches on status, code and inner code, never on the message, because Microsoft rewords
/// messages.
fn classify_response(api: ApiOperation, response: &ErrorResponse) -> Classification {
    let reply = &response.reply;
    let code = reply.code.as_deref().unwrap_or_default();
    let inner = reply.inner_code.as_deref().unwrap_or_default();
    match (reply.status, api.service()) {
        (300..=399, _) => redirected(response),
        (401, service) => unauthenticated(service, code, response),
        (403, Service::KeyVault) => key_vault::denied(api, code, inner),
        (403, Service::ResourceManager) => resource_manager::denied(api, code),
        (404, _) => absent(code, response),
        (407, _) => connection::proxy_sign_in(),
        (409, Service::KeyVault) => key_vault::conflict(inner),
        (409, Service::ResourceManager) => resource_manager::conflict(code),
        (413, _) => Classification::new(
            ErrorKind::Invalid,
            "the service rejected the request as \
             too large (HTTP 413)",
        )
        .advised("a certificate with its key and chain must be smaller than 25 KB"),
        (429, service) => throttled(service, response),
        (400..=499, _) if response.not_from_service => not_the_service(),
        (408, _) => Classification::new(
            ErrorKind::TimedOut,
            "the service timed out while reading \
             the request (HTTP 408)",
        ),
        (400..=499, _) => invalid(code, inner),
        (500..=599, _) => Classification::new(
            ErrorKind::Unavailable,
            "the service failed (server \
             error)",
        ),
        _ => not_the_service(),
    }
}

fn redirected(response: &ErrorResponse) -> Classification {
    let host = response.location.as_deref();
    let whither = host.map(|host| format!(" to {host}")).unwrap_or_default();
    Classification::new(
        ErrorKind::UntrustedHost,
        format!(
            "the response is a redirect{whither}; Key Vault sends no redirects, so it was not \
                 followed"
        ),
    )
    .advised("check for the login page of a proxy and for a wrong DNS record")
}

fn unauthenticated(service: Service, code: &str, response: &ErrorResponse) -> Classification {
    if let Some(audience) = &response.other_audience {
        return Classification::new(
            ErrorKind::Unauthenticated,
            format!(
                "the host requires a token for {audience}, which is not the vault audience of the \
                 configured cloud; no such token was requested"
            ),
        )
        .advised(
            "check the cloud and the host: the response came from a vault of another cloud, \
                  a managed HSM or a proxy",
        );
    }
    if response.insufficient_claims {
        return Classification::new(
            ErrorKind::Unauthenticated,
            "continuous access evaluation revoked the token (insufficient_claims)",
        )
        .advised(
            "ask the tenant administrator which Conditional Access policy blocks this identity on \
             this network",
        );
    }
    let refused = Classification::new(
        ErrorKind::Unauthenticated,
        "the service rejected the token and also a new one",
    );
    match (&response.tenant, service, code) {
        (Some(tenant), _, _) => refused.advised(format!(
            "the service accepts tokens of tenant {tenant}: check the configured tenant and \
             cloud, and the clock of this machine"
        )),
        (None, Service::ResourceManager, "InvalidAuthenticationTokenTenant") => {
            refused.advised("the subscription belongs to another tenant: configure that tenant")
        }
        _ => refused.advised("check the tenant, the cloud and the clock of this machine"),
    }
}

/// A 404 means absence only if the service itself sent it: a proxy's 404 proves nothing about a
/// vault.
fn absent(code: &str, response: &ErrorResponse) -> Classification {
    match code {
        "SubscriptionNotFound" => Classification::new(
            ErrorKind::Absent,
            "the subscription does not exist, or the caller has no role in it",
        )
        .advised("check the subscription ID and the tenant"),
        "ResourceGroupNotFound" => Classification::new(
            ErrorKind::Absent,
            "the resource group \
             does not exist",
        ),
        // Without its vault, the state of a certificate is unknown.
        "VaultNotFound" => Classification::new(ErrorKind::Unavailable, "there is no such vault")
            .advised("check the vault name and the cloud"),
        _ if response.not_from_service => not_the_service(),
        _ if code.ends_with("NotFound") => {
            Classification::new(ErrorKind::Absent, "it does not exist")
        }
        _ => Classification::new(
            ErrorKind::Protocol,
            "the service does not know the requested \
             interface",
        )
        .advised("check whether this cloud supports the API versions that akv uses"),
    }
}

fn throttled(service: Service, response: &ErrorResponse) -> Classification {
    let who = match service {
        Service::KeyVault => {
            "throttled: the request limit of the vault or the subscription is \
                              exhausted"
        }
        Service::ResourceManager => "throttled: the request limit of Resource Manager is exhausted",
    };
    let rest = response
        .retry_after
        .filter(|wait| !wait.is_zero())
        .map(|wait| format!("; retry after {} seconds", wait.as_secs_f64().ceil()));
    Classification::new(ErrorKind::Throttled, format!("{who}{}", rest.unwrap_or_default()))
        .advised("run later, or reduce the requests of other clients")
}

fn invalid(code: &str, inner: &str) -> Classification {
    let refused = Classification::new(
        ErrorKind::Invalid,
        "the service rejected the request as \
         invalid (HTTP 400)",
    );
    match (code, inner) {
        (_, "KeySizeNotSupported") => refused.advised(
            "Key Vault accepts the keys RSA 2048, 3072, 4096 and EC P-256, P-384, P-521, P-256K, \
             and no RSA certificate with an EC issuer in its chain",
        ),
        ("VaultNameNotValid", _) => refused.advised("choose another vault name"),
        ("RegionNotSupported" | "LocationNotAvailableForResourceType", _) => {
            refused.advised("use a region that has Key Vault")
        }
        ("SkuNotSupported", _) => refused.advised("choose the other SKU, or another region"),
        _ => refused,
    }
}
