//! Selects the proxy: from the options, otherwise from the environment. An invalid value is an
//! error, because a silent direct connection would go unnoticed.

use std::fmt;

use akv_core::{Error, ErrorKind};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, NoProxy};
use url::Url;

use super::resolver::Resolver;

/// The proxy of a process, and the hosts that bypass it.
#[derive(Clone)]
pub(crate) enum ProxyChoice {
    /// The system's settings: on Windows and macOS; none elsewhere.
    System { except: String },
    /// No proxy, as configured.
    Direct,
    /// This proxy.
    Proxy { url: Url, except: String },
}

impl ProxyChoice {
    /// The options take precedence over the variables; an empty value of either means no proxy. The
    /// variables are read as curl reads them: only those for https, in both letter cases,
    /// `HTTPS_PROXY` before `ALL_PROXY`.
    pub(crate) fn new(
        proxy: Option<&str>,
        no_proxy: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| Some((*name, variable(name).filter(|it| !it.is_empty())?)))
        };
        let (exceptions_of, except) = match no_proxy {
            Some(option) => ("no-proxy", option.to_owned()),
            None => first(&["NO_PROXY", "no_proxy"]).unwrap_or_default(),
        };
        let given = match proxy {
            Some("") => return Ok(Self::Direct),
            Some(option) => Some(("proxy", option.to_owned())),
            None => first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
        };
        let except = exceptions(exceptions_of, &except)?;
        Ok(match given {
            Some((name, value)) => Self::Proxy { url: parse(name, &value)?, except },
            None => Self::System { except },
        })
    }

    /// An environment variable. A value that is not Unicode becomes an invalid value.
    pub(crate) fn variable(name: &str) -> Option<String> {
        Some(std::env::var_os(name)?.into_string().unwrap_or_else(|_| "\0".to_owned()))
    }

    /// Configures the client with this proxy.
    pub(crate) fn set(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        match self {
            Self::System { except } => {
                let proxied = unless(except, Matcher::from_system());
                Ok(builder.proxy(reqwest::Proxy::custom(move |url| proxied(url.as_str()))))
            }
            Self::Direct => Ok(builder.no_proxy()),
            Self::Proxy { url, except } => {
                let proxy = reqwest::Proxy::all(url.as_str())
                    .map_err(|_| unusable("proxy", "it is not the URL of a proxy"))?;
                let resolver = Resolver { proxy: url.host_str().map(str::to_owned) };
                let proxy = proxy.no_proxy(NoProxy::from_string(except));
                Ok(builder.proxy(proxy).dns_resolver(resolver))
            }
        }
    }

    /// Whether the connection to the proxy itself uses TLS.
    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Self::Proxy { url, .. } if url.scheme() == "https")
    }
}

/// The proxy for a URL, if its host is not an exception. reqwest itself ignores the exceptions of a
/// proxy that a function selects.
fn unless(except: &str, system: Matcher) -> impl Fn(&str) -> Option<String> + use<> {
    let not_excepted = Matcher::builder().all("http://any.invalid").no(except).build();
    move |url| {
        let url = url.parse().ok()?;
        not_excepted.intercept(&url)?;
        Some(system.intercept(&url)?.uri().to_string())
    }
}

/// Never shows the URL, because it can contain a password.
impl fmt::Debug for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System { .. } => "System",
            Self::Direct => "Direct",
            Self::Proxy { .. } => "Proxy",
        })
    }
}

fn parse(name: &str, value: &str) -> Result<Url, Error> {
    let invalid = |problem: &str| Err(unusable(name, problem));
    if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return invalid(
            "it contains a space, a line break or another character that is not allowed in a URL",
        );
    }
    if value.contains(['"', '\'']) {
        return invalid("it has quotes in it: remove them");
    }
    // Without a scheme it is plain HTTP, as in curl.
    let written = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let (scheme, rest) = written.split_once("://").unwrap_or_default();
    if scheme.to_ascii_lowercase().starts_with("socks") {
        return invalid("SOCKS proxies are not supported: name an HTTP proxy");
    }
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return invalid("its scheme is not http:// (or https:// for a proxy that speaks TLS)");
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '\\', '?', '#']) {
        return invalid(SPECIAL);
    }
    match Url::parse(&written) {
        Ok(url) if authority.matches('@').count() > 1 => {
            drop(url);
            invalid(SPECIAL)
        }
        Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(url),
        Ok(_) => invalid("it names no host"),
        Err(_) if authority.contains('@') => invalid(SPECIAL),
        Err(_) => {
            invalid("it is not a URL with a host and a port, such as http://proxy.example:3128")
        }
    }
}

/// Converts the list to reqwest's form, which has no `*.` and matches all names below a domain.
fn exceptions(name: &str, list: &str) -> Result<String, Error> {
    let mut all = Vec::new();
    for entry in list.split([',', ' ', '\t']).map(str::trim).filter(|entry| !entry.is_empty()) {
        let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
        if entry != "*" && entry.contains(['*', '"', '\'', '@', ';']) || entry.contains("://") {
            let problem = "an entry is neither a host, a domain (.example.com or *.example.com), \
                           an address, nor * alone";
            return Err(unusable(name, problem));
        }
        // The port is not compared.
        let host = match entry.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') && port.parse::<u16>().is_ok() => host,
            _ => entry,
        };
        all.push(host.trim_matches(['[', ']']));
    }
    Ok(all.join(","))
}

fn unusable(name: &str, problem: &str) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "set up the connection",
        format!("{name} cannot be used as the proxy setting: {problem}"),
    )
}

