//! Obtains a token for a credential of the domain, through `azure_identity`.

use std::sync::Arc;
use std::time::Duration;

use akv_core::{Cloud, Credential, Error, ErrorKind, TenantId};
use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, HttpClient, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    Executor, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::assertion::CertificateAssertion;
use super::cache::{Mint, Minted};
use super::federated::FederatedToken;
use super::recording_transport::RecordingTransport;
use crate::classify::{Peer, TokenError};
use crate::credential::{AzureCredential, Kind};
use crate::exchange::{Deadline, Origin, Retry, trace_throttling};
use crate::redact::Redactor;
use crate::wire;

/// The identity that signs in, and the authority.
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    credential: AzureCredential,
    tenant: Option<TenantId>,
    authority: String,
}

impl SignIn {
    /// Sends nothing yet. A credential that belongs to a tenant needs one.
    pub(crate) fn new(
        cloud: &Cloud,
        credential: &AzureCredential,
        tenant: Option<&TenantId>,
        operation: &str,
    ) -> Result<Self, Error> {
        Origin::new("cloud's authority", &cloud.authority)?;
        if credential.needs_tenant() && tenant.is_none() {
            return Err(Error::new(
                ErrorKind::Invalid,
                operation,
                "no tenant is configured; a service principal signs in to a tenant",
            )
            .with_advice("use the tenant ID or one of its domain names"));
        }
        Ok(Self {
            credential: credential.clone(),
            tenant: tenant.cloned(),
            authority: cloud.authority.clone(),
        })
    }

    /// Whether both would obtain the same tokens.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.credential.is_same(&other.credential)
            && self.tenant == other.tenant
            && self.authority == other.authority
    }

    fn is_managed(&self) -> bool {
        self.credential.is_managed()
    }

    /// `no token of tenant contoso.example for application …`, for messages.
    fn described(&self) -> String {
        let who = self.credential.described();
        match &self.tenant {
            Some(tenant) if !self.is_managed() => format!("no token of tenant {tenant} for {who}"),
            _ => format!("no token for {who}"),
        }
    }

    /// The issuer of the token, for messages.
    fn source(&self) -> Peer<'_> {
        if self.is_managed() { Peer::ManagedIdentity } else { Peer::Authority(&self.authority) }
    }
}

/// Mints tokens of one identity for one audience.
pub(crate) struct CredentialMint {
    sign_in: SignIn,
    scope: String,
    transport: Arc<dyn HttpClient>,
    executor: Option<Arc<dyn Executor>>,
}

impl CredentialMint {
    /// `audience` is the cloud's, never a challenge's.
    pub(crate) fn new(sign_in: SignIn, audience: &str, transport: Arc<dyn HttpClient>) -> Self {
        let scope = format!("{}/.default", audience.trim_end_matches('/'));
        Self { sign_in, scope, transport, executor: None }
    }

    async fn once(&self, deadline: Deadline) -> Result<Minted, TokenError> {
        let transport = RecordingTransport::new(Arc::clone(&self.transport));
        let credential = self.credential(Arc::clone(&transport)).await?;
        let scopes = [self.scope.as_str()];
        let token = match deadline.bound(credential.get_token(&scopes, None)).await {
            Some(Ok(token)) => token,
            Some(Err(error)) => {
                return Err(match transport.take() {
                    Some(failed) => TokenError::of_exchange(failed, self.sign_in.source()),
                    None => self.not_sent(&error),
                });
            }
            None => {
                return Err(match transport.take() {
                    Some(failed) => TokenError::of_exchange(failed, self.sign_in.source()),
                    None => TokenError::timed_out(deadline),
                });
            }
        };
        if let Some(fault) = wire::entra::fault_of_secret(token.token.secret()) {
            return Err(TokenError::unusable(fault, "check the source of the token"));
        }
        let lifetime = token.expires_on - OffsetDateTime::now_utc();
        Ok(Minted {
            secret: Zeroizing::new(token.token.secret().to_owned()),
            lifetime: Duration::try_from(lifetime).unwrap_or(Duration::ZERO),
        })
    }

