//! The certificates behind a version, out of its backing secret.

use akv_core::bundle::{X509, pem, pfx};
use akv_core::{Error, ErrorKind, Password, Result};
use base64::Engine;
use zeroize::Zeroizing;

use crate::page::unreadable;
use crate::pipeline::Answer;
use crate::wire::certificate::FORGIVING;
use crate::wire::secret::{PEM, PKCS12, Secret};

/// Leaf first, as DER. The key that may be in the secret is wiped unread.
pub(super) fn read(answer: &Answer, tried: &str) -> Result<Vec<Vec<u8>>> {
    let broken = |problem: &str| Error::new(ErrorKind::Protocol, tried, problem);
    let secret: Secret<'_> =
        serde_json::from_slice(answer.body()).map_err(|error| unreadable(tried, &error))?;
    let none = Password::default();
    let contents = match secret.content_type.as_deref() {
        Some(PEM) => pem::read(secret.value.as_bytes(), &none),
        Some(PKCS12) | None => {
            let bytes = FORGIVING
                .decode(secret.value.as_bytes())
                .map(Zeroizing::new)
                .map_err(|_| broken("the backing secret is not base64"))?;
            pfx::read(&bytes, &none)
        }
        Some(other) => {
            let problem = format!("the backing secret has the content type {other:.100?}");
            return Err(broken(&problem));
        }
    }
    .map_err(|error| broken("the backing secret cannot be read").with_source(error))?;
    if contents.unreadable > 0 {
        return Err(broken("the backing secret holds a certificate that cannot be read"));
    }
    let ordered = leaf_first(contents.certificates);
    Ok(ordered.iter().map(|certificate| certificate.der().to_vec()).collect())
}

/// From the certificate that issued no other up to the root, then whatever belongs to neither.
fn leaf_first(mut rest: Vec<X509>) -> Vec<X509> {
    let mut ordered = Vec::with_capacity(rest.len());
    let mut next = rest
        .iter()
        .position(|one| !one.is_ca())
        .or_else(|| rest.iter().position(|one| !rest.iter().any(|it| is_issuer(one, it))))
        .unwrap_or_default();
    while next < rest.len() {
        let certificate = rest.remove(next);
        next = rest.iter().position(|one| is_issuer(one, &certificate)).unwrap_or(usize::MAX);
        ordered.push(certificate);
    }
    ordered.append(&mut rest);
    ordered
}

fn is_issuer(one: &X509, of: &X509) -> bool {
    one.subject() == of.issuer() && one.thumbprint() != of.thumbprint()
}
