//! What a failure means: the one place where statuses and codes become an [`Error`].

use akv_core::{Denial, Error, ErrorKind};

use crate::operation::{Operation, Service};
use crate::pipeline::{Failure, NoConnection, Refusal};
use crate::transport::Distrust;

/// The meaning of a failed attempt at `operation`, which was `tried` on `host`.
pub(crate) fn meaning(operation: Operation, tried: &str, host: &str, failure: &Failure) -> Error {
    match failure {
        Failure::Refused(refusal) => of_refusal(operation, tried, refusal),
        Failure::NotSent { why, source } => {
            of_no_connection(operation, tried, host, *why).with_source(source.clone())
        }
        Failure::Lost { source } => Error::new(
            ErrorKind::Unavailable,
            tried,
            format!("the connection to {host} broke before the whole answer was there"),
        )
        .with_source(source.clone()),
        Failure::Stalled { after } => Error::new(
            ErrorKind::TimedOut,
            tried,
            format!("no whole answer from {host} within {} seconds", after.as_secs()),
        ),
        Failure::TooLarge { limit } => Error::new(
            ErrorKind::Protocol,
            tried,
            format!("the answer of {host} is larger than the {limit} bytes that it can have"),
        )
        .with_advice("find out who answers in the service's place"),
    }
}

/// The caller cancelled before anything was sent, or a read was torn off.
pub(crate) fn cancelled(tried: &str) -> Error {
    Error::new(ErrorKind::Cancelled, tried, "cancelled")
}

struct Meaning {
    kind: ErrorKind,
    problem: String,
    advice: Option<String>,
}

impl Meaning {
    fn new(kind: ErrorKind, problem: impl Into<String>) -> Self {
        Self { kind, problem: problem.into(), advice: None }
    }

