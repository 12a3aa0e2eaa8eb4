//! Parses the contents of an import, as strictly as the service.

use akv_core::Password;
use akv_core::bundle::pfx;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use time::OffsetDateTime;

use crate::exchange::Response;
use crate::problem::{self, bad_parameter};
use crate::vault::object::{ContentType, Held};
use crate::x509::{Facts, PublicKey, public_part};

/// Contents that have passed all rules that do not depend on the policy.
pub(crate) struct Read {
    pub(crate) held: Held,
    pub(crate) facts: Facts,
    pub(crate) form: ContentType,
}

/// Whether the chain keeps the order of the file (`preserveCertOrder`, since 7.6), or only the leaf
/// is moved to the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChainOrder {
    LeafFirst,
    Preserved,
}

/// Parses the `value` and `pwd` of an import.
pub(crate) fn read(
    value: &str,
    password: Option<&str>,
    order: ChainOrder,
    now: OffsetDateTime,
) -> Result<Read, Response> {
    if value.len() > LONGEST_VALUE {
        return Err(bad_parameter("The specified certificate is too long"));
    }
    let bytes = if value.trim_start().starts_with(PEM_BEGIN) {
        value.as_bytes().to_vec()
    } else {
        decode(value).ok_or_else(|| bad_parameter("Property value has invalid value"))?
    };
    let (form, keys, certificates) = if bytes.trim_ascii_start().starts_with(PEM_BEGIN.as_bytes()) {
        let (keys, certificates) = from_pem(&bytes)?;
        (ContentType::Pem, keys, certificates)
    } else {
        let (keys, certificates) = from_pfx(&bytes, password)?;
        (ContentType::Pkcs12, keys, certificates)
    };
    let (held, facts) = matched(&keys, certificates, order)?;
    check_leaf(&facts, now)?;
    check_chain(&held, &facts)?;
    Ok(Read { held, facts, form })
}

type Found = (Vec<Vec<u8>>, Vec<Vec<u8>>);

fn from_pfx(bytes: &[u8], password: Option<&str>) -> Result<Found, Response> {
    let password = password.unwrap_or_default();
    if password.chars().count() > LONGEST_PASSWORD {
        return Err(bad_parameter("Property pwd has invalid value"));
    }
    let contents = pfx::read(bytes, &Password::from(password)).map_err(|_| {
        bad_parameter(
            "The specified PKCS#12 X.509 certificate content can not be read. Please check if \
             certificate is in valid PKCS#12 format.",
        )
    })?;
    Ok((
        contents.keys.iter().map(|key| key.pkcs8().to_vec()).collect(),
        contents.certificates.iter().map(|certificate| certificate.der().to_vec()).collect(),
    ))
}

/// PEM in the form that the service accepts: LF line ends, an unencrypted PKCS#8 key, certificates,
/// nothing else.
fn from_pem(bytes: &[u8]) -> Result<Found, Response> {
    let unexpected = |why: &str| {
        bad_parameter(&format!(
            "The specified PEM X.509 certificate content is in an unexpected format: {why}"
        ))
    };
    let text = std::str::from_utf8(bytes).map_err(|_| unexpected("not a text"))?;
    if text.contains('\r') {
        return Err(unexpected("line ends other than LF"));
    }
    let (mut keys, mut certificates) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(begin) = rest.find(PEM_BEGIN) {
        let after = rest.get(begin + PEM_BEGIN.len()..).unwrap_or_default();
        let (label, after) =
            after.split_once("-----").ok_or_else(|| unexpected("a broken line"))?;
        let end = format!("-----END {label}-----");
        let (body, after) = after.split_once(&end).ok_or_else(|| unexpected("no end line"))?;
        let der = decode(body).ok_or_else(|| unexpected("not base64"))?;
        match label {
            "PRIVATE KEY" => keys.push(der),
            "CERTIFICATE" => certificates.push(der),
            other => return Err(unexpected(&format!("{other} is not supported, use PKCS#8"))),
        }
        rest = after;
    }
    Ok((keys, certificates))
}

/// Finds the leaf: the certificate of the only private key.
fn matched(
    keys: &[Vec<u8>],
    mut certificates: Vec<Vec<u8>>,
    order: ChainOrder,
) -> Result<(Held, Facts), Response> {
    let [key] = keys else {
        return Err(bad_parameter("The certificate must have exactly one private key"));
    };
    let found = certificates.iter().enumerate().find_map(|(at, der)| {
        let facts = Facts::of(der)?;
        let public = public_part(key, &facts.key)?;
        facts.key.is(&public).then_some((at, facts))
    });
    let Some((at, facts)) = found else {
        return Err(bad_parameter(
            "The private key does not belong to any of the certificates or is of a kind that is \
             not supported",
        ));
    };
    let leaf = match order {
        ChainOrder::Preserved => at,
        ChainOrder::LeafFirst => {
            let leaf = certificates.remove(at);
            certificates.insert(0, leaf);
            0
        }
    };
    Ok((Held::new(certificates, leaf, key.clone()), facts))
}

pub(super) fn check_leaf(facts: &Facts, now: OffsetDateTime) -> Result<(), Response> {
    if facts.not_after <= now {
        return Err(bad_parameter("The specified certificate has expired"));
    }
    if facts.subject.chars().count() > LONGEST_SUBJECT {
        return Err(bad_parameter("The subject of the certificate is too long"));
    }
    match facts.key {
        PublicKey::Rsa { bits: 2048 | 3072 | 4096, .. } | PublicKey::Ec { .. } => Ok(()),
        PublicKey::Rsa { .. } => Err(key_size_not_supported("2048, 3072, 4096")),
        PublicKey::Other => Err(bad_parameter("The key type of the certificate is not supported")),
    }
}

/// Rejects an RSA leaf of an EC CA, with the service's message about the sizes of EC keys.
fn check_chain(held: &Held, leaf: &Facts) -> Result<(), Response> {
    let issuers = held.certificates.iter().filter_map(|der| Facts::of(der));
    let by_ec = issuers
        .filter(|facts| facts.subject == leaf.issuer && facts.subject != leaf.subject)
        .any(|facts| matches!(facts.key, PublicKey::Ec { .. }));
    match leaf.key {
        PublicKey::Rsa { .. } if by_ec => Err(key_size_not_supported("256, 384, 521")),
        _ => Ok(()),
    }
}

fn key_size_not_supported(sizes: &str) -> Response {
    problem::vault(
        400,
        "BadParameter",
        Some("KeySizeNotSupported"),
        &format!("The specified key size is not supported. Supported sizes are: {sizes}"),
    )
}

/// Base64 in either alphabet, with or without padding and white space.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    LENIENT.decode(text).ok().filter(|bytes| !bytes.is_empty())
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const PEM_BEGIN: &str = "-----BEGIN ";

/// The service does not publish its limit; this is the limit of the backing secret, 25 KB.
const LONGEST_VALUE: usize = 25 * 1024;

/// From the Key Vault certificates FAQ.
const LONGEST_PASSWORD: usize = 200;
/// From the Key Vault certificates FAQ.
pub(super) const LONGEST_SUBJECT: usize = 200;
