//! The cloud and the service of a host.

use crate::exchange::Request;

/// The host names of a cloud: one of the three built-in clouds, or the one on loopback with its
/// port.
///
/// Hosts, audiences and authorities as in the clouds' published tables (azure-cli-core `cloud.py`,
/// azure-mgmt-core `get_arm_endpoints`, MSAL's list of authorities).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoints {
    Public,
    Government,
    China,
    Loopback { port: Option<u16> },
}

/// The service behind a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Service {
    Vault(String),
    ResourceManager,
    Authority,
    /// The instance metadata service, or the identity endpoint of App Service.
    ManagedIdentity,
    /// The agent of Azure Arc, which uses the path of the instance metadata service.
    ArcAgent,
    Nothing,
}

impl Endpoints {
    /// The clouds with public host names.
    pub(crate) const BUILT_IN: [Self; 3] = [Self::Public, Self::Government, Self::China];

    /// Finds the cloud and the service of the request's host. `extra_suffixes` are additional
    /// suffixes of the public cloud's vaults, such as a private endpoint's.
    pub(crate) fn locate(request: &Request, extra_suffixes: &[String]) -> (Self, Service) {
        let host = request.host();
        let loopback = Self::Loopback { port: request.port() };
        for endpoints in Self::BUILT_IN.into_iter().chain([loopback]) {
            if let Some(vault) = vault_of(host, endpoints.vault_suffix()) {
                return (endpoints, Service::Vault(vault));
            }
            if endpoints.resource_manager_host() == host {
                return (endpoints, Service::ResourceManager);
            }
            if endpoints.authority_hosts().contains(&host) {
                return (endpoints, Service::Authority);
            }
        }
        if let Some(vault) = extra_suffixes.iter().find_map(|suffix| vault_of(host, suffix)) {
            return (Self::Public, Service::Vault(vault));
        }
        match host {
            "localhost" | "127.0.0.1" if request.port() == Some(40342) => {
                (Self::Public, Service::ArcAgent)
            }
            "arc.localhost" => (loopback, Service::ArcAgent),
            "169.254.169.254" | "127.0.0.1" => (Self::Public, Service::ManagedIdentity),
            "imds.localhost" => (loopback, Service::ManagedIdentity),
            _ => (Self::Public, Service::Nothing),
        }
    }

    pub(crate) const fn vault_suffix(self) -> &'static str {
        match self {
            Self::Public => "vault.azure.net",
            Self::Government => "vault.usgovcloudapi.net",
            Self::China => "vault.azure.cn",
            Self::Loopback { .. } => "vault.localhost",
        }
    }

    pub(crate) const fn resource_manager_host(self) -> &'static str {
        match self {
            Self::Public => "management.azure.com",
            Self::Government => "management.usgovcloudapi.net",
            Self::China => "management.chinacloudapi.cn",
            Self::Loopback { .. } => "management.localhost",
        }
    }

    /// The authority's host names, the preferred one first.
    pub(crate) const fn authority_hosts(self) -> &'static [&'static str] {
        match self {
            Self::Public => &["login.microsoftonline.com", "login.windows.net"],
            Self::Government => &["login.microsoftonline.us"],
            Self::China => &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
            Self::Loopback { .. } => &["login.localhost"],
        }
    }

    pub(crate) fn authority(self) -> String {
        self.with_port(self.authority_hosts().first().copied().unwrap_or_default())
    }

    pub(crate) fn resource_manager(self) -> String {
        self.with_port(self.resource_manager_host())
    }

    /// The audience of tokens for the vaults.
    pub(crate) fn vault_audience(self) -> String {
        self.with_port(self.vault_suffix())
    }

    /// The audiences of tokens for Resource Manager, in the newer and the older form.
    pub(crate) fn resource_manager_audiences(self) -> Vec<String> {
        let older = match self {
            Self::Public => "management.core.windows.net",
            Self::Government => "management.core.usgovcloudapi.net",
            Self::China => "management.core.chinacloudapi.cn",
            Self::Loopback { .. } => return vec![self.resource_manager()],
        };
        vec![self.resource_manager(), format!("https://{older}")]
    }

    /// Whether that audience belongs to this cloud.
    pub(crate) fn has_audience(self, audience: &str) -> bool {
        self.vault_audience() == audience
            || self.resource_manager_audiences().iter().any(|known| known == audience)
    }

    /// The address of a vault in this cloud.
    pub(crate) fn vault_uri(self, vault: &str) -> String {
        self.with_port(&format!("{vault}.{}", self.vault_suffix()))
    }

    /// All host names of this cloud, for a certificate.
    pub(crate) fn hosts(self) -> impl Iterator<Item = String> {
        let services = self.authority_hosts().iter().copied().chain([self.resource_manager_host()]);
        services.map(str::to_owned).chain([format!("*.{}", self.vault_suffix())])
    }

    fn with_port(self, host: &str) -> String {
        match self {
            Self::Loopback { port: Some(port) } => format!("https://{host}:{port}"),
            _ => format!("https://{host}"),
        }
    }
}

fn vault_of(host: &str, suffix: &str) -> Option<String> {
    let vault = host.strip_suffix(suffix)?.strip_suffix('.')?;
    (!vault.is_empty() && !vault.contains('.')).then(|| vault.to_owned())
}
