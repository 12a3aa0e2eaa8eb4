//! What it means that a service or a token authority gave no whole answer.

use akv_core::ErrorKind;

use super::classification::{Classification, not_the_service};
use super::managed_identity;
use crate::exchange::{Distrust, Failure, NoConnection};

/// Who was to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer<'a> {
    /// A vault at that host.
    Vault(&'a str),
    /// Resource Manager at that host.
    ResourceManager(&'a str),
    /// Entra ID at that URL.
    Authority(&'a str),
    /// The managed identity endpoint of this machine.
    ManagedIdentity,
}

impl Peer<'_> {
    /// What it is called in messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Vault(name) | Self::ResourceManager(name) | Self::Authority(name) => name,
            Self::ManagedIdentity => managed_identity::NAME,
        }
    }
}

/// A failure without a whole answer, of whichever of them.
pub(super) fn classify(peer: Peer<'_>, failure: &Failure) -> Classification {
    let name = peer.name();
    match failure {
        Failure::NotSent { why, .. } => no_connection(peer, *why),
        Failure::Lost { .. } => Classification::new(
            ErrorKind::Unavailable,
            format!("the connection to {name} broke before the whole answer was there"),
        ),
        Failure::Stalled { after } => Classification::new(
            ErrorKind::TimedOut,
            format!("no whole answer from {name} within {} seconds", after.as_secs()),
        ),
        Failure::TooLarge { limit } => Classification::new(
            ErrorKind::Protocol,
            format!("the answer of {name} is larger than the {limit} bytes that it can have"),
        )
        .advised("find out who answers in the service's place"),
        // An answer is classified by the service that gave it.
        Failure::Refused(_) => not_the_service(),
    }
}

/// A proxy on the way answered with 407.
pub(super) fn proxy_sign_in() -> Classification {
    Classification::new(ErrorKind::Unavailable, "a proxy wants to be signed in to")
        .advised("put user and password into the proxy's URL in HTTPS_PROXY")
}

fn no_connection(peer: Peer<'_>, why: NoConnection) -> Classification {
    let name = peer.name();
    let unavailable = |problem: String| Classification::new(ErrorKind::Unavailable, problem);
    match (why, peer) {
        (NoConnection::Untrusted(why), _) => {
            let (problem, advice) = untrusted(name, why);
            unavailable(problem).advised(advice)
        }
        (NoConnection::ProxyUnresolved, _) => {
            unavailable("the name of the proxy does not resolve from here".to_owned())
                .advised("check the proxy's URL in HTTPS_PROXY and this machine's DNS")
        }
        (NoConnection::ProxySignIn, _) => proxy_sign_in(),
        (NoConnection::ProxyRefused, peer) => {
            let refused = unavailable(format!("a proxy makes no connection to {name}"));
            refused.advised(if matches!(peer, Peer::Vault(_)) {
                "check the vault's name and the cloud, and have the proxy allow the host or name it \
                 in NO_PROXY"
            } else {
                "have the proxy allow the host, or name it in NO_PROXY"
            })
        }
        (_, Peer::ManagedIdentity) => managed_identity::no_endpoint(),
        (NoConnection::Unresolved, Peer::Vault(_)) => {
            unavailable(format!("no such vault, or its name {name} does not resolve from here"))
                .advised(
                    "check the vault's name and the cloud; where it has a private endpoint only, \
                     this machine needs the private DNS zone",
                )
        }
        (NoConnection::Unresolved, Peer::ResourceManager(_)) => {
            unavailable(format!("the name {name} does not resolve from here"))
                .advised("check the cloud and this machine's DNS")
        }
        (NoConnection::Unresolved, Peer::Authority(_)) => {
            unavailable(format!("the name of {name} does not resolve from here"))
                .advised("check the cloud's authority URL and this machine's DNS")
        }
        (NoConnection::Unreachable, Peer::Vault(_)) => unavailable(format!(
            "no connection to {name}: no such vault, or it is not reached from here"
        ))
        .advised("check the vault's name, the cloud, the proxy and the firewall"),
        (NoConnection::Unreachable, Peer::ResourceManager(_)) => {
            unavailable(format!("no connection to {name}"))
                .advised("check the cloud, the proxy and the firewall")
        }
        (NoConnection::Unreachable, Peer::Authority(_)) => {
            unavailable(format!("no connection to {name}"))
                .advised("check the proxy, the firewall and the cloud's authority URL")
        }
    }
}

/// Why there is no TLS connection to the host, and what to do.
fn untrusted(host: &str, why: Distrust) -> (String, &'static str) {
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
