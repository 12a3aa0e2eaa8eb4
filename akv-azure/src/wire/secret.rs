//! The secret behind a certificate (Key Vault data plane 7.4): leaf, chain and, if it is
//! exportable, the key.

use std::borrow::Cow;

use serde::Deserialize;

/// Borrows from the answer's body, which is zeroized.
#[derive(Deserialize)]
pub(crate) struct Secret<'a> {
    #[serde(borrow)]
    pub(crate) value: Cow<'a, str>,
}

/// The content type of PKCS#12 in base64.
pub(crate) const PKCS12: &str = "application/x-pkcs12";
