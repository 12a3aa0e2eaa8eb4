//! Reads the certificates of a version from its backing secret.

use akv_core::{CertificateDer, Error, ErrorKind, Password, Result, bundle};
use time::OffsetDateTime;

use crate::exchange::Answer;
use crate::page::unreadable;
use crate::wire::secret::Secret;

/// Leaf first, as DER. A private key in the secret only identifies the leaf and is zeroized.
pub(super) fn read(answer: &Answer, operation: &str) -> Result<Vec<CertificateDer>> {
    let broken = |problem: &str| Error::new(ErrorKind::Protocol, operation, problem);
    let secret: Secret<'_> =
        serde_json::from_slice(answer.body()).map_err(|error| unreadable(operation, &error))?;
    let contents = bundle::read(secret.value.as_bytes(), &Password::default())
        .map_err(|error| broken(&format!("cannot read the backing secret: {error}")))?;
    if let Some(one) = contents.unreadable.first() {
        return Err(broken(&format!("the backing secret: {one}")));
    }
    let ordered = bundle::leaf_first(contents, OffsetDateTime::now_utc());
    Ok(ordered.iter().map(|certificate| certificate.der().into()).collect())
}