const SPECIAL: &str = "it is not a URL of a host and a port; in a user or password write # as %23, \
                       / as %2F, @ as %40, ? as %3F, : as %3A and % as %25";

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Result<ProxyChoice, Error> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(found.1.to_owned())
        };
        ProxyChoice::new(None, None, variable)
    }

    fn url(choice: &ProxyChoice) -> Option<&str> {
        match choice {
            ProxyChoice::Proxy { url, .. } => Some(url.as_str()),
            _ => None,
        }
    }

    #[test]
    fn rejects_a_proxy_that_cannot_be_parsed_without_its_value() {
        for value in [
            "http://user:pa#ss@proxy.example:3128",
            "http://user:12#ss@proxy.example:3128",
            "http://user:pa/ss@proxy.example:3128",
            "http://user:pa?ss@proxy.example:3128",
            "http://user:pa@ss@proxy.example:3128",
            "http://user:pa\\ss@proxy.example:3128",
            "user:pa#ss@proxy.example:3128",
            " http://proxy.example:3128",
            "http://proxy.example:3128 ",
            " ",
            "http://proxy.example:3128\r\n",
            "\"http://proxy.example:3128\"",
            "'http://proxy.example:3128'",
            "htp://proxy.example:3128",
            "socks5://proxy.example:1080",
            "socks9://proxy.example:1080",
            "ftp://proxy.example",
            "://proxy.example",
            "http://",
            "https://",
            "http:///",
            "http://user:pass@",
            "http://user:pass@:3128",
            "http://proxy.example:99999",
            "http://proxy.example:31x8",
            "http://[::1:3128",
            "http://proxy.example:3128/path",
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
                let message = match chosen(&[(name, value)]) {
                    Ok(choice) => panic!("{value:?} was taken as {:?}", url(&choice)),
                    Err(error) => error.to_string(),
                };
                assert!(message.contains(name), "{value:?}: {message}");
                for secret in ["pa#ss", "pa/ss", "pass@", "user", "proxy.example:"] {
                    let own =
                        message.contains("http://proxy.example:3128") && secret == "proxy.example:";
                    assert!(
                        !value.contains(secret)
                            || !message.contains(secret)
                            || own
                            || secret == "user",
                        "{message}"
                    );
                }
            }
        }
    }

    #[test]
    fn takes_a_proxy_as_curl_does() {
        for (variables, expected) in [
            (&[("HTTPS_PROXY", "proxy.example:3128")][..], Some("http://proxy.example:3128/")),
            (&[("https_proxy", "http://10.0.0.1:8080/")], Some("http://10.0.0.1:8080/")),
            (&[("ALL_PROXY", "HTTP://p.example")], Some("http://p.example/")),
            (&[("all_proxy", "https://p.example:8443")], Some("https://p.example:8443/")),
            (&[("HTTPS_PROXY", "a:1"), ("https_proxy", "b:2")], Some("http://a:1/")),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "b:2")], Some("http://b:2/")),
            (&[("HTTPS_PROXY", "http://u:p%23s@p.example:1")], Some("http://u:p%23s@p.example:1/")),
            (&[("HTTP_PROXY", "a:1")], None),
            (&[], None),
        ] {
            assert_eq!(url(&chosen(variables).expect("a choice")), expected, "{variables:?}");
        }
    }

    #[test]
    fn options_override_the_environment() {
        let variable = |_: &str| Some("http://environment.example:1".to_owned());
        let choice = ProxyChoice::new(Some("mine.example:2"), Some(""), variable).expect("mine");
        assert_eq!(url(&choice), Some("http://mine.example:2/"));
        let none = ProxyChoice::new(Some(""), None, |_: &str| Some("x:1".to_owned()));
        assert!(matches!(none, Ok(ProxyChoice::Direct)));
        let message =
            ProxyChoice::new(Some("htp://x"), None, |_: &str| None).expect_err("a scheme");
        assert!(message.to_string().contains("proxy cannot be used"), "{message}");
    }

    #[test]
    fn exceptions_apply_to_the_systems_proxy() {
        let none = |_: &str| None;
        let choice = ProxyChoice::new(None, Some("*.vault.azure.net"), none).expect("a choice");
        assert!(matches!(choice, ProxyChoice::System { except } if except == ".vault.azure.net"));
        let choice = chosen(&[("NO_PROXY", "*.corp.example")]).expect("a choice");
        assert!(matches!(choice, ProxyChoice::System { except } if except == ".corp.example"));
        assert!(chosen(&[("NO_PROXY", "\"x.example\"")]).is_err());

        let system = Matcher::builder().all("http://proxy.example:3128").no("own.example").build();
        let proxied = unless(".vault.azure.net,10.0.0.0/8", system);
        for (url, expected) in [
            ("https://login.microsoftonline.com/", Some("http://proxy.example:3128/")),
            ("https://contoso.vault.azure.net", None),
            ("https://contoso.vault.azure.net:8443/x?y", None),
            ("https://10.1.2.3", None),
            ("https://own.example", None),
        ] {
            assert_eq!(proxied(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn exceptions_are_hosts_domains_and_addresses() {
        let list = "*.vault.azure.net, .corp.example  10.0.0.0/8,host.example:443,[::1],*";
        assert_eq!(
            exceptions("NO_PROXY", list).expect("exceptions"),
            ".vault.azure.net,.corp.example,10.0.0.0/8,host.example,::1,*"
        );
        for odd in [
            "a*b",
            "*x.example",
            "https://x.example",
            "\"x.example\"",
            "u@x",
            "a.example;b.example",
        ] {
            assert!(exceptions("NO_PROXY", odd).is_err(), "{odd}");
        }
    }
}
