//! Subject alternative names for a request, validated before anything is sent.

use std::net::IpAddr;

use super::extensions::AlternativeName;
use crate::error::InvalidValue;

impl AlternativeName {
    /// A DNS name; use the ASCII form (`xn--…`) for other scripts.
    pub fn dns(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let fits = (1..=255).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.*".contains(&b))
            && text.split('.').all(|label| (1..=63).contains(&label.len()));
        fits.then(|| Self::Dns(text.to_owned())).ok_or_else(|| {
            InvalidValue::new("DNS name", text, "a DNS name in ASCII such as www.example.com")
        })
    }

    /// An e-mail address in ASCII.
    pub fn email(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let halves =
            text.rsplit_once('@').filter(|(who, host)| !who.is_empty() && !host.is_empty());
        let fits =
            halves.is_some() && text.len() <= 320 && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self::Email(text.to_owned()))
            .ok_or_else(|| InvalidValue::new("e-mail address", text, "an e-mail address in ASCII"))
    }

    /// A URI in ASCII, with its scheme.
    pub fn uri(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
        let fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
            && text.len() <= 2048
            && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self::Uri(text.to_owned()))
            .ok_or_else(|| InvalidValue::new("URI", text, "a URI in ASCII with its scheme"))
    }

    /// An IP address, version 4 or 6.
    pub fn address(text: &str) -> Result<Self, InvalidValue> {
        let address = text.trim().parse::<IpAddr>();
        address
            .map(|address| Self::Address(address.to_string()))
            .map_err(|_| InvalidValue::new("IP address", text, "an IPv4 or IPv6 address"))
    }

    /// A user principal name.
    pub fn user_principal_name(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let fits = text.contains('@') && text.len() <= 1024 && !text.chars().any(char::is_control);
        fits.then(|| Self::UserPrincipalName(text.to_owned())).ok_or_else(|| {
            InvalidValue::new("user principal name", text, "a name such as user@example.com")
        })
    }

    /// Whether both are the same name: host names ignore letter case.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dns(one), Self::Dns(other)) => one.eq_ignore_ascii_case(other),
            (one, other) => one == other,
        }
    }

    /// Whether both lists have the same names, in any order.
    pub(crate) fn are_same(some: &[Self], others: &[Self]) -> bool {
        let has = |all: &[Self], one: &Self| all.iter().any(|other| other.is_same(one));
        some.iter().all(|one| has(others, one)) && others.iter().all(|one| has(some, one))
    }
}

/// The label in messages, with the kind first: `DNS:www.example.com`.
impl std::fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, text) = match self {
            Self::Dns(text) => ("DNS", text),
            Self::Email(text) => ("email", text),
            Self::Uri(text) => ("URI", text),
            Self::Address(text) => ("IP", text),
            Self::UserPrincipalName(text) => ("UPN", text),
        };
        write!(f, "{kind}:{}", super::name::shown(text))
    }
}
