//! The proof that a service principal holds its certificate's key: a signed JWT ("Microsoft identity
//! platform application authentication certificate credentials").

use std::fmt;
use std::sync::Arc;

use akv_core::bundle::{self, KeyKind, KeyMatch, Parts};
use akv_core::{ClientCertificate, Password};
use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PSS_SHA256;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use time::OffsetDateTime;

use crate::classify::TokenError;
use crate::files;

/// Signs assertions with a certificate's key.
pub(super) struct CertificateAssertion {
    key: Arc<KeyPair>,
    certificate: Vec<u8>,
    client_id: String,
    audience: String,
}

impl CertificateAssertion {
    /// Opens the certificate on a blocking thread, because a PFX can take a second of CPU time.
    pub(super) async fn open(
        source: ClientCertificate,
        password: Password,
        client_id: String,
        audience: String,
    ) -> Result<Self, TokenError> {
        let opening = tokio::task::spawn_blocking(move || open(&source, &password)).await;
        let (key, certificate) = opening.map_err(|_| {
            TokenError::unusable("reading the client certificate was interrupted", "try again")
        })??;
        Ok(Self { key: Arc::new(key), certificate, client_id, audience })
    }

    fn sign(&self, now: OffsetDateTime) -> azure_core::Result<String> {
        let failed = |what: &'static str| {
            azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, what)
        };
        let mut id = [0; 16];
        fill(&mut id).map_err(|_| failed("no random numbers are available"))?;
        let from = now.unix_timestamp();
        let header = json!({
            "alg": "PS256",
            "typ": "JWT",
            "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.certificate)),
        });
        let claims = json!({
            "aud": self.audience,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": URL_SAFE_NO_PAD.encode(id),
            "iat": from,
            "nbf": from,
            "exp": from + VALID_SECONDS,
        });
        let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| failed("the client certificate's key does not sign"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[async_trait]
impl ClientAssertion for CertificateAssertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.sign(OffsetDateTime::now_utc())
    }
}

impl fmt::Debug for CertificateAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAssertion")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

fn open(source: &ClientCertificate, password: &Password) -> Result<(KeyPair, Vec<u8>), TokenError> {
    let name = match source {
        ClientCertificate::File(file) => format!("client certificate {}", file.display()),
        _ => "the given client certificate".to_owned(),
    };
    let unusable =
        |problem: String, advice: &str| TokenError::unusable(format!("{name}: {problem}"), advice);
    let advice = "use a PKCS#12 or PEM file with one certificate and its RSA key";
    let read;
    let bytes = match source {
        ClientCertificate::File(file) => {
            read = files::read(file, LIMIT).map_err(|problem| {
                unusable(
                    problem,
                    "check the path and the permissions of the \
                     file",
                )
            })?;
            &read
        }
        ClientCertificate::Bytes(bytes) => &**bytes,
        _ => return Err(unusable("its source is not supported".to_owned(), advice)),
    };
    let contents = bundle::read(bytes, password);
    let Parts { keys, certificates, .. } =
        contents.map_err(|error| unusable(error.to_string(), advice))?;
    let key =
        keys.first().ok_or_else(|| unusable("it contains no private key".to_owned(), advice))?;
    if !matches!(key.kind(), KeyKind::Rsa { .. }) {
        let problem = format!("its key is {}; Entra ID accepts RSA keys only", key.kind());
        return Err(unusable(problem, advice));
    }
    let certificate = certificates
        .iter()
        .find(|certificate| key.fits(certificate) == KeyMatch::Match)
        .ok_or_else(|| {
            unusable("it contains no certificate for its private key".to_owned(), advice)
        })?;
    let pair = KeyPair::from_pkcs8(key.pkcs8())
        .map_err(|_| unusable("its key cannot be used to sign".to_owned(), advice))?;
    Ok((pair, certificate.der().to_vec()))
}

/// The largest certificate file with key and chain, in bytes.
const LIMIT: usize = 1 << 20;
/// The lifetime that Microsoft's own libraries use.
const VALID_SECONDS: i64 = 600;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use akv_testkit::pki::TestPki;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    #[tokio::test]
    async fn an_assertion_is_signed_by_the_certificates_key() {
        let now = OffsetDateTime::now_utc();
        let leaf = TestPki::new(now).leaf("akv.contoso.com").issue();
        for content in [leaf.pfx(), leaf.pem().into_bytes()] {
            let mut file = tempfile::NamedTempFile::new().expect("a file");
            file.write_all(&content).expect("written");
            for source in [content.into(), file.path().to_owned().into()] {
                let assertion = CertificateAssertion::open(
                    source,
                    Password::default(),
                    "client".to_owned(),
                    "https://login.microsoftonline.com/t/oauth2/v2.0/token".to_owned(),
                )
                .await
                .expect("opened");
                let token = assertion.sign(now).expect("signed");

                let (signed, signature) = token.rsplit_once('.').expect("three parts");
                let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
                let read = |part: Option<&str>| -> serde_json::Value {
                    serde_json::from_slice(&decode(part.expect("a part"))).expect("JSON")
                };
                let mut parts = signed.split('.');
                let (header, claims) = (read(parts.next()), read(parts.next()));
                assert_eq!(header["alg"], "PS256");
                let thumbprint = digest(&SHA256, leaf.der());
                assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(thumbprint));
                assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client"), &json!("client")));
                assert_eq!(claims["aud"], "https://login.microsoftonline.com/t/oauth2/v2.0/token");
                assert_eq!(claims["exp"], now.unix_timestamp() + 600);

                let pair = KeyPair::from_pkcs8(leaf.key_pkcs8()).expect("a key");
                let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, pair.public_key());
                public.verify(signed.as_bytes(), &decode(signature)).expect("a good signature");
                assert_ne!(
                    assertion.sign(now).expect("signed"),
                    token,
                    "each has an id of its own"
                );
            }
        }
    }
}
