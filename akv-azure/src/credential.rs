//! The identity that signs in.

use std::fmt;
use std::sync::Arc;

use akv_core::Credential;
use azure_core::credentials::TokenCredential;

/// The identity of a store or a directory: a [`Credential`] or, with the feature
/// `token-credential`, the caller's own `TokenCredential`. The caller's credential is asked for a
/// token of the audience whenever one is needed, and chooses the tenant itself.
#[derive(Debug, Clone)]
pub struct AzureCredential(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    Credential(Credential),
    #[cfg_attr(
        not(feature = "token-credential"),
        expect(dead_code, reason = "only a caller with the feature can create one")
    )]
    Own(Arc<dyn TokenCredential>),
}

impl From<Credential> for AzureCredential {
    fn from(credential: Credential) -> Self {
        Self(Kind::Credential(credential))
    }
}

impl From<&Credential> for AzureCredential {
    fn from(credential: &Credential) -> Self {
        credential.clone().into()
    }
}

#[cfg(feature = "token-credential")]
impl From<Arc<dyn TokenCredential>> for AzureCredential {
    fn from(credential: Arc<dyn TokenCredential>) -> Self {
        Self(Kind::Own(credential))
    }
}

impl AzureCredential {
    pub(crate) fn needs_tenant(&self) -> bool {
        match &self.0 {
            Kind::Credential(credential) => credential.needs_tenant(),
            Kind::Own(_) => false,
        }
    }

    pub(crate) fn is_managed(&self) -> bool {
        matches!(
            &self.0,
            Kind::Credential(
                Credential::SystemAssignedIdentity | Credential::UserAssignedIdentity { .. }
            )
        )
    }

    /// `application …`, for messages.
    pub(crate) fn described(&self) -> String {
        let credential = match &self.0 {
            Kind::Credential(credential) => credential,
            Kind::Own(_) => return "the program's own token credential".to_owned(),
        };
        match credential {
            Credential::ClientSecret { client_id, .. }
            | Credential::ClientCertificate { client_id, .. }
            | Credential::WorkloadIdentity { client_id, .. } => format!("application {client_id}"),
            Credential::SystemAssignedIdentity => "the system-assigned identity".to_owned(),
            Credential::UserAssignedIdentity { client_id } => {
                format!("the user-assigned identity {client_id}")
            }
            Credential::AzureCli => "the account that is signed in to the Azure CLI".to_owned(),
            _ => "an identity".to_owned(),
        }
    }

    /// Whether both would obtain the same tokens from one authority and tenant.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kind::Credential(one), Kind::Credential(other)) => is_same(one, other),
            (Kind::Own(one), Kind::Own(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// The `Debug` output of a caller's own credential could contain its secret.
impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(credential) => credential.fmt(f),
            Self::Own(_) => f.write_str("TokenCredential(…)"),
        }
    }
}

fn is_same(one: &Credential, other: &Credential) -> bool {
    use Credential as C;
    match (one, other) {
        (
            C::ClientSecret { client_id, secret },
            C::ClientSecret { client_id: other_id, secret: other_secret },
        ) => client_id == other_id && secret.expose() == other_secret.expose(),
        (
            C::ClientCertificate { client_id, certificate, password },
            C::ClientCertificate {
                client_id: other_id,
                certificate: other_certificate,
                password: other_password,
            },
        ) => {
            client_id == other_id
                && certificate == other_certificate
                && password.expose() == other_password.expose()
        }
        (C::SystemAssignedIdentity, C::SystemAssignedIdentity) | (C::AzureCli, C::AzureCli) => true,
        (C::UserAssignedIdentity { client_id }, C::UserAssignedIdentity { client_id: other }) => {
            client_id == other
        }
        (
            C::WorkloadIdentity { client_id, token_file },
            C::WorkloadIdentity { client_id: other_id, token_file: other_file },
        ) => client_id == other_id && token_file == other_file,
        _ => false,
    }
}
