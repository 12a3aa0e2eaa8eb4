//! Resolves names to addresses.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::exchange::Unresolved;

/// The system's resolver, except that `localhost` and every name below it is this machine (RFC
/// 6761), which some systems do not implement.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    /// The host of the proxy, if there is one.
    pub(super) proxy: Option<String>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let is_proxy = self.proxy.as_deref() == Some(name.as_str());
        if is_this_machine(&host) {
            return Box::pin(async { Ok(loopback()) });
        }
        Box::pin(async move {
            let asked = host.clone();
            let found = tokio::task::spawn_blocking(move || (asked, 0).to_socket_addrs()).await?;
            let addresses: Addrs = match found {
                Ok(addresses) => Box::new(addresses),
                Err(_) => return Err(Unresolved { name: host, is_proxy }.into()),
            };
            Ok(addresses)
        })
    }
}

/// Whether the name means this machine by definition (RFC 6761 6.3).
pub(super) fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

/// Port 0 stands for the URL's.
fn loopback() -> Addrs {
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
    Box::new([v4, v6].into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_below_localhost_are_this_machine() {
        let name = "contoso.vault.localhost".parse().expect("a name");
        let addresses: Vec<_> =
            Resolver::default().resolve(name).await.expect("loopback").collect();
        assert!(addresses.iter().all(|it| it.ip().is_loopback()));
    }

    #[tokio::test]
    async fn a_name_without_address_is_reported_by_name() {
        // A label of more than 63 characters is rejected before any lookup.
        let name = format!("{}.example", "x".repeat(64)).parse().expect("a name");
        let Err(error) = Resolver::default().resolve(name).await else { panic!("resolved") };
        assert!(error.is::<Unresolved>(), "{error}");
    }
}
