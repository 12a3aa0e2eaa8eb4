//! Connects the crates: converts the command line into a cloud, a credential and the jobs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use akv_azure::{Azure, AzureJobs, AzureOptions, ResourceManager};
use akv_core::{
    ClientId, ClientSecret, Cloud, Credential, Password, StoreAddress, StorePath, SystemClock,
    TenantId,
};
use anyhow::{Result, anyhow, bail};
use tokio_util::sync::CancellationToken;

use crate::args::{Common, Identity};
use crate::blocking::blocking;
use crate::json;
use crate::secret_input::{self, unquoted, unquoted_variable, variable};
use crate::usage::Usage;

/// Azure, and the jobs over it.
pub(crate) struct Wiring {
    pub(crate) azure: Azure,
    pub(crate) jobs: AzureJobs,
    cancellation: CancellationToken,
}

impl Wiring {
    pub(crate) fn new(common: &Common, cancellation: CancellationToken) -> Result<Self> {
        let mut options = AzureOptions::default()
            .with_deadline(Duration::from_secs(common.deadline))
            .with_cancellation(cancellation.clone());
        if let Some(file) = &common.ca_file {
            options = options.with_ca_file(file);
        }
        if let Some(url) = &common.proxy {
            options = options.with_proxy(url);
        }
        if !common.no_proxy.is_empty() {
            options = options.with_no_proxy(common.no_proxy.join(","));
        }
        let azure = Azure::new(options)?;
        let jobs = AzureJobs::new(azure.clone(), Arc::new(SystemClock));
        Ok(Self { azure, jobs, cancellation })
    }

    /// The cloud on the command line; `None` if it names none.
    pub(crate) async fn cloud(&self, common: &Common) -> Result<Option<Cloud>> {
        if let Some(file) = &common.cloud_file {
            let file = file.clone();
            return self.blocking(move || cloud_from_file(&file)).await.map(Some);
        }
        if let Some(url) = &common.resource_manager {
            return Ok(Some(self.azure.cloud_from_metadata(url).await?));
        }
        Ok(common.cloud.clone())
    }

    /// The credential on the command line.
    pub(crate) async fn credential(&self, common: &Common) -> Result<Credential> {
        let common = common.clone();
        self.blocking(move || credential(&common)).await
    }

    /// The control plane of a cloud.
    pub(crate) fn directory(
        &self,
        cloud: &Cloud,
        credential: &Credential,
    ) -> Result<ResourceManager> {
        Ok(self.azure.directory(cloud, credential)?)
    }

    /// Reads blocking input.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        blocking(&self.cancellation, read).await
    }

    /// The store on the command line.
    pub(crate) async fn address(&self, common: &Common, path: &StorePath) -> Result<StoreAddress> {
        self.addresses(common).await?(path)
    }

    /// The addresses of the stores on the command line. Checks that their hosts belong to the cloud
    /// before any credential is read.
    pub(crate) async fn addresses(
        &self,
        common: &Common,
    ) -> Result<impl Fn(&StorePath) -> Result<StoreAddress>> {
        let tenant = one_tenant(common)?;
        let cloud = self.cloud(common).await?.unwrap_or_else(Cloud::public);
        let private_endpoint = common.private_endpoint.clone();
        Ok(move |path: &StorePath| {
            let address = StoreAddress::new(path.clone())
                .with_tenant(tenant.clone())
                .with_cloud(cloud.clone())
                .with_private_endpoint(private_endpoint.clone());
            address.vault_host().map_err(|invalid| Usage::new(invalid.to_string()))?;
            Ok(address)
        })
    }
}

/// The tenants of the command line, or otherwise of the environment.
pub(crate) fn tenants(common: &Common) -> Result<Vec<TenantId>> {
    match unquoted_variable("AZURE_TENANT_ID")? {
        Some(tenant) if common.tenants.is_empty() => Ok(vec![
            tenant.parse().map_err(|error| Usage::new(format!("AZURE_TENANT_ID: {error}")))?,
        ]),
        _ => Ok(common.tenants.clone()),
    }
}

