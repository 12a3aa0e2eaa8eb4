//! Who we are to Azure. What a credential means is here; how it becomes a token is not.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::secret::{ClientSecret, Password};
use crate::vault::ClientId;

/// Whom to be. Never a developer's ambient login unless [`Credential::AzureCli`] is asked for by
/// name.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A service principal with a client secret.
    ClientSecret {
        /// The application's id.
        client_id: ClientId,
        /// Its secret.
        secret: ClientSecret,
    },
    /// A service principal with a certificate.
    ClientCertificate {
        /// The application's id.
        client_id: ClientId,
        /// The certificate and its RSA key, as PKCS#12 or PEM.
        certificate: ClientCertificate,
        /// Its password; empty for none.
        password: Password,
    },
    /// The managed identity that the machine itself has.
    SystemAssignedIdentity,
    /// A managed identity that was given to the machine.
    UserAssignedIdentity {
        /// The identity's client id.
        client_id: ClientId,
    },
    /// Workload identity federation: a token file that the platform keeps fresh stands for the
    /// application (`AZURE_FEDERATED_TOKEN_FILE` in Kubernetes).
    WorkloadIdentity {
        /// The application's id.
        client_id: ClientId,
        /// The file with the federated token.
        token_file: PathBuf,
    },
    /// The login of the Azure CLI: for people at a keyboard.
    AzureCli,
}

/// Where the certificate of a service principal is, with its key.
///
/// ```
/// use std::path::PathBuf;
/// use akv_core::ClientCertificate;
/// let mounted = ClientCertificate::from(PathBuf::from("/run/secrets/akv.pfx"));
/// let fetched = ClientCertificate::from(b"-----BEGIN PRIVATE KEY-----".to_vec());
/// assert_eq!(format!("{fetched:?}"), "Bytes(…)");
/// assert_ne!(mounted, fetched);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCertificate {
    /// In a file, which is read again for each new token.
    File(PathBuf),
    /// In memory, which is wiped.
    Bytes(Arc<Zeroizing<Vec<u8>>>),
}

impl From<PathBuf> for ClientCertificate {
    fn from(file: PathBuf) -> Self {
        Self::File(file)
    }
}

impl From<Vec<u8>> for ClientCertificate {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Arc::new(Zeroizing::new(bytes)))
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
            Self::Bytes(_) => f.write_str("Bytes(…)"),
        }
    }
}

impl Credential {
    /// Whether it can sign in to a tenant that is named, and to no other: a service principal's own
    /// credentials. A managed identity and the Azure CLI's login have a tenant already.
    pub fn needs_tenant(&self) -> bool {
        matches!(
            self,
            Self::ClientSecret { .. }
                | Self::ClientCertificate { .. }
                | Self::WorkloadIdentity { .. }
        )
    }
}