    /// A new one for every token: `azure_identity` caches tokens and has no way to drop one.
    async fn credential(
        &self,
        transport: Arc<RecordingTransport>,
    ) -> Result<Arc<dyn TokenCredential>, TokenError> {
        let options = self.client_options(transport);
        let tenant = self.sign_in.tenant.as_ref().map(ToString::to_string);
        let named = tenant.clone().unwrap_or_default();
        let credential = match &self.sign_in.credential.0 {
            Kind::Credential(credential) => credential,
            Kind::Own(own) => return Ok(Arc::clone(own)),
        };
        let made: azure_core::Result<Arc<dyn TokenCredential>> = match credential {
            Credential::ClientSecret { client_id, secret } => ClientSecretCredential::new(
                &named,
                client_id.to_string(),
                Secret::new(secret.expose().to_owned()),
                Some(ClientSecretCredentialOptions { client_options: options }),
            )
            .map(|it| it as _),
            Credential::ClientCertificate { client_id, certificate, password } => {
                let assertion = CertificateAssertion::open(
                    certificate.clone(),
                    password.clone(),
                    client_id.to_string(),
                    format!("{}/{named}/oauth2/v2.0/token", self.sign_in.authority),
                )
                .await?;
                ClientAssertionCredential::new(
                    named,
                    client_id.to_string(),
                    assertion,
                    Some(ClientAssertionCredentialOptions { client_options: options }),
                )
                .map(|it| it as _)
            }
            Credential::SystemAssignedIdentity => managed(None, options),
            Credential::UserAssignedIdentity { client_id } => {
                managed(Some(UserAssignedId::ClientId(client_id.to_string())), options)
            }
            Credential::WorkloadIdentity { client_id, token_file } => {
                ClientAssertionCredential::new(
                    named,
                    client_id.to_string(),
                    FederatedToken::open(token_file.clone()).await?,
                    Some(ClientAssertionCredentialOptions { client_options: options }),
                )
                .map(|it| it as _)
            }
            Credential::AzureCli => AzureCliCredential::new(Some(AzureCliCredentialOptions {
                tenant_id: tenant,
                executor: self.executor.clone(),
                ..AzureCliCredentialOptions::default()
            }))
            .map(|it| it as _),
            _ => return Err(TokenError::unusable("this kind of credential is not supported", "")),
        };
        made.map_err(|error| self.not_sent(&error))
    }

    /// Uses the configured cloud's authority, whatever `AZURE_AUTHORITY_HOST` says, and this
    /// crate's own retries. `azure_identity` retries the managed identity endpoints itself.
    fn client_options(&self, transport: Arc<RecordingTransport>) -> ClientOptions {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host.clone_from(&self.sign_in.authority);
        ClientOptions {
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            retry: if self.sign_in.is_managed() {
                RetryOptions::default()
            } else {
                RetryOptions::none()
            },
            transport: Some(Transport::new(transport)),
            ..ClientOptions::default()
        }
    }

    /// Nothing was sent: a file, a tool or an environment variable is unusable.
    fn not_sent(&self, error: &azure_core::Error) -> TokenError {
        let message =
            std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        let message = Redactor::default().line(&message);
        match &self.sign_in.credential.0 {
            Kind::Own(_) => TokenError::unusable(
                "it provided no token",
                "check the log of that credential; its error text is not shown here",
            ),
            Kind::Credential(Credential::AzureCli) => TokenError::unusable(
                format!("the Azure CLI provided no token: {message}"),
                "run az login for this cloud and tenant",
            ),
            _ if self.sign_in.is_managed() => TokenError::unusable(
                message,
                "managed identities of virtual machines and App Service are supported; with Azure \
                 Arc, Service Fabric and Cloud Shell use a service principal",
            ),
            Kind::Credential(_) => {
                TokenError::unusable(message, "check the tenant, the client ID and the authority")
            }
        }
    }
}

