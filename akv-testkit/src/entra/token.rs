//! The fake's own tokens: JSON Web Tokens with an HMAC that only the fake can verify.

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) tid: String,
    pub(crate) appid: String,
    pub(crate) oid: String,
    pub(crate) sub: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
}

/// Why a token is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Missing,
    Malformed,
    Signature,
    Expired,
    NotYetValid,
    Audience,
    Tenant,
}

/// Issues and verifies tokens.
#[derive(Debug)]
pub(crate) struct Mint {
    key: hmac::Key,
    header: String,
    /// Tokens from before this moment are revoked.
    revoked_before: Option<OffsetDateTime>,
}

impl Mint {
    pub(crate) fn new() -> Self {
        let mut secret = [0; 32];
        // This fails only on a broken system, and then the key is the same every time.
        let _ = rand::fill(&mut secret);
        let header = r#"{"typ":"JWT","alg":"HS256","kid":"akv-fake"}"#;
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            header: URL_SAFE_NO_PAD.encode(header),
            revoked_before: None,
        }
    }

    pub(crate) fn revoke_before(&mut self, moment: OffsetDateTime) {
        self.revoked_before = Some(moment);
    }

    pub(crate) fn strike(&self, claims: &Claims) -> String {
        let claims = serde_json::to_vec(claims).unwrap_or_default();
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims));
        let tag = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Verifies a token's signature and time; the caller checks audience and tenant.
    pub(crate) fn read(&self, token: &str, now: OffsetDateTime) -> Result<Claims, Flaw> {
        let (signed, tag) = token.rsplit_once('.').ok_or(Flaw::Malformed)?;
        let (_, claims) = signed.split_once('.').ok_or(Flaw::Malformed)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| Flaw::Malformed)?;
        hmac::verify(&self.key, signed.as_bytes(), &tag).map_err(|_| Flaw::Signature)?;
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| Flaw::Malformed)?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| Flaw::Malformed)?;
        let revoked = self.revoked_before.is_some_and(|at| claims.iat < at.unix_timestamp());
        if claims.exp <= now.unix_timestamp() || revoked {
            return Err(Flaw::Expired);
        }
        // Five minutes of clock skew are tolerated, as everywhere in Entra.
        if claims.nbf > now.unix_timestamp() + 300 {
            return Err(Flaw::NotYetValid);
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(now: OffsetDateTime) -> Claims {
        Claims {
            aud: "https://vault.azure.net".into(),
            iss: "https://sts.windows.net/t/".into(),
            tid: "t".into(),
            appid: "a".into(),
            oid: "o".into(),
            sub: "o".into(),
            iat: now.unix_timestamp(),
            nbf: now.unix_timestamp(),
            exp: now.unix_timestamp() + 60,
        }
    }

    #[test]
    fn a_token_is_read_back_until_it_expires() {
        let mint = Mint::new();
        let now = OffsetDateTime::UNIX_EPOCH;
        let token = mint.strike(&claims(now));
        assert_eq!(mint.read(&token, now), Ok(claims(now)));
        let later = now + time::Duration::seconds(60);
        assert_eq!(mint.read(&token, later), Err(Flaw::Expired));
    }

    #[test]
    fn token_with_another_signature_is_rejected() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mint = Mint::new();
        let foreign = Mint::new().strike(&claims(now));
        assert_eq!(mint.read(&foreign, now), Err(Flaw::Signature));
        let changed = mint.strike(&claims(now)).replacen("eyJhdWQi", "eyJhdWQj", 1);
        assert_eq!(mint.read(&changed, now), Err(Flaw::Signature));
        assert_eq!(mint.read("not-a-token", now), Err(Flaw::Malformed));
    }
}
