//! The hosts that may receive tokens according to the operator.

use std::fmt;
use std::str::FromStr;

use crate::error::InvalidValue;

/// A DNS suffix, with a port unless it is 443: it covers itself and every host below it.
///
/// ```
/// use akv_core::EndpointSuffix;
/// let suffix: EndpointSuffix = "*.Vaults.example.net".parse()?;
/// assert!(suffix.covers("contoso.vaults.example.net"));
/// assert!(!suffix.covers("contoso.othervaults.example.net"));
/// assert!(!suffix.covers("contoso.vaults.example.net:8443"), "another port is another service");
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSuffix(String);

impl EndpointSuffix {
    /// Whether the host, with its port unless it is 443, is the suffix or below it.
    pub fn covers(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host);
        host.strip_suffix(&self.0).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl FromStr for EndpointSuffix {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let lower = text.trim().to_ascii_lowercase();
        let suffix = lower.strip_prefix('*').unwrap_or(&lower);
        let suffix = suffix.strip_prefix('.').unwrap_or(suffix);
        let suffix = suffix.strip_suffix(":443").unwrap_or(suffix);
        let (name, port) = suffix.split_once(':').unwrap_or((suffix, "443"));
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        // A top-level domain would cover nearly every host.
        if port.parse::<u16>().is_ok() && name.contains('.') && name.split('.').all(label) {
            Ok(Self(suffix.to_owned()))
        } else {
            Err(InvalidValue::new(
                "endpoint suffix",
                text,
                "a DNS suffix of at least two labels, such as vaults.example.net",
            ))
        }
    }
}

impl fmt::Display for EndpointSuffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_whole_labels_only() {
        let suffix: EndpointSuffix = "example.net:8443".parse().expect("a suffix");
        for (host, covered) in [
            ("example.net:8443", true),
            ("a.b.EXAMPLE.net:8443", true),
            ("badexample.net:8443", false),
            ("a.example.net", false),
            ("a.example.net:18443", false),
            ("a.example.net.evil.test:8443", false),
            ("", false),
        ] {
            assert_eq!(suffix.covers(host), covered, "{host}");
        }
    }

    #[test]
    fn rejects_an_invalid_suffix() {
        for text in ["", "net", "*", ".", "*.net", "a..b", "https://a.b", "a.b/c", "a.b:x", "a_b.c"]
        {
            assert!(text.parse::<EndpointSuffix>().is_err(), "{text:?} was taken");
        }
    }
}
