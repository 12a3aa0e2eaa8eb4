//! This machine: settings and proxies.

use anyhow::Result;

use super::check::Checks;
use crate::args::Common;

pub(super) fn settings(checks: &mut Checks, common: &Common, settings: Result<()>) {
    let file = common.config.as_deref().filter(|file| !file.as_os_str().is_empty());
    match (file, settings) {
        (_, Err(error)) => checks.problem("settings", format!("{error:#}"), None),
        (Some(file), Ok(())) => checks.ok("settings", format!("read from {}", file.display())),
        (None, Ok(())) => checks.ok("settings", "no settings file"),
    }
}

pub(super) fn proxies(checks: &mut Checks, common: &Common) {
    let option = common.proxy.as_deref().map(|proxy| match proxy {
        "" => "--proxy \"\", which means no proxy".to_owned(),
        proxy => format!("--proxy {}", without_user(proxy)),
    });
    let without =
        (!common.no_proxy.is_empty()).then(|| format!("--no-proxy {}", common.no_proxy.join(",")));
    let variables = VARIABLES.into_iter().filter_map(|name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        Some(format!("{name}={}", without_user(&value)))
    });
    // In the order of precedence.
    let set: Vec<String> = option.into_iter().chain(without).chain(variables).collect();
    if set.is_empty() {
        checks.ok("proxies", "neither an option nor a variable names one");
    } else {
        checks.ok("proxies", set.join(", "));
    }
}

/// A proxy's URL without user name and password.
pub(super) fn without_user(value: &str) -> String {
    let (scheme, rest) = value.split_once("://").unwrap_or(("", value));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") }
}

/// Whether an option or a variable configures a proxy.
pub(super) fn is_proxied(common: &Common) -> bool {
    if let Some(proxy) = &common.proxy {
        return !proxy.is_empty();
    }
    VARIABLES
        .iter()
        .filter(|name| !name.eq_ignore_ascii_case("no_proxy"))
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

const VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_is_shown_without_its_password() {
        for (value, shown) in [
            ("http://user:p@ss@proxy.example:3128", "http://proxy.example:3128"),
            ("user:secret@proxy:80", "proxy:80"),
            ("proxy.example", "proxy.example"),
        ] {
            assert_eq!(without_user(value), shown);
        }
    }
}
