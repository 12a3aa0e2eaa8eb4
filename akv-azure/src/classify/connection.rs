//! Classifies failures in which a service or a token authority sent no complete answer.

use akv_core::ErrorKind;

use super::classification::{Classification, not_the_service};
use super::managed_identity;
use crate::exchange::{Distrust, Failure, NoConnection};

/// The endpoint that was contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer<'a> {
    /// The vault at this host.
    Vault(&'a str),
    /// Resource Manager at this host.
    ResourceManager(&'a str),
    /// Entra ID at this URL.
    Authority(&'a str),
    /// The managed identity endpoint of this machine.
    ManagedIdentity,
}

impl Peer<'_> {
    /// Its name in messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Vault(name) | Self::ResourceManager(name) | Self::Authority(name) => name,
            Self::ManagedIdentity => managed_identity::NAME,
        }
    }
}

/// Classifies a failure without a complete answer.
pub(super) fn classify(peer: Peer<'_>, failure: &Failure) -> Classification {
    let name = peer.name();
    match failure {
        Failure::NotSent { why, .. } => no_connection(peer, *why),
        Failure::ConnectionLost { .. } => Classification::new(
            ErrorKind::Unavailable,
            format!("the connection to {name} was lost before the response was complete"),
        ),
        Failure::Stalled { after } => Classification::new(
            ErrorKind::TimedOut,
            format!("no complete response from {name} within {} seconds", after.as_secs()),
        ),
        Failure::TooLarge { limit } => Classification::new(
            ErrorKind::Protocol,
            format!("the response of {name} exceeds the limit of {limit} bytes"),
        )
        .advised("check for an intercepting proxy, a gateway or a wrong DNS record"),
        // The service that sent an answer classifies it.
        Failure::Refused(_) => not_the_service(),
    }
}

/// A proxy on the way answered with 407.
pub(super) fn proxy_sign_in() -> Classification {
    Classification::new(ErrorKind::Unavailable, "the proxy requires authentication (HTTP 407)")
        .advised("add the user name and the password to the proxy URL in HTTPS_PROXY")
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
            unavailable("the host name of the proxy does not resolve on this machine".to_owned())
                .advised("check the proxy URL in HTTPS_PROXY and the DNS of this machine")
        }
        (NoConnection::ProxySignIn, _) => proxy_sign_in(),
        (NoConnection::ProxyRefused, peer) => {
            let refused = unavailable(format!("the proxy rejected the connection to {name}"));
            refused.advised(if matches!(peer, Peer::Vault(_)) {
                "check the vault name and the cloud; then allow the host in the proxy, or add it \
                 to NO_PROXY"
            } else {
                "allow the host in the proxy, or add it to NO_PROXY"
            })
        }
        (_, Peer::ManagedIdentity) => managed_identity::no_endpoint(),
        (NoConnection::Unresolved, Peer::Vault(_)) => unavailable(format!(
            "there is no such vault, or {name} does not resolve on this \
                                 machine"
        ))
        .advised(
            "check the vault name and the cloud; a vault with only a private endpoint \
                     needs the private DNS zone on this machine",
        ),
        (NoConnection::Unresolved, Peer::ResourceManager(_)) => {
            unavailable(format!("the host name {name} does not resolve on this machine"))
                .advised("check the cloud and the DNS of this machine")
        }
        (NoConnection::Unresolved, Peer::Authority(_)) => {
            unavailable(format!("the host name of {name} does not resolve on this machine"))
                .advised("check the cloud's authority URL and the DNS of this machine")
        }
        (NoConnection::Unreachable, Peer::Vault(_)) => unavailable(format!(
            "no connection to {name}: there is no such vault, or this machine cannot reach it"
        ))
        .advised("check the vault name, the cloud, the proxy and the firewall"),
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

/// Why the TLS connection to the host failed, and how to fix it.
fn untrusted(host: &str, why: Distrust) -> (String, &'static str) {
    let problem = |what: &str| format!("cannot trust {host}: {what}");
    match why {
        Distrust::Expired => (
            problem("its TLS certificate has expired"),
            "check the clock of this machine; if it is correct, renew the TLS certificate of the \
             host or of the inspecting proxy",
        ),
        Distrust::NotYetValid => {
            (problem("its TLS certificate is not valid yet"), "check the clock of this machine")
        }
        Distrust::UnknownIssuer => (
            problem("its TLS certificate was issued by a CA that is not trusted on this machine"),
            "if a proxy inspects TLS or the cloud is private, give its root certificate as CA \
             file; also check the clock of this machine",
        ),
        Distrust::WrongName => (
            problem("its TLS certificate was issued for another name"),
            "check the host name and DNS; with a private endpoint use the public name \
             NAME.vault.azure.net, because no certificate has the privatelink name",
        ),
        Distrust::Revoked => {
            (problem("its TLS certificate has been revoked"), "check which host has this address")
        }
        Distrust::NoCommonVersion => (
            problem("the TLS handshake failed; the host may not support TLS 1.2"),
            "check for an intercepting proxy or a gateway",
        ),
        Distrust::NotTls => (
            problem("the host does not speak TLS"),
            "check the port, and check for an intercepting proxy or a gateway",
        ),
        Distrust::ProxyNotTls => (
            format!("cannot connect to {host}: the proxy does not speak TLS"),
            "use http:// in the proxy URL; https:// is for proxies that speak TLS themselves",
        ),
        Distrust::Other => (
            problem("its TLS certificate was not accepted"),
            "if a proxy inspects TLS or the cloud is private, give its root certificate as CA \
             file; also check the clock of this machine",
        ),
    }
}