pub(crate) fn one_tenant(common: &Common) -> Result<Option<TenantId>> {
    let mut tenants = tenants(common)?;
    match tenants.len() {
        0 | 1 => Ok(tenants.pop()),
        _ => Err(Usage::new("only `discover` and --all accept more than one --tenant").into()),
    }
}

fn client_id(common: &Common) -> Result<Option<ClientId>> {
    match (common.client_id, unquoted_variable("AZURE_CLIENT_ID")?) {
        (None, Some(id)) => {
            Ok(Some(id.parse().map_err(|error| Usage::new(format!("AZURE_CLIENT_ID: {error}")))?))
        }
        (given, _) => Ok(given),
    }
}

/// The credential must follow from the given options and variables, or be selected explicitly: an
/// ambient login is never used by accident.
fn credential(common: &Common) -> Result<Credential> {
    let given = client_id(common)?;
    let client_id = || {
        given.ok_or_else(|| {
            Usage::new("this identity requires a client ID: --client-id or AZURE_CLIENT_ID")
        })
    };
    match common.identity.map_or_else(|| inferred_identity(common), Ok)? {
        Identity::Secret => Ok(Credential::ClientSecret {
            client_id: client_id()?,
            secret: client_secret(common)?.ok_or_else(|| {
                Usage::new(
                    "no client secret is set: use --client-secret-file or AZURE_CLIENT_SECRET",
                )
            })?,
        }),
        Identity::Certificate => Ok(Credential::ClientCertificate {
            client_id: client_id()?,
            certificate: path_variable(CERTIFICATE_PATH)?.into(),
            password: Password::from(variable(CERTIFICATE_PASSWORD)?.unwrap_or_default().as_str()),
        }),
        Identity::Managed => Ok(match given {
            Some(client_id) => Credential::UserAssignedIdentity { client_id },
            None => Credential::SystemAssignedIdentity,
        }),
        Identity::Workload => Ok(Credential::WorkloadIdentity {
            client_id: client_id()?,
            token_file: path_variable(TOKEN_FILE)?,
        }),
        Identity::AzureCli => Ok(Credential::AzureCli),
    }
}

fn inferred_identity(common: &Common) -> Result<Identity> {
    if client_secret(common)?.is_some() {
        Ok(Identity::Secret)
    } else if variable(CERTIFICATE_PATH)?.is_some() {
        Ok(Identity::Certificate)
    } else if variable(TOKEN_FILE)?.is_some() {
        Ok(Identity::Workload)
    } else {
        Err(Usage::new(
            "no credential is set: set AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or \
             --client-secret-file) for a service principal, or use --identity managed, --identity \
             workload or --identity azure-cli",
        )
        .into())
    }
}

fn client_secret(common: &Common) -> Result<Option<ClientSecret>> {
    let secret = match &common.client_secret_file {
        Some(file) => {
            let text = secret_input::file(file, "client secret")?;
            let secret = unquoted(&text, "--client-secret-file");
            if secret.is_empty() {
                bail!("read the client secret from {}: it is empty", file.display());
            }
            Some(secret)
        }
        None => unquoted_variable("AZURE_CLIENT_SECRET")?,
    };
    Ok(secret.map(|secret| ClientSecret::from(secret.as_str())))
}

fn cloud_from_file(file: &Path) -> Result<Cloud> {
    let text = secret_input::file(file, "cloud")?;
    let mut cloud: Cloud = serde_json::from_str(&text).map_err(|error| {
        anyhow!("cannot read the cloud from {}: {}", file.display(), json::problem(&error))
    })?;
    // A path in the file is relative to the file.
    cloud.ca_file =
        cloud.ca_file.map(|ca| file.parent().map_or_else(|| ca.clone(), |folder| folder.join(&ca)));
    Ok(cloud)
}

fn path_variable(name: &str) -> Result<PathBuf> {
    match variable(name)? {
        Some(path) => Ok(path.as_str().into()),
        None => Err(Usage::new(format!("this identity requires the variable {name}")).into()),
    }
}

const CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