#[async_trait]
impl Mint for CredentialMint {
    async fn mint(&self, deadline: Deadline) -> Result<Minted, TokenError> {
        let mut retry = Retry::new(deadline);
        loop {
            let denied = match self.once(deadline).await {
                Ok(minted) => return Ok(minted),
                Err(denied) => denied,
            };
            let wait = denied
                .may_pass()
                .then(|| retry.after_failure(denied.is_throttling(), denied.retry_after()))
                .flatten();
            match wait {
                Some(wait) => {
                    if denied.is_throttling() {
                        trace_throttling(wait);
                    }
                    tokio::time::sleep(wait).await;
                }
                None => return Err(denied.during(&self.sign_in.described())),
            }
        }
    }
}

fn managed(
    user_assigned_id: Option<UserAssignedId>,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
    ManagedIdentityCredential::new(Some(options)).map(|it| it as _)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::io;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{ExitStatus, Output};
    use std::sync::Mutex;

    use akv_testkit::FakeCloud;

    use super::*;

    /// A test double for the shell in which `az` runs.
    #[derive(Debug)]
    struct Shell {
        exit_code: i32,
        stdout: String,
        stderr: &'static str,
        commands: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Executor for Shell {
        async fn run(&self, _: &OsStr, arguments: &[&OsStr]) -> io::Result<Output> {
            let line: Vec<_> = arguments.iter().map(|it| it.to_string_lossy()).collect();
            self.commands.lock().expect("no panic").push(line.join(" "));
            Ok(Output {
                status: ExitStatus::from_raw(self.exit_code << 8),
                stdout: self.stdout.clone().into_bytes(),
                stderr: self.stderr.as_bytes().to_vec(),
            })
        }
    }

    async fn minted(shell: &Arc<Shell>) -> Result<Minted, TokenError> {
        let tenant: TenantId = "contoso.example".parse().expect("a tenant");
        let sign_in =
            SignIn::new(&Cloud::public(), &Credential::AzureCli.into(), Some(&tenant), "test");
        let transport = FakeCloud::builder().start().transport();
        let mint = CredentialMint::new(
            sign_in.expect("a sign-in"),
            &Cloud::public().vault_audience,
            transport,
        );
        let mint = CredentialMint { executor: Some(Arc::clone(shell) as _), ..mint };
        mint.mint(Deadline::after(Duration::from_secs(60))).await
    }

    fn shell(exit_code: i32, stdout: String, stderr: &'static str) -> Arc<Shell> {
        Arc::new(Shell { exit_code, stdout, stderr, commands: Mutex::default() })
    }

    #[tokio::test]
    async fn azure_cli_is_asked_for_tenant_and_audience() {
        let expires = OffsetDateTime::now_utc().unix_timestamp() + 3000;
        let token =
            format!(r#"{{"accessToken":"from-az","expires_on":{expires},"tokenType":"Bearer"}}"#);
        let shell = shell(0, token, "");
        let minted = minted(&shell).await.unwrap_or_else(|denied| panic!("{denied}"));
        assert_eq!(*minted.secret, "from-az");
        assert!(minted.lifetime > Duration::from_secs(2900), "{:?}", minted.lifetime);
        let commands = shell.commands.lock().expect("no panic").join("\n");
        assert!(commands.contains("--scope https://vault.azure.net/.default"), "{commands}");
        assert!(commands.contains("--tenant contoso.example"), "{commands}");
    }

    #[tokio::test]
    async fn azure_cli_without_login_is_reported_once() {
        let shell = shell(1, String::new(), "ERROR: Please run 'az login' to setup account.");
        let Err(denied) = minted(&shell).await else { panic!("a token") };
        let error = denied.into_error("get certificate web in vault contoso");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(error.to_string().contains("Please run 'az login'"), "{error}");
        assert!(error.advice().is_some_and(|advice| advice.contains("az login")), "{error}");
        assert_eq!(shell.commands.lock().expect("no panic").len(), 1);
    }
}
