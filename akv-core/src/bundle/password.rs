//! A password in the encodings that key derivations want.

use zeroize::Zeroizing;

use crate::secret::Password;

/// A password as bytes: UTF-8 for PBKDF2 and scrypt, UTF-16 with a final zero for PKCS#12.
pub(super) struct PasswordBytes<'a> {
    utf8: &'a str,
    utf16: Zeroizing<Vec<u8>>,
}

impl<'a> PasswordBytes<'a> {
    pub(super) fn new(password: &'a Password) -> Self {
        let utf8 = password.expose();
        // Sized once: growing would leave a copy of the password behind.
        let mut utf16 = Zeroizing::new(Vec::with_capacity(2 * utf8.encode_utf16().count() + 2));
        // Not a BMPString: that refuses characters outside the basic plane, tools do not.
        utf16.extend(utf8.encode_utf16().chain([0]).flat_map(u16::to_be_bytes));
        Self { utf8, utf16 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.utf8.is_empty()
    }

    pub(super) fn utf8(&self) -> &[u8] {
        self.utf8.as_bytes()
    }

    /// What the password may be in the derivation of RFC 7292. "No password" is the final zero
    /// alone for most tools and nothing at all for some (GnuTLS), so both are tried.
    pub(super) fn utf16_forms(&self) -> impl Iterator<Item = &[u8]> {
        let nothing: Option<&[u8]> = self.is_empty().then_some(&[]);
        [self.utf16.as_slice()].into_iter().chain(nothing)
    }

    /// How many [`utf16_forms`](Self::utf16_forms) there are: each is paid for.
    pub(super) fn form_count(&self) -> u64 {
        if self.is_empty() { 2 } else { 1 }
    }
}
