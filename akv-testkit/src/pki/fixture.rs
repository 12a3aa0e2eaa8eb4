//! PKCS#12 files from OpenSSL, with the script that created them (`fixtures/make`).

/// A PKCS#12 file from OpenSSL 3: key, leaf, intermediate and root, valid until 2046.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Fixture {
    /// The file.
    pub pfx: &'static [u8],
    /// Its password.
    pub password: &'static str,
}

impl std::fmt::Debug for Fixture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fixture").field("bytes", &self.pfx.len()).finish_non_exhaustive()
    }
}

/// The file with that name: `web-v1` and `web-v2` (RSA-2048, the same host and CA), `api-v1` (EC
/// P-256), each also as `…-legacy`, encrypted as in OpenSSL 1.
///
/// ```
/// let web = akv_testkit::pki::openssl_pfx("web-v1").expect("a fixture");
/// assert!(web.pfx.len() > 3000);
/// ```
pub fn openssl_pfx(name: &str) -> Option<Fixture> {
    let (_, pfx) = FILES.iter().find(|(file, _)| *file == name)?;
    Some(Fixture { pfx, password: PASSWORD })
}

const FILES: [(&str, &[u8]); 6] = [
    ("web-v1", include_bytes!("../../fixtures/web-v1.pfx")),
    ("web-v1-legacy", include_bytes!("../../fixtures/web-v1-legacy.pfx")),
    ("web-v2", include_bytes!("../../fixtures/web-v2.pfx")),
    ("web-v2-legacy", include_bytes!("../../fixtures/web-v2-legacy.pfx")),
    ("api-v1", include_bytes!("../../fixtures/api-v1.pfx")),
    ("api-v1-legacy", include_bytes!("../../fixtures/api-v1-legacy.pfx")),
];

const PASSWORD: &str = "correct horse battery staple";
