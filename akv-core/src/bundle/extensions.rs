//! The extensions that decisions need. The others are passed over, whatever is in them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::element::{Element, Elements, tag};
use super::name;
use super::oid::Oid;

/// A name that a certificate is for besides its subject (RFC 5280 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeName {
    /// A DNS name, perhaps with a wildcard.
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

/// The content of the `Extensions`, or nothing where there are none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extensions<'a>(pub(super) &'a [u8]);

/// What was read of an extension, `None` where it is not there, or why it could not be.
pub(super) type Read<T> = Result<Option<T>, &'static str>;

impl<'a> Extensions<'a> {
    /// Whether all of them can be told from each other.
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

    /// Whether it may issue certificates.
    pub(super) fn is_authority(self) -> Read<bool> {
        let Some(constraints) = self.find(BASIC_CONSTRAINTS)? else { return Ok(None) };
        let mut members = sequence(constraints)?;
        // DER has 0xff for TRUE alone, but other encoders write 1, and any octet but 0 is true.
        let is_authority = members.next_if(tag::BOOLEAN);
        Ok(Some(is_authority.is_some_and(|it| it.content.iter().any(|octet| *octet != 0))))
    }

    /// What the key may be used for, under the names of RFC 5280 (4.2.1.3), which Key Vault uses too.
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

    /// The object identifiers of what the certificate may be used for.
    pub(super) fn extended_key_usages(self) -> Read<Vec<String>> {
        let Some(usages) = self.find(EXTENDED_KEY_USAGE)? else { return Ok(None) };
        let oid = |element: Option<Element<'_>>| {
            let oid = element.filter(|it| it.tag == tag::OBJECT_IDENTIFIER)?;
            Some(Oid(oid.content).to_string())
        };
        sequence(usages)?.map(oid).collect::<Option<_>>().map(Some).ok_or(NOT_LAID_OUT)
    }

    /// The names of the certificate besides its subject; kinds that nobody asks for are passed over.
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

    /// The key identifier of the issuer; it may name the issuer in other ways instead.
    pub(super) fn authority_key_identifier(self) -> Read<&'a [u8]> {
        let Some(identifier) = self.find(AUTHORITY_KEY_IDENTIFIER)? else { return Ok(None) };
        Ok(sequence(identifier)?.next_if(context(0)).map(|identifier| identifier.content))
    }
}

/// An extension's type and value.
fn parts(extension: Element<'_>) -> Option<(&[u8], &[u8])> {
    let mut members = sequence(extension).ok()?;
    let oid = members.next_if(tag::OBJECT_IDENTIFIER)?;
    // Whether it is critical does not matter to who does not validate.
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

/// The tag of a member with this number, not constructed.
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

/// The usage without which a key signs no certificates.
pub(super) const KEY_CERT_SIGN: &str = "keyCertSign";