    fn advised(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

/// Matches on status, code and inner code, never on the message, which Microsoft rewords.
fn of_refusal(operation: Operation, tried: &str, refusal: &Refusal) -> Error {
    let reply = &refusal.reply;
    let code = reply.code.as_deref().unwrap_or_default();
    let inner = reply.inner_code.as_deref().unwrap_or_default();
    let meaning = match (reply.status, operation.service()) {
        (300..=399, _) => redirected(refusal),
        (401, service) => unauthenticated(service, code, refusal),
        (403, Service::KeyVault) => denied_by_vault(operation, code, inner),
        (403, Service::ResourceManager) => denied_by_resource_manager(operation, code),
        (404, _) => absent(code, refusal),
        (407, _) => Meaning::new(ErrorKind::Unavailable, PROXY_SIGN_IN).advised(PROXY_ADVICE),
        (409, Service::KeyVault) => conflict_in_vault(inner),
        (409, Service::ResourceManager) => conflict_in_resource_manager(code),
        (413, _) => Meaning::new(ErrorKind::Invalid, "the service refuses it as too large")
            .advised("a certificate with its key and chain has to stay below 25 KB"),
        (429, service) => throttled(service, refusal),
        (400..=499, _) if refusal.foreign => not_the_service(),
        (408, _) => Meaning::new(ErrorKind::TimedOut, "the service gave up waiting"),
        (400..=499, _) => invalid(code, inner),
        (500..=599, _) => Meaning::new(ErrorKind::Unavailable, "the service failed"),
        _ => not_the_service(),
    };
    let error = Error::new(meaning.kind, tried, meaning.problem).with_reply(reply.clone());
    match meaning.advice {
        Some(advice) => error.with_advice(advice),
        None => error,
    }
}

fn redirected(refusal: &Refusal) -> Meaning {
    let host = refusal.location.as_deref();
    let whither = host.map(|host| format!(" to {host}")).unwrap_or_default();
    Meaning::new(
        ErrorKind::UntrustedHost,
        format!("the answer is a redirect{whither}, which the service never sends: not followed"),
    )
    .advised("find out who answers in the service's place: a proxy's login page, a wrong DNS entry")
}

fn unauthenticated(service: Service, code: &str, refusal: &Refusal) -> Meaning {
    if let Some(audience) = &refusal.other_audience {
        return Meaning::new(
            ErrorKind::Unauthenticated,
            format!(
                "the host wants a token for {audience}, which is not the vault audience of the \
                 configured cloud: no such token was requested"
            ),
        )
        .advised("check the cloud and the host: another cloud's vault, a managed HSM or a proxy answered");
    }
    if refusal.insufficient_claims {
        return Meaning::new(
            ErrorKind::Unauthenticated,
            "continuous access evaluation revoked the token (insufficient_claims)",
        )
        .advised(
            "the tenant's Conditional Access policies no longer admit this identity from this \
             network: ask the tenant's administrator to check its sign-in log",
        );
    }
    let meaning = Meaning::new(
        ErrorKind::Unauthenticated,
        "the service refused the token, and a new one too",
    );
    match (&refusal.tenant, service, code) {
        (Some(tenant), _, _) => meaning.advised(format!(
            "it takes tokens of tenant {tenant}: check that this is the tenant configured, that \
             the cloud is the right one, and the clock of this machine"
        )),
        (None, Service::ResourceManager, "InvalidAuthenticationTokenTenant") => {
            meaning.advised("the subscription belongs to another tenant: name that one")
        }
        _ => meaning.advised("check tenant, cloud and the clock of this machine"),
    }
}

fn denied_by_vault(operation: Operation, code: &str, inner: &str) -> Meaning {
    let needs = operation.needs();
    let permission = needs.permission.unwrap_or("a permission");
    let role = || {
        format!(
            "assign the role \"{}\" on the vault, or one with the data action {}; an assignment \
             can take ten minutes to arrive",
            needs.role, needs.action
        )
    };
    let policy = || format!("add {permission} to the caller's access policy of the vault");
    let reason = if inner.is_empty() { code } else { inner };
    match reason {
        "AccessDenied" | "ForbiddenByPolicy" => Meaning::new(
            ErrorKind::Denied(Denial::AccessPolicy),
            format!("the vault's access policies do not give the caller {permission}"),
        )
        .advised(policy()),
        "ForbiddenByRbac" => Meaning::new(
            ErrorKind::Denied(Denial::Rbac),
            format!("no role of the caller has {}", needs.action),
        )
        .advised(role()),
        "ForbiddenByFirewall" => Meaning::new(
            ErrorKind::Denied(Denial::Firewall),
            "the vault's firewall does not admit this address",
        )
        .advised(
            "add the address or the subnet of this machine under Networking of the vault (the \
             service's message has the address it saw), or use a private endpoint",
        ),
        "ForbiddenByConnection" => Meaning::new(
            ErrorKind::Denied(Denial::PrivateLink),
            "the vault has public access turned off and this is no private link",
        )
        .advised(
            "run where the vault's private endpoint is reached (its name has to resolve to the \
             private address there), or allow public access",
        ),
        "RequestDisallowedByPolicy" => azure_policy(),
        _ if is_state(reason) => Meaning::new(
            ErrorKind::Denied(Denial::ObjectState),
            "the state of the certificate does not allow it",
        )
        .advised("see whether it is disabled, expired or protected from purging"),
        _ if operation == Operation::PurgeCertificate => Meaning::new(
            ErrorKind::Denied(Denial::Unspecified),
            "not allowed, and the service does not say why",
        )
        .advised(format!(
            "where the vault has purge protection nobody can purge before the retention has \
             passed; otherwise the caller lacks {permission}"
        )),
        _ => Meaning::new(
            ErrorKind::Denied(Denial::Unspecified),
            "not allowed, and the service does not say why",
        )
        .advised(format!(
            "with Azure RBAC: {}; with access policies: {}; and see the vault's Networking",
            role(),
            policy()
        )),
    }
}

/// Inner codes that speak of the object and not of the caller.
fn is_state(inner: &str) -> bool {
    ["Disabled", "Expired", "NotYetValid", "ManagedByKeyVault", "PurgeProtect", "PurgeDisabled"]
        .iter()
        .any(|word| inner.contains(word))
}

fn denied_by_resource_manager(operation: Operation, code: &str) -> Meaning {
    let needs = operation.needs();
    match code {
        "RequestDisallowedByPolicy" => azure_policy(),
        "AuthorizationFailed" | "LinkedAuthorizationFailed" => Meaning::new(
            ErrorKind::Denied(Denial::Rbac),
            format!("no role of the caller has {} there", needs.action),
        )
        .advised(format!("assign the role \"{}\" there, or one with {}", needs.role, needs.action)),
        _ => Meaning::new(
            ErrorKind::Denied(Denial::Unspecified),
            "not allowed, and the service does not say why",
        )
        .advised(format!("the caller needs {}", needs.action)),
    }
}

fn azure_policy() -> Meaning {
    Meaning::new(ErrorKind::Denied(Denial::AzurePolicy), "Azure Policy does not allow it")
        .advised("change what is asked for, or the policy; the activity log names the policy")
}

/// A 404 is absence only in the service's own words: a proxy's 404 says nothing about a vault.
fn absent(code: &str, refusal: &Refusal) -> Meaning {
    match code {
        "SubscriptionNotFound" => Meaning::new(
            ErrorKind::Absent,
            "there is no such subscription, or the caller has no role in it",
        )
        .advised("check the subscription's id and the tenant"),
        "ResourceGroupNotFound" => Meaning::new(ErrorKind::Absent, "no such resource group"),
        // Without its vault nothing can be said of a certificate.
        "VaultNotFound" => Meaning::new(ErrorKind::Unavailable, "there is no such vault")
            .advised("check the vault's name and the cloud"),
        _ if refusal.foreign => not_the_service(),
        _ if code.ends_with("NotFound") => Meaning::new(ErrorKind::Absent, "it is not there"),
        _ => Meaning::new(ErrorKind::Protocol, "the service does not know what is asked for")
            .advised("check whether this cloud has the versions of the interfaces in use"),
    }
}

fn not_the_service() -> Meaning {
    Meaning::new(ErrorKind::Protocol, "this is not the service's own answer")
        .advised("find out who answers in its place: a proxy, a gateway, a wrong DNS entry")
}

fn conflict_in_vault(inner: &str) -> Meaning {
    match inner {
        "ObjectIsDeletedButRecoverable" => {
            Meaning::new(ErrorKind::SoftDeleted, "a certificate of that name is in soft delete")
                .advised("recover or purge it, or use another name")
        }
        "ObjectIsBeingDeleted" => {
            Meaning::new(ErrorKind::BeingDeleted, "a certificate of that name is being deleted")
                .advised("try again in a minute")
        }
        "ObjectIsBeingRecovered" => {
            Meaning::new(ErrorKind::BeingRecovered, "a certificate of that name is being recovered")
                .advised("try again in a minute")
        }
        _ => Meaning::new(ErrorKind::Conflict, "something of that name stands in the way")
            .advised("see whether the vault has a stand-alone key or secret of that name"),
    }
}

fn conflict_in_resource_manager(code: &str) -> Meaning {
    match code {
        "VaultAlreadyExists" => Meaning::new(
            ErrorKind::NameTaken,
            "the name is taken: vault names are unique worldwide, vaults in soft delete included",
        )
        .advised("choose another name"),
        "ConflictError" => Meaning::new(
            ErrorKind::SoftDeleted,
            "a vault of that name is in soft delete",
        )
        .advised(
            "recover it (az keyvault recover) or purge it (az keyvault purge), or choose another \
             name",
        ),
        "MissingSubscriptionRegistration" => {
            Meaning::new(ErrorKind::Conflict, "the subscription is not registered for Key Vault")
                .advised("register it: az provider register --namespace Microsoft.KeyVault")
        }
        _ => Meaning::new(ErrorKind::Conflict, "another operation or object stands in the way"),
    }
}

fn throttled(service: Service, refusal: &Refusal) -> Meaning {
    let who = match service {
        Service::KeyVault => "the vault's or the subscription's budget of requests is used up",
        Service::ResourceManager => "Resource Manager's budget of requests is used up",
    };
    let wish = refusal.wish.filter(|wish| !wish.is_zero()).map(|wish| {
        format!(", and it wants to be left alone for {} seconds", wish.as_secs_f64().ceil())
    });
    Meaning::new(ErrorKind::Throttled, format!("{who}{}", wish.unwrap_or_default()))
        .advised("find out who else uses it, or run later")
}

fn invalid(code: &str, inner: &str) -> Meaning {
    let meaning = Meaning::new(ErrorKind::Invalid, "the service refuses it as wrong");
    match (code, inner) {
        (_, "KeySizeNotSupported") => meaning.advised(
            "Key Vault takes no RSA certificate whose chain holds an EC issuer, and no key but RSA \
             2048, 3072, 4096 and EC P-256, P-384, P-521, P-256K",
        ),
        ("VaultNameNotValid", _) => meaning.advised("choose another vault name"),
        ("RegionNotSupported" | "LocationNotAvailableForResourceType", _) => {
            meaning.advised("name a region that has Key Vault")
        }
        ("SkuNotSupported", _) => meaning.advised("choose the other SKU, or another region"),
        _ => meaning,
    }
}

fn of_no_connection(operation: Operation, tried: &str, host: &str, why: NoConnection) -> Error {
    let error = |problem: String| Error::new(ErrorKind::Unavailable, tried, problem);
    let vault = operation.service() == Service::KeyVault;
    match why {
        NoConnection::Unresolved if vault => {
            error(format!("no such vault, or its name {host} does not resolve from here"))
                .with_advice(
                    "check the vault's name and the cloud; where it has a private endpoint only, \
                     this machine needs the private DNS zone",
                )
        }
        NoConnection::Unresolved => error(format!("the name {host} does not resolve from here"))
            .with_advice("check the cloud and this machine's DNS"),
        NoConnection::Untrusted(why) => {
            let (problem, advice) = untrusted(host, why);
            error(problem).with_advice(advice)
        }
        NoConnection::ProxyUnresolved => {
            error(PROXY_UNRESOLVED.to_owned()).with_advice(PROXY_NAME)
        }
        NoConnection::ProxySignIn => error(PROXY_SIGN_IN.to_owned()).with_advice(PROXY_ADVICE),
        NoConnection::ProxyRefused => {
            error(format!("a proxy makes no connection to {host}")).with_advice(if vault {
                "check the vault's name and the cloud, and have the proxy allow the host or name it \
                 in NO_PROXY"
            } else {
                PROXY_ALLOW
            })
        }
        NoConnection::Unreachable if vault => {
            error(format!("no connection to {host}: no such vault, or it is not reached from here"))
                .with_advice("check the vault's name, the cloud, the proxy and the firewall")
        }
        NoConnection::Unreachable => error(format!("no connection to {host}"))
            .with_advice("check the cloud, the proxy and the firewall"),
    }
}

/// Why there is no TLS connection to the host, and what to do.
pub(crate) fn untrusted(host: &str, why: Distrust) -> (String, &'static str) {
    let told = |what: &str| format!("cannot trust {host}: {what}");
    match why {
        Distrust::Expired => (
            told("its TLS certificate has expired"),
            "check this machine's clock; if it is right, the certificate has to be renewed (by the \
             proxy, where one inspects TLS)",
        ),
        Distrust::NotYetValid => {
            (told("its TLS certificate is not valid yet"), "check this machine's clock")
        }
        Distrust::UnknownIssuer => (
            told("its TLS certificate was issued by a CA that is not trusted on this machine"),
            "if a proxy inspects TLS, or the cloud is your own, name its root certificate with a CA \
             file; also check this machine's clock",
        ),
        Distrust::WrongName => (
            told("its TLS certificate was issued for another name"),
            "check the host name and DNS; a private endpoint keeps the vault's public name \
             (NAME.vault.azure.net), as no certificate has the privatelink name",
        ),
        Distrust::Revoked => {
            (told("its TLS certificate has been revoked"), "find out what answers at this address")
        }
        Distrust::NoCommonVersion => (
            told("the TLS handshake failed: it may not support TLS 1.2"),
            "check for a proxy or a gateway that answers in its place",
        ),
        Distrust::NotTls => (
            told("it does not speak TLS"),
            "check the port, and for a proxy or a gateway that answers in its place",
        ),
        Distrust::ProxyNotTls => (
            format!("cannot connect to {host}: the proxy does not speak TLS"),
            "the proxy was given as https://, which is for proxies that speak TLS themselves: write \
             http://",
        ),
        Distrust::Other => (
            told("its TLS certificate was not accepted"),
            "if a proxy inspects TLS, or the cloud is your own, name its root certificate with a CA \
             file; also check this machine's clock",
        ),
    }
}

pub(crate) const PROXY_SIGN_IN: &str = "a proxy wants to be signed in to";
pub(crate) const PROXY_UNRESOLVED: &str = "the name of the proxy does not resolve from here";
pub(crate) const PROXY_NAME: &str = "check the proxy's URL in HTTPS_PROXY and this machine's DNS";
pub(crate) const PROXY_ALLOW: &str = "have the proxy allow the host, or name it in NO_PROXY";
pub(crate) const PROXY_ADVICE: &str = "put user and password into the proxy's URL in HTTPS_PROXY";
