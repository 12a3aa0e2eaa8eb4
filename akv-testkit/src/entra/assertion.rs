//! Client assertions: signed JSON Web Tokens that authenticate a principal without a secret.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;

use super::{Claims, Entra, Flaw, Principal};

/// The claims of a principal's assertion. The audience is one string, not a list. Times may have
/// fractions of a second, as MSAL for Python writes them; it omits `nbf`.
#[derive(Debug, Deserialize)]
struct Proof {
    aud: String,
    iss: String,
    sub: String,
    jti: String,
    exp: f64,
    nbf: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
    /// Critical extensions (RFC 7515): the fake supports none.
    crit: Option<Value>,
}

impl Entra {
    /// An assertion of a workload's own issuer for this principal.
    pub(crate) fn assertion(&self, principal: &Principal, now: OffsetDateTime) -> String {
        self.mint.strike(&Claims {
            aud: FEDERATED_AUDIENCE.to_owned(),
            iss: "https://issuer.workload.example".to_owned(),
            tid: String::new(),
            appid: principal.client_id.clone(),
            oid: String::new(),
            sub: "system:serviceaccount:default:workload".to_owned(),
            iat: now.unix_timestamp(),
            nbf: now.unix_timestamp(),
            exp: now.unix_timestamp() + 3600,
        })
    }

    /// Checks an assertion of the principal's federated issuer or of one of its certificates for
    /// one of the audiences. The error is the AADSTS number.
    pub(super) fn check_assertion(
        &self,
        assertion: &str,
        principal: &Principal,
        audiences: &[String],
        now: OffsetDateTime,
    ) -> Result<(), u32> {
        let header = assertion.split('.').next().and_then(decoded::<Header>);
        let header = header.filter(|header| header.crit.is_none()).ok_or(50_027_u32)?;
        let algorithm = match header.alg.as_str() {
            "HS256" => return self.check_federated(assertion, principal, now),
            "RS256" => &RSA_PKCS1_2048_8192_SHA256,
            "PS256" => &RSA_PSS_2048_8192_SHA256,
            _ => return Err(50_027),
        };
        let proof = proof_of(assertion, &header, algorithm, principal, now)?;
        if proof.iss != proof.sub {
            return Err(50_048);
        }
        if !proof.sub.eq_ignore_ascii_case(&principal.client_id) {
            return Err(700_021);
        }
        if !audiences.iter().any(|audience| audience.eq_ignore_ascii_case(&proof.aud)) {
            return Err(700_023);
        }
        let now = (now - OffsetDateTime::UNIX_EPOCH).as_seconds_f64();
        let begun = proof.nbf.is_none_or(|begin| begin <= now + CLOCK_SKEW_SECONDS);
        if proof.exp > now && begun { Ok(()) } else { Err(700_024) }
    }

    fn check_federated(
        &self,
        assertion: &str,
        principal: &Principal,
        now: OffsetDateTime,
    ) -> Result<(), u32> {
        let claims = self.mint.read(assertion, now).map_err(|flaw| match flaw {
            Flaw::Expired | Flaw::NotYetValid => 700_024_u32,
            _ => 700_027,
        })?;
        let matches = claims.aud == FEDERATED_AUDIENCE && claims.appid == principal.client_id;
        if matches { Ok(()) } else { Err(70_021) }
    }
}

/// The claims of the assertion, if one of the principal's currently valid certificates has signed
/// it.
fn proof_of(
    assertion: &str,
    header: &Header,
    algorithm: &'static RsaParameters,
    principal: &Principal,
    now: OffsetDateTime,
) -> Result<Proof, u32> {
    let (signed, signature) = assertion.rsplit_once('.').ok_or(50_027_u32)?;
    let (_, claims) = signed.split_once('.').ok_or(50_027_u32)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| 50_027_u32)?;
    let proof: Proof = decoded(claims).ok_or(50_027_u32)?;
    if proof.jti.is_empty() {
        return Err(50_027);
    }
    principal
        .certificate(header.x5t.as_deref(), header.x5t_s256.as_deref())
        .filter(|certificate| certificate.is_valid(now))
        .filter(|certificate| certificate.has_signed(algorithm, signed.as_bytes(), &signature))
        .map(|_| proof)
        .ok_or(700_027)
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The only supported type of assertion.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The audience of assertions for federated credentials.
const FEDERATED_AUDIENCE: &str = "api://AzureADTokenExchange";

/// The tolerated clock skew, as everywhere in Entra.
const CLOCK_SKEW_SECONDS: f64 = 300.0;
