//! Real-world certificate files: converts PKCS#12 and PEM into a checked [`Bundle`], and that into
//! exactly the PKCS#12 that Key Vault accepts.
//!
//! Reading is bounded: a file of at most 1 MiB, nested at most 24 levels deep, at most a million
//! iterations for one key derivation and about a second of work for all of them. A file that
//! exceeds a limit is rejected before the work is done. Reading can still take long for an async
//! task (a quarter of a second for 600 000 iterations), so run it on a blocking thread.
//!
//! Every buffer of this module that contains a key or a password is zeroized on drop.

mod algorithm;
#[doc(hidden)]
pub mod ber;
mod budget;
mod certificate_layout;
mod certificates;
mod chain;
mod checked;
mod element;
mod encode;
mod encryption;
mod error;
mod extensions;
mod file;
mod finding;
mod flaw;
mod issued;
mod issuers;
mod kdf;
mod key;
mod key_kind;
mod moment;
mod name;
mod oid;
mod order;
mod parts;
mod password;
#[doc(hidden)]
pub mod pem;
pub mod pfx;
mod pkcs10;
mod public_key;
mod requested_name;
mod review;
mod selection;
mod shape;
mod signature;
mod subject;
#[cfg(test)]
mod texts;
mod unreadable;
mod x509;
mod x509_facts;

#[doc(hidden)]
pub use certificates::read as read_certificates;
pub use checked::Bundle;
pub use error::{BundleError, EncryptedPart};
pub use extensions::AlternativeName;
pub use file::read;
pub use finding::{Finding, FindingCode, Severity};
pub use flaw::Flaw;
pub use issued::Issued;
pub use issuers::read_issuers;
pub use key::{KeyMatch, PrivateKey};
pub use key_kind::{Curve, KeyKind};
pub use order::leaf_first;
pub use parts::Parts;
pub use pkcs10::CertificateRequest;
pub use subject::SubjectName;
pub use unreadable::{CertificateError, UnknownField, UnreadableCertificate};
pub use x509::X509;
