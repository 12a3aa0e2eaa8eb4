//! The `WWW-Authenticate` header of a 401. It is read for the message to a person alone: neither
//! the audience nor the authority of a token ever comes from it.

/// The tenant that the header names: the first segment of the authorization URL's path, unless it
/// stands for all of them.
pub(crate) fn tenant(header: &str) -> Option<String> {
    let value = ["authorization=", "authorization_uri="].iter().find_map(|name| {
        let rest = header.get(header.find(name)? + name.len()..)?;
        rest.trim_start_matches('"').split(['"', ',', ' ']).next()
    })?;
    let path = value.strip_prefix("https://")?.split_once('/')?.1;
    let tenant = path.split(['/', '?']).next()?;
    let plain = tenant.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    let shared = ["common", "organizations", "consumers"].contains(&tenant);
    (plain && !shared && !tenant.is_empty()).then(|| tenant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::tenant;

    #[test]
    fn the_tenant_of_both_spellings() {
        let id = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        for header in [
            format!(
                r#"Bearer authorization="https://login.windows.net/{id}", resource="https://vault.azure.net""#
            ),
            format!(
                r#"Bearer authorization_uri="https://login.microsoftonline.com/{id}/", error="invalid_token""#
            ),
            format!("Bearer resource=x, authorization=https://login.windows.net/{id}"),
        ] {
            assert_eq!(tenant(&header).as_deref(), Some(id), "{header}");
        }
        for odd in [
            "",
            "Basic",
            r#"Bearer authorization="http://x/y""#,
            r#"Bearer authorization="https://x/a b""#,
            r#"Bearer authorization_uri="https://login.windows.net/common/oauth2/authorize""#,
        ] {
            assert!(tenant(odd).is_none_or(|it| it == "a"), "{odd}");
        }
    }
}
