//! The only host that receives a token.

use akv_core::{Error, ErrorKind, InvalidValue};
use url::Url;

use crate::redact::Redactor;

/// Scheme, host and port from the configuration. A request goes to no other origin.
#[derive(Debug, Clone)]
pub(crate) struct Origin(Url);

impl Origin {
    /// The origin of `https://host[:port]`. `what` names the configuration value for messages.
    pub(crate) fn new(what: &'static str, base: &str) -> Result<Self, InvalidValue> {
        let invalid =
            || InvalidValue::new(what, base, "an https URL without user, query or fragment");
        let url = Url::parse(base).map_err(|_| invalid())?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if url.scheme() == "https" && url.has_host() && plain {
            Ok(Self(url))
        } else {
            Err(invalid())
        }
    }

    /// A URL below the origin: each segment becomes exactly one path segment, whatever it contains.
    pub(crate) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// The host, with its port if it is not the scheme's default.
    pub(crate) fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Whether the URL is on this origin: an explicit `:443` is the same origin.
    pub(crate) fn owns(&self, url: &Url) -> bool {
        url.origin() == self.0.origin() && url.username().is_empty() && url.password().is_none()
    }

    /// Parses a link that the service sent, and rejects one to another origin.
    pub(crate) fn follow(
        &self,
        operation: &str,
        link: &str,
        redactor: &Redactor,
    ) -> Result<Url, Error> {
        let url = Url::parse(link).map_err(|error| {
            Error::new(ErrorKind::Protocol, operation, "the link to the next page is not a URL")
                .with_source(error)
        })?;
        if self.owns(&url) {
            return Ok(url);
        }
        let elsewhere = redactor.line(&url.origin().ascii_serialization());
        Err(Error::new(
            ErrorKind::UntrustedHost,
            operation,
            format!(
                "the link to the next page points to {elsewhere} instead of {}; nothing was sent \
                 there",
                self.host()
            ),
        )
        .with_advice("check for an intercepting proxy and for a wrong DNS record"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Origin {
        Origin::new("vault", "https://contoso.vault.azure.net").expect("an origin")
    }

    #[test]
    fn a_segment_stays_one_segment() {
        let url = vault().url(&["certificates", "a/../b?c#d"], &[("api-version", "7.4")]);
        assert_eq!(
            url.as_str(),
            "https://contoso.vault.azure.net/certificates/a%2F..%2Fb%3Fc%23d?api-version=7.4"
        );
    }

    #[test]
    fn only_the_same_scheme_host_and_port_are_followed() {
        for same in [
            "https://contoso.vault.azure.net:443/certificates?x",
            "https://CONTOSO.vault.azure.net/",
        ] {
            assert!(vault().follow("list", same, &Redactor::default()).is_ok(), "{same}");
        }
        for other in [
            "http://contoso.vault.azure.net/certificates",
            "https://contoso.vault.azure.net:8443/",
            "https://contoso.vault.azure.net.evil.example/",
            "https://evil.example/https://contoso.vault.azure.net",
            "https://contoso.vault.azure.net@evil.example/",
            "https://user@contoso.vault.azure.net/",
            "//evil.example/",
        ] {
            let error = vault().follow("list", other, &Redactor::default()).expect_err(other);
            assert!(
                matches!(error.kind(), ErrorKind::UntrustedHost | ErrorKind::Protocol),
                "{other}: {error}"
            );
        }
    }

    #[test]
    fn plain_http_and_malformed_urls_are_rejected_as_origin() {
        for base in
            ["http://contoso.vault.azure.net", "https://u:p@x.example", "contoso", "https://"]
        {
            assert!(Origin::new("vault", base).is_err(), "{base}");
        }
    }
}
