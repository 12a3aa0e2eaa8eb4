//! The pure domain of managing X.509 certificates in Azure Key Vault.
//!
//! No I/O, no clock, no Azure JSON, no words of Keyfactor: models, certificate bundles, the two
//! ports ([`CertificateStore`], [`VaultDirectory`]) and the jobs with all that they decide.

pub mod bundle;
mod certificate;
mod error;
mod secret;
mod tags;

pub use certificate::{
    Attributes, Certificate, CertificateName, DeletedCertificate, Exportable, KeyState,
    ListedCertificate, Thumbprint, Version,
};
pub use error::{Denial, Error, ErrorKind, InvalidValue, Reply, Result};
pub use secret::{ClientSecret, Password};
pub use tags::Tags;
