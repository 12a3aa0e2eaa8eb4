//! A password in the encodings of key derivations.

use zeroize::Zeroizing;

use super::error::BundleError;
use crate::secret::Password;

/// A password as bytes: UTF-8 for PBKDF2 and scrypt, UTF-16 with a final zero for PKCS#12.
pub(super) struct PasswordBytes<'a> {
    utf8: &'a str,
    utf16: Zeroizing<Vec<u8>>,
    /// Each byte of the UTF-8 as 16 bits, if that differs.
    widened: Option<Zeroizing<Vec<u8>>>,
}

impl<'a> PasswordBytes<'a> {
    /// Rejects an overlong password: derivations hash it again and again.
    pub(super) fn new(password: &'a Password) -> Result<Self, BundleError> {
        let utf8 = password.expose();
        if password.is_too_long() {
            return Err(BundleError::PasswordTooLong { limit: Password::MAX_CHARACTERS });
        }
        // Not a BMPString: that type excludes characters outside the basic plane, but tools accept
        // them.
        let utf16 = zero_ended(utf8.encode_utf16());
        let widened = (!utf8.is_ascii()).then(|| zero_ended(utf8.bytes().map(u16::from)));
        Ok(Self { utf8, utf16, widened })
    }

    /// The error if a part cannot be decrypted with this password.
    pub(super) fn wrong(&self) -> BundleError {
        if self.is_empty() { BundleError::PasswordMissing } else { BundleError::WrongPassword }
    }

    pub(super) fn is_ascii(&self) -> bool {
        self.widened.is_none()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.utf8.is_empty()
    }

    pub(super) fn utf8(&self) -> &[u8] {
        self.utf8.as_bytes()
    }

    /// The encodings of the password in the derivation of RFC 7292, the most likely first.
    ///
    /// An empty password is only the final zero for most tools, and empty for some (GnuTLS).
    /// OpenSSL before 1.1 did not decode UTF-8.
    pub(super) fn utf16_forms(&self) -> impl Iterator<Item = &[u8]> {
        let nothing: Option<&[u8]> = self.is_empty().then_some(&[]);
        let widened = self.widened.as_ref().map(|widened| widened.as_slice());
        [self.utf16.as_slice()].into_iter().chain(widened).chain(nothing)
    }

    /// The length of the longest of [`utf16_forms`](Self::utf16_forms), in octets.
    pub(super) fn utf16_length(&self) -> usize {
        self.widened.as_ref().map_or(0, |form| form.len()).max(self.utf16.len())
    }

    /// The number of [`utf16_forms`](Self::utf16_forms): each one is charged to the budget.
    pub(super) fn form_count(&self) -> u64 {
        if self.is_empty() || self.widened.is_some() { 2 } else { 1 }
    }
}

fn zero_ended(units: impl Iterator<Item = u16> + Clone) -> Zeroizing<Vec<u8>> {
    // Allocated once: growing would leave a copy of the password behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * units.clone().count() + 2));
    bytes.extend(units.chain([0]).flat_map(u16::to_be_bytes));
    bytes
}
