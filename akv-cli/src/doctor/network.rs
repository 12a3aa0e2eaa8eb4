//! The network path to Azure: DNS, TLS and the clock.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use akv_azure::Contact;
use akv_core::{Cloud, StoreAddress};
use time::OffsetDateTime;

use super::check::{Checks, Status, cause};
use super::machine::is_proxied;
use crate::args::Common;
use crate::wiring::Wiring;

pub(super) async fn checks(
    checks: &mut Checks,
    common: &Common,
    wiring: &Wiring,
    cloud: &Cloud,
    address: Option<&StoreAddress>,
) {
    let mut hosts = vec![
        ("authority", cloud.authority.clone()),
        ("resource-manager", cloud.resource_manager.clone()),
    ];
    match address.map(StoreAddress::vault_host) {
        Some(Ok(host)) => hosts.push(("vault", format!("https://{host}"))),
        Some(Err(error)) => checks.problem("vault-host", error.to_string(), None),
        None => {}
    }
    let mut date = None;
    for (what, base) in hosts {
        dns(checks, common, what, &base).await;
        let seen = tls(checks, wiring, cloud, what, &base).await;
        date = date.or(seen);
    }
    clock(checks, date);
}

async fn dns(checks: &mut Checks, common: &Common, what: &str, base: &str) {
    let name = format!("dns-{what}");
    let host = host_of(base).to_owned();
    let asked = host.clone();
    let resolving = tokio::task::spawn_blocking(move || addresses(&asked));
    let found = tokio::time::timeout(PATIENCE, resolving).await;
    match found {
        Ok(Ok(addresses)) if !addresses.is_empty() => {
            let shown: Vec<String> = addresses
                .iter()
                .map(|it| format!("{it} ({})", if is_private(it) { "private" } else { "public" }))
                .collect();
            checks.ok(&name, format!("{host} is {}", shown.join(", ")));
        }
        _ if is_proxied(common) => {
            checks.ok(&name, format!("{host} does not resolve here; the proxy resolves it"));
        }
        _ => {
            let hint = match what {
                "vault" => {
                    "check the vault name; with a private endpoint, check the private \
                            DNS zone privatelink.vaultcore.azure.net, or give --private-endpoint"
                }
                _ => "check the DNS servers of this machine",
            };
            checks.problem(&name, format!("{host} does not resolve"), Some(hint.to_owned()));
        }
    }
}

async fn tls(
    checks: &mut Checks,
    wiring: &Wiring,
    cloud: &Cloud,
    what: &str,
    base: &str,
) -> Option<OffsetDateTime> {
    let name = format!("tls-{what}");
    let contact = match wiring.azure.contact(cloud, base).await {
        Ok(contact) => contact,
        Err(error) => {
            checks.failed(&name, Status::Problem, &error, None);
            return None;
        }
    };
    let Contact { answer, date, presented, .. } = contact;
    let issuer = presented
        .map_or_else(String::new, |it| format!("; the certificate was issued by {}", it.issuer));
    match answer {
        Ok(status) if is_intercepted(cloud, &issuer) => checks.warning(
            &name,
            format!("trusted; it responded with HTTP {status}{issuer}"),
            Some("this is not a CA of Azure: a proxy intercepts the connection".to_owned()),
        ),
        Ok(status) => {
            checks.ok(&name, format!("trusted; it responded with HTTP {status}{issuer}"));
        }
        Err(error) => {
            let hint = error.advice().map(str::to_owned);
            checks.problem(&name, format!("{}{issuer}", cause(&error)), hint);
        }
    }
    date
}

/// Whether the presented certificate comes from another CA than those of Azure's public clouds.
fn is_intercepted(cloud: &Cloud, issuer: &str) -> bool {
    let is_azure = [Cloud::public(), Cloud::government(), Cloud::china()]
        .iter()
        .any(|known| known.vault_suffix == cloud.vault_suffix);
    is_azure
        && !issuer.is_empty()
        && !["Microsoft", "DigiCert"].iter().any(|authority| issuer.contains(authority))
}

fn clock(checks: &mut Checks, date: Option<OffsetDateTime>) {
    let Some(date) = date else {
        return checks.not_checked(&["clock"], "no service reported its time");
    };
    let seconds = (OffsetDateTime::now_utc() - date).whole_seconds();
    let detail = match seconds {
        0 => "the clock of this machine is correct".to_owned(),
        1.. => format!("the clock of this machine is {seconds} s ahead of the service"),
        _ => format!("the clock of this machine is {} s behind the service", -seconds),
    };
    let hint = || Some("synchronize the clock (NTP)".to_owned());
    match seconds.unsigned_abs() {
        0..=30 => checks.ok("clock", detail),
        31..=300 => checks.warning("clock", detail, hint()),
        _ => checks.problem("clock", detail, hint()),
    }
}

/// The host of an https URL, without its port.
fn host_of(base: &str) -> &str {
    let rest = base.strip_prefix("https://").unwrap_or(base);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

fn addresses(host: &str) -> Vec<IpAddr> {
    if host == "localhost" || host.ends_with(".localhost") {
        return vec![IpAddr::from([127, 0, 0, 1])];
    }
    let found = (host, 443).to_socket_addrs().map(|found| found.map(|it| it.ip()).collect());
    let mut addresses: Vec<IpAddr> = found.unwrap_or_default();
    addresses.dedup();
    addresses.truncate(MOST_SHOWN);
    addresses
}

fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

/// The deadline for one name.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_SHOWN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_distinguished() {
        for (address, private) in [
            ("10.1.2.3", true),
            ("100.64.0.1", true),
            ("172.31.0.1", true),
            ("20.50.1.1", false),
            ("fd00::1", true),
            ("2603:1010::1", false),
        ] {
            assert_eq!(is_private(&address.parse().expect("an address")), private, "{address}");
        }
        assert_eq!(host_of("https://contoso.vault.localhost:8443/x"), "contoso.vault.localhost");
    }

    #[test]
    fn clock_is_judged_by_the_services() {
        for (seconds, status) in [
            (0, Status::Ok),
            (25, Status::Ok),
            (60, Status::Warning),
            (290, Status::Warning),
            (400, Status::Problem),
        ] {
            for seconds in [seconds, -seconds] {
                let mut checks = Checks::default();
                let date = OffsetDateTime::now_utc() - time::Duration::seconds(seconds);
                clock(&mut checks, Some(date));
                let check = checks.iter().next().expect("a check");
                assert_eq!(check.status, status, "{}", check.detail);
                let way = if seconds > 0 { "ahead of" } else { "behind" };
                assert!(seconds == 0 || check.detail.contains(way), "{}", check.detail);
                assert_eq!(check.hint.is_some(), status != Status::Ok);
            }
        }
    }

    #[test]
    fn other_ca_means_interception_only_in_azure_clouds() {
        let mut own = Cloud::public();
        own.vault_suffix = "vaults.example".into();
        for (cloud, issuer, intercepted) in [
            (&Cloud::public(), "CN=Zscaler Root", true),
            (&Cloud::china(), "CN=DigiCert Basic RSA CN CA G2", false),
            (&Cloud::public(), "CN=Microsoft Azure RSA TLS Issuing CA 03", false),
            (&own, "CN=Example", false),
        ] {
            assert_eq!(is_intercepted(cloud, issuer), intercepted, "{issuer}");
        }
    }
}
