//! Credentials for Azure: their data, without the sign-in.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::secret::{ClientSecret, Password};
use crate::vault::ClientId;

/// How to authenticate. A developer's ambient login is never used, except by
/// [`Credential::AzureCli`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A service principal with a client secret.
    ClientSecret {
        /// The application (client) ID.
        client_id: ClientId,
        /// Its secret.
        secret: ClientSecret,
    },
    /// A service principal with a certificate.
    ClientCertificate {
        /// The application (client) ID.
        client_id: ClientId,
        /// The certificate and its RSA key, as PKCS#12 or PEM.
        certificate: ClientCertificate,
        /// Its password; empty for none.
        password: Password,
    },
    /// The system-assigned managed identity of the machine.
    SystemAssignedIdentity,
    /// A user-assigned managed identity of the machine.
    UserAssignedIdentity {
        /// The identity's client ID.
        client_id: ClientId,
    },
    /// Workload identity federation: the application authenticates with a token file that the
    /// platform keeps current (`AZURE_FEDERATED_TOKEN_FILE` in Kubernetes).
    WorkloadIdentity {
        /// The application (client) ID.
        client_id: ClientId,
        /// The file with the federated token.
        token_file: PathBuf,
    },
    /// The login of the Azure CLI, for interactive use.
    AzureCli,
}

/// The source of a service principal's certificate and key.
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
    /// A file, which is read again for each new token.
    File(PathBuf),
    /// Bytes in memory, zeroized on drop.
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
    /// Whether it needs a tenant to sign in: true for a service principal's own credentials. A
    /// managed identity and the Azure CLI's login already have a tenant.
    pub fn needs_tenant(&self) -> bool {
        matches!(
            self,
            Self::ClientSecret { .. }
                | Self::ClientCertificate { .. }
                | Self::WorkloadIdentity { .. }
        )
    }
}
