//! The transport in production: one connection pool over rustls.

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use akv_core::bundle::X509;
use akv_core::{Error, ErrorKind, text};
use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use reqwest::{Certificate, Client, ClientBuilder};
use url::{Host, Url};
use zeroize::Zeroizing;

use super::proxy::ProxyChoice;
use super::resolver;
use crate::exchange::{NoConnection, ProxySpeaksNoTls};
use crate::files;
use crate::options::TrustAnchors;

/// A pooled client: HTTP/2 if the server offers it, TLS 1.2 at least, gzip, proxies from the usual
/// variables, and no redirects.
#[derive(Debug)]
pub(crate) struct Pool {
    proxied: Client,
    proxy: ProxyChoice,
    /// A client without a proxy for this machine: its metadata service, which rejects proxied
    /// requests, and `localhost`, which a proxy would resolve to itself. Created on demand, because
    /// creating a client reads all of the system's trust anchors.
    direct: OnceLock<Client>,
    roots: Vec<Certificate>,
}

impl Pool {
    /// `anchors` are trusted in addition to the system's.
    pub(crate) fn new(anchors: &[TrustAnchors], proxy: ProxyChoice) -> Result<Arc<Self>, Error> {
        gather_entropy();
        let mut roots = Vec::new();
        for anchor in anchors {
            roots.extend(read_roots(anchor)?);
        }
        let proxied = proxy.set(builder(&roots))?.build().map_err(|error| {
            Error::new(ErrorKind::Invalid, "set up TLS", "no usable trust anchors")
                .with_advice(if cfg!(windows) {
                    "check whether the trusted root certificates of this machine can be read, or \
                     provide a CA file"
                } else {
                    "install the CA certificates of the system (package ca-certificates), or \
                     provide a CA file"
                })
                .with_source(error)
        })?;
        Ok(Arc::new(Self { proxied, proxy, direct: OnceLock::new(), roots }))
    }

    fn client(&self, request: &Request) -> &Client {
        if !is_nearby(request.url()) {
            return &self.proxied;
        }
        self.direct.get_or_init(|| {
            let nearby = builder(&self.roots).no_proxy().connect_timeout(CONNECT_NEARBY);
            nearby.build().unwrap_or_else(|_| self.proxied.clone())
        })
    }
}

#[async_trait]
impl HttpClient for Pool {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let sent = self.client(request).execute_request(request).await;
        sent.map_err(|error| self.blaming_the_proxy(request, error))
    }
}

impl Pool {
    /// A server that answers a proxy handshake in plain text, or hangs up, is most likely a proxy
    /// that is configured with the wrong scheme.
    fn blaming_the_proxy(&self, request: &Request, error: azure_core::Error) -> azure_core::Error {
        let proxied = self.proxy.is_tls() && !is_nearby(request.url());
        if proxied && NoConnection::is_without_tls(&error) {
            azure_core::Error::new(azure_core::error::ErrorKind::Connection, ProxySpeaksNoTls)
        } else {
            error
        }
    }
}

