//! The `WWW-Authenticate` header of a 401. It serves the error message and the rejection of a
//! challenge for another token: the audience and the authority of a token never come from it.

/// The contents of a challenge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The tenant: the first segment of the authorization URL's path, unless it means every tenant.
    pub(crate) tenant: Option<String>,
    /// The audience of the requested token, without a final slash.
    pub(crate) audience: Option<String>,
    /// Whether continuous access evaluation revoked the token.
    pub(crate) insufficient_claims: bool,
}

impl Challenge {
    pub(crate) fn read(header: &str) -> Self {
        let parameters: Vec<_> = parameters(header).collect();
        let find = |names: &[&str]| {
            let named =
                |name: &&str| parameters.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
            names.iter().find_map(named).map(|(_, value)| *value)
        };
        let audience = find(&["resource"]).or_else(|| find(&["scope"]));
        let audience = audience.map(|it| it.trim_end_matches("/.default").trim_end_matches('/'));
        Self {
            tenant: find(&["authorization", "authorization_uri"]).and_then(tenant),
            audience: audience.filter(|it| !it.is_empty()).map(str::to_owned),
            insufficient_claims: find(&["error"]) == Some("insufficient_claims"),
        }
    }
}

/// The parameters (RFC 9110 11.2), read leniently: Key Vault has sent them with and without quotes.
fn parameters(header: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let (before, after) = rest.split_once('=')?;
        let name = before.rsplit([' ', ',']).next().unwrap_or_default();
        let (value, following) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_at(after.find([' ', ',']).unwrap_or(after.len())),
        };
        rest = following;
        Some((name, value))
    })
}

fn tenant(authorization: &str) -> Option<String> {
    let path = authorization.strip_prefix("https://")?.split_once('/')?.1;
    let tenant = path.split(['/', '?']).next()?;
    let plain = tenant.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    let shared = ["common", "organizations", "consumers"].contains(&tenant);
    (plain && !shared && !tenant.is_empty()).then(|| tenant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tenant_and_audience_in_every_spelling() {
        let id = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        for (header, audience) in [
            (
                format!(
                    r#"Bearer authorization="https://login.windows.net/{id}", resource="https://vault.azure.net""#
                ),
                Some("https://vault.azure.net"),
            ),
            (
                format!(
                    r#"Bearer authorization_uri="https://login.microsoftonline.com/{id}/", error="invalid_token""#
                ),
                None,
            ),
            (
                format!(
                    r#"Bearer scope="https://vault.azure.net/.default",authorization="https://login.windows.net/{id}""#
                ),
                Some("https://vault.azure.net"),
            ),
            (format!("Bearer resource=x, authorization=https://login.windows.net/{id}"), Some("x")),
        ] {
            let challenge = Challenge::read(&header);
            assert_eq!(challenge.tenant.as_deref(), Some(id), "{header}");
            assert_eq!(challenge.audience.as_deref(), audience, "{header}");
            assert!(!challenge.insufficient_claims);
        }
        for odd in [
            "",
            "Basic",
            "=",
            r#"=""#,
            r#"Bearer authorization="http://x/y""#,
            r#"Bearer authorization="https://x/a b""#,
            r#"Bearer authorization_uri="https://login.windows.net/common/oauth2/authorize""#,
        ] {
            assert_eq!(Challenge::read(odd), Challenge::default(), "{odd}");
        }
    }

    #[test]
    fn recognizes_a_claims_challenge() {
        let header = r#"Bearer realm="", authorization_uri="https://login.windows.net/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3MifQ==""#;
        assert!(Challenge::read(header).insufficient_claims);
    }
}
