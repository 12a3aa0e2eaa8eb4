//! Who we are to Azure. What a credential means is here; how it becomes a token is not.

use std::path::PathBuf;

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
        file: PathBuf,
        /// The file's password; empty for none.
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