/// The machine's own identity endpoints use plain http; all other services on it have a local name.
pub(super) fn is_nearby(url: &Url) -> bool {
    url.scheme() != "https"
        || match url.host() {
            Some(Host::Domain(name)) => resolver::is_this_machine(name),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

/// The first random number of a process takes tens of milliseconds, because the generator measures
/// the processor's jitter for its seed. It is generated while the trust anchors are read, and not
/// during the first handshake.
fn gather_entropy() {
    thread::spawn(|| aws_lc_rs::rand::fill(&mut [0; 16]));
}

pub(super) fn builder(roots: &[Certificate]) -> ClientBuilder {
    let builder = Client::builder()
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .dns_resolver(resolver::Resolver::default());
    if roots.is_empty() { builder } else { builder.tls_certs_merge(roots.iter().cloned()) }
}

fn read_roots(anchors: &TrustAnchors) -> Result<Vec<Certificate>, Error> {
    let (operation, read) = match anchors {
        TrustAnchors::File(file) => {
            let read = files::read(file, LARGEST_CA_FILE);
            (format!("read CA file {}", file.display()), read)
        }
        TrustAnchors::Bytes(bytes) => {
            ("read the given CA certificates".to_owned(), Ok(Zeroizing::new(bytes.to_vec())))
        }
    };
    let invalid = |problem: &str| Error::new(ErrorKind::Invalid, &operation, problem);
    let bytes = read.map_err(|problem| invalid(&problem))?;
    // Windows exports one certificate in DER by default.
    if X509::can_parse(&bytes) {
        let root = Certificate::from_der(&bytes);
        return root.map(|it| vec![it]).map_err(|_| invalid("its certificate cannot be used"));
    }
    let pem = text::decode(&bytes)
        .map_err(|_| invalid("it is neither PEM nor a single DER certificate"))?;
    let roots = Certificate::from_pem_bundle(pem.as_bytes())
        .map_err(|_| invalid("it is not a PEM file with certificates"))?;
    if roots.is_empty() {
        Err(invalid("it contains no certificate, neither PEM nor DER"))
    } else {
        Ok(roots)
    }
}

/// All public trust anchors have a quarter of a megabyte.
const LARGEST_CA_FILE: usize = 4 << 20;
/// On Windows the system may check the revocation of a certificate over the network for up to ten
/// seconds, and the handshake waits for it.
const CONNECT: Duration = Duration::from_secs(if cfg!(windows) { 25 } else { 10 });
/// The machine's own services answer at once or do not exist.
const CONNECT_NEARBY: Duration = Duration::from_secs(2);
/// Shorter than the four minutes of Azure's load balancers.
const IDLE: Duration = Duration::from_secs(90);

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::path::Path;

    use azure_core::http::Method;

    use super::*;
    use crate::exchange::{Distrust, Failure};

    #[tokio::test]
    async fn connection_failures_are_distinguished() {
        let pool = Pool::new(&[], ProxyChoice::Direct).expect("the system's roots");
        // A label of more than 63 characters never resolves, and no name server is queried for it.
        let nowhere = format!("http://{}.example/", "x".repeat(64));
        for (url, expected) in [
            (nowhere.as_str(), NoConnection::Unresolved),
            ("https://nobody.localhost:1/", NoConnection::Unreachable),
        ] {
            let request = Request::new(url.parse().expect("a URL"), Method::Get);
            let error = pool.execute_request(&request).await.expect_err("no server answers");
            let Failure::NotSent { why, .. } = Failure::of_transport(error) else {
                panic!("{url}: nothing was sent")
            };
            assert_eq!(why, expected, "{url}");
        }
    }

    #[tokio::test]
    async fn local_hosts_are_reached_without_a_proxy() {
        let pool = Pool::new(&[], ProxyChoice::Direct).expect("the system's roots");
        for (url, proxied) in [
            ("https://contoso.vault.azure.net/", true),
            ("https://localhost.example/", true),
            ("https://notlocalhost/", true),
            ("https://contoso.vault.localhost:8443/", false),
            ("https://LOCALHOST/", false),
            ("https://127.0.0.1:8443/", false),
            ("https://[::1]/", false),
            ("http://169.254.169.254/metadata/identity/oauth2/token", false),
        ] {
            let request = Request::new(url.parse().expect("a URL"), Method::Get);
            assert_eq!(
                std::ptr::eq(pool.client(&request), &raw const pool.proxied),
                proxied,
                "{url}"
            );
        }
    }

    /// The failure of a request through a proxy with this answer.
    async fn through_a_proxy(answer: &'static str) -> Failure {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let proxy = format!("http://{}", listener.local_addr().expect("an address"));
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = [0; 4096];
            let _read = stream.read(&mut request).expect("a request");
            stream.write_all(answer.as_bytes()).expect("answered");
        });
        let proxy = reqwest::Proxy::all(proxy).expect("a proxy");
        let client = builder(&[]).proxy(proxy).build().expect("a client");
        let url = "https://contoso.vault.azure.net/".parse().expect("a URL");
        let error = client.execute_request(&Request::new(url, Method::Get)).await;
        Failure::of_transport(error.expect_err("refused"))
    }

    #[tokio::test]
    async fn connection_rejected_by_a_proxy_is_reported() {
        for (answer, expected) in [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", NoConnection::ProxySignIn),
            ("HTTP/1.1 403 Forbidden\r\n\r\n<html>blocked</html>", NoConnection::ProxyRefused),
            ("HTTP/1.1 502 Bad Gateway\r\n\r\n", NoConnection::ProxyRefused),
        ] {
            let failure = through_a_proxy(answer).await;
            let Failure::NotSent { why, .. } = &failure else {
                panic!("nothing was sent: {failure:?}")
            };
            assert_eq!(*why, expected, "{answer}");
            assert_eq!(failure.may_pass(), expected == NoConnection::ProxyRefused);
        }
    }

    #[tokio::test]
    async fn a_proxy_that_does_not_speak_tls_is_named() {
        for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
            let proxy = format!("https://{}", listener.local_addr().expect("an address"));
            thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("a connection");
                let mut request = [0; 4096];
                let _read = stream.read(&mut request).expect("a request");
                stream.write_all(answer.as_bytes()).expect("answered");
            });
            let proxy = ProxyChoice::new(Some(&proxy), None, |_| None).expect("a proxy");
            let pool = Pool::new(&[], proxy).expect("the system's roots");
            let url = "https://contoso.vault.azure.net/".parse().expect("a URL");
            let error = pool.execute_request(&Request::new(url, Method::Get)).await;
            let failure = Failure::of_transport(error.expect_err("no connection"));
            let Failure::NotSent { why, .. } = failure else { panic!("sent: {failure:?}") };
            assert_eq!(why, NoConnection::Untrusted(Distrust::ProxyNotTls), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn hosts_below_an_exception_are_reached_without_the_proxy() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let proxy = format!("http://{}", listener.local_addr().expect("an address"));
        thread::spawn(move || {
            for stream in listener.incoming().take(1) {
                let mut stream = stream.expect("a connection");
                let mut request = [0; 4096];
                let _read = stream.read(&mut request).expect("a request");
                let refused = b"HTTP/1.1 403 Forbidden\r\n\r\n";
                stream.write_all(refused).expect("answered");
            }
        });
        let choice = ProxyChoice::new(Some(&proxy), Some("*.vault.invalid"), |_| None);
        let pool = Pool::new(&[], choice.expect("a proxy")).expect("the system's roots");
        for (url, expected) in [
            ("https://contoso.vault.invalid/", NoConnection::Unresolved),
            ("https://contoso.other.invalid/", NoConnection::ProxyRefused),
        ] {
            let request = Request::new(url.parse().expect("a URL"), Method::Get);
            let error = pool.execute_request(&request).await.expect_err("no server answers");
            let Failure::NotSent { why, .. } = Failure::of_transport(error) else {
                panic!("{url}: nothing was sent")
            };
            assert_eq!(why, expected, "{url}");
        }
    }

    #[test]
    fn a_ca_file_is_pem_or_one_certificate_in_der() {
        let now = time::OffsetDateTime::now_utc();
        let leaf = akv_testkit::pki::TestPki::elliptic(now).leaf("www.contoso.com").issue();
        let root = leaf.chain().last().expect("a root");
        let pem = X509::from_der(root).map(|_| leaf.pem()).expect("a certificate");
        let certificates: String = pem
            .split_inclusive("-----END CERTIFICATE-----\n")
            .filter_map(|block| Some(&block[block.find("-----BEGIN CERTIFICATE")?..]))
            .collect();
        let utf16: Vec<u8> = std::iter::once(0xfeff)
            .chain(certificates.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ca");
        let marked = format!("\u{feff}{certificates}").into_bytes();
        for content in [root.clone(), certificates.clone().into_bytes(), marked, utf16] {
            std::fs::write(&path, &content).expect("written");
            let roots = read_roots(&TrustAnchors::File(path.clone()))
                .unwrap_or_else(|error| panic!("{error}"));
            let given = read_roots(&TrustAnchors::Bytes(content.into())).expect("the same bytes");
            assert!(!roots.is_empty() && roots.len() == given.len());
        }
        for content in [&b""[..], b"nothing", b"\x30\x03\x02\x01\x01", b"\xff\xfe\x00"] {
            std::fs::write(&path, content).expect("written");
            let error = read_roots(&TrustAnchors::File(path.clone())).expect_err("no certificate");
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    }

    #[test]
    fn a_ca_file_without_certificates_says_so() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let error =
            Pool::new(&[TrustAnchors::File(path)], ProxyChoice::Direct).expect_err("not PEM");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("Cargo.toml"), "{error}");
    }
}
