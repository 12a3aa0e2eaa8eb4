//! The extensions that decisions need. All others are ignored, whatever they contain.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::element::{Element, Elements, tag};
use super::name;
use super::oid::Oid;

/// A subject alternative name of a certificate (RFC 5280 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeName {
    /// A DNS name, possibly with a wildcard.
    Dns(String),
    /// An e-mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// An IP address.
    Address(String),
    /// A user principal name of Active Directory.
    UserPrincipalName(String),
}

/// The content of the `Extensions`; empty if there are none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extensions<'a>(pub(super) &'a [u8]);

/// A parsed extension; `None` if it is absent; or the reason why it cannot be parsed.
pub(super) type Read<T> = Result<Option<T>, &'static str>;

impl<'a> Extensions<'a> {
    /// Whether every extension can be separated from the next.
    pub(super) fn are_readable(self) -> bool {
        Elements::of(self.0).all(|extension| extension.and_then(parts).is_some())
    }

    /// The element inside the extension of this type.
    fn find(self, oid: &[u8]) -> Read<Element<'a>> {
        let mut found =
            Elements::of(self.0).flatten().filter_map(parts).filter(|(its, _)| *its == oid);
        let Some((_, value)) = found.next() else { return Ok(None) };
        if found.next().is_some() {
            return Err("it occurs more than once");
        }
        Element::read(value).map(|(element, _)| Some(element)).ok_or(NOT_LAID_OUT)
    }

    /// Whether the certificate may issue certificates.
    pub(super) fn is_authority(self) -> Read<bool> {
        let Some(constraints) = self.find(BASIC_CONSTRAINTS)? else { return Ok(None) };
        let mut members = sequence(constraints)?;
        // DER encodes TRUE only as 0xff, but other encoders write 1, and any octet except 0 is
        // true.
        let is_authority = members.next_if(tag::BOOLEAN);
        Ok(Some(is_authority.is_some_and(|it| it.content.iter().any(|octet| *octet != 0))))
    }

    /// The key usages, with the names of RFC 5280 (4.2.1.3), which Key Vault uses too.
    pub(super) fn key_usages(self) -> Read<Vec<&'static str>> {
        let Some(usages) = self.find(KEY_USAGE)? else { return Ok(None) };
        let [_unused, bits @ ..] = usages.content else { return Err(NOT_LAID_OUT) };
        if usages.tag != tag::BIT_STRING {
            return Err(NOT_LAID_OUT);
        }
        let is_set =
            |bit: usize| bits.get(bit / 8).is_some_and(|octet| octet & (0x80 >> (bit % 8)) != 0);
        let usages = KEY_USAGES.iter().enumerate();
        Ok(Some(usages.filter(|(bit, _)| is_set(*bit)).map(|(_, name)| *name).collect()))
    }

    /// The object identifiers of the extended key usages.
    pub(super) fn extended_key_usages(self) -> Read<Vec<String>> {
        let Some(usages) = self.find(EXTENDED_KEY_USAGE)? else { return Ok(None) };
        let oid = |element: Option<Element<'_>>| {
            let oid = element.filter(|it| it.tag == tag::OBJECT_IDENTIFIER)?;
            Some(Oid(oid.content).to_string())
        };
        sequence(usages)?.map(oid).collect::<Option<_>>().map(Some).ok_or(NOT_LAID_OUT)
    }

    /// The subject alternative names; unused kinds are skipped.
    pub(super) fn alternative_names(self) -> Read<Vec<AlternativeName>> {
        let Some(names) = self.find(SUBJECT_ALTERNATIVE_NAME)? else { return Ok(None) };
        let mut read = Vec::new();
        for name in sequence(names)? {
            read.extend(alternative_name(name.ok_or(NOT_LAID_OUT)?));
        }
        Ok(Some(read))
    }

    pub(super) fn subject_key_identifier(self) -> Read<&'a [u8]> {
        match self.find(SUBJECT_KEY_IDENTIFIER)? {
            Some(Element { tag: tag::OCTET_STRING, content, .. }) => Ok(Some(content)),
            Some(_) => Err(NOT_LAID_OUT),
            None => Ok(None),
        }
    }

    /// The key identifier of the issuer; the extension may identify the issuer in other ways
    /// instead.
    pub(super) fn authority_key_identifier(self) -> Read<&'a [u8]> {
        let Some(identifier) = self.find(AUTHORITY_KEY_IDENTIFIER)? else { return Ok(None) };
        Ok(sequence(identifier)?.next_if(context(0)).map(|identifier| identifier.content))
    }
}

/// An extension's type and value.
fn parts(extension: Element<'_>) -> Option<(&[u8], &[u8])> {
    let mut members = sequence(extension).ok()?;
    let oid = members.next_if(tag::OBJECT_IDENTIFIER)?;
    // Criticality matters only for validation.
    members.next_if(tag::BOOLEAN);
    Some((oid.content, members.next_if(tag::OCTET_STRING)?.content))
}

fn sequence(element: Element<'_>) -> Result<Elements<'_>, &'static str> {
    if element.tag == tag::SEQUENCE { Ok(element.elements()) } else { Err(NOT_LAID_OUT) }
}

fn alternative_name(name: Element<'_>) -> Option<AlternativeName> {
    const OTHER: u8 = context(0) | 0x20;
    const EMAIL: u8 = context(1);
    const DNS: u8 = context(2);
    const URI: u8 = context(6);
    const ADDRESS: u8 = context(7);
    let text = || name.content.iter().copied().map(char::from).collect();
    Some(match name.tag {
        EMAIL => AlternativeName::Email(text()),
        DNS => AlternativeName::Dns(text()),
        URI => AlternativeName::Uri(text()),
        ADDRESS => AlternativeName::Address(address(name.content)?),
        OTHER => {
            let mut members = name.elements();
            members.next_if(tag::OBJECT_IDENTIFIER).filter(|oid| oid.content == UPN)?;
            let (value, _) = Element::read(members.next_if(OTHER)?.content)?;
            AlternativeName::UserPrincipalName(name::text(&value)?)
        }
        _ => return None,
    })
}

fn address(octets: &[u8]) -> Option<String> {
    match *octets {
        [a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d).to_string()),
        _ => Some(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).to_string()),
    }
}

/// The tag of a primitive member with this number.
const fn context(number: u8) -> u8 {
    0x80 | number
}

const NOT_LAID_OUT: &str = "its encoding does not follow RFC 5280";

const SUBJECT_KEY_IDENTIFIER: &[u8] = b"\x55\x1d\x0e";
const KEY_USAGE: &[u8] = b"\x55\x1d\x0f";
const SUBJECT_ALTERNATIVE_NAME: &[u8] = b"\x55\x1d\x11";
const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
const AUTHORITY_KEY_IDENTIFIER: &[u8] = b"\x55\x1d\x23";
const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1d\x25";
const UPN: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03";

/// In the order of their bits.
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    KEY_CERT_SIGN,
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// The usage that a key needs to sign certificates.
pub(super) const KEY_CERT_SIGN: &str = "keyCertSign";
