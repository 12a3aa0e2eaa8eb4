//! What carries the requests in production: one pool of connections over rustls.

mod resolver;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use akv_core::{Error, ErrorKind};
use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use reqwest::{Certificate, Client, ClientBuilder};

pub(crate) use resolver::Unresolved;

/// A pooled client: HTTP/2 where it is offered, TLS 1.2 at least, gzip, proxies from the usual
/// variables, and never a redirect.
#[derive(Debug)]
pub(crate) struct Pool {
    proxied: Client,
    /// For the machine's own metadata service, which refuses what came through a proxy. Made when
    /// it is needed, because making a client reads all the system's roots.
    direct: OnceLock<Client>,
}

impl Pool {
    /// `ca_files` are trusted beside the system's roots.
    pub(crate) fn new(ca_files: &[&Path]) -> Result<Arc<Self>, Error> {
        gather_entropy();
        let mut roots = Vec::new();
        for file in ca_files {
            roots.extend(read_roots(file)?);
        }
        let mut builder = builder();
        if !roots.is_empty() {
            builder = builder.tls_certs_merge(roots);
        }
        let proxied = builder.build().map_err(|error| {
            Error::new(ErrorKind::Invalid, "set up TLS", "no usable roots")
                .with_advice(
                    "install the system's CA certificates (ca-certificates), or name a CA file",
                )
                .with_source(error)
        })?;
        Ok(Arc::new(Self { proxied, direct: OnceLock::new() }))
    }

    /// Identity endpoints of the machine itself are plain http and on the machine.
    fn client(&self, request: &Request) -> &Client {
        if request.url().scheme() == "https" {
            return &self.proxied;
        }
        self.direct.get_or_init(|| {
            let nearby = builder().no_proxy().connect_timeout(CONNECT_NEARBY);
            nearby.build().unwrap_or_else(|_| self.proxied.clone())
        })
    }
}

#[async_trait]
impl HttpClient for Pool {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        self.client(request).execute_request(request).await
    }
}

/// The first random number of a process takes tens of milliseconds, because the generator measures
/// the processor's jitter for its seed. That is begun while the roots are read, and not with the
/// first handshake.
fn gather_entropy() {
    thread::spawn(|| aws_lc_rs::rand::fill(&mut [0; 16]));
}

fn builder() -> ClientBuilder {
    Client::builder()
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .dns_resolver(resolver::Resolver)
}

fn read_roots(file: &Path) -> Result<Vec<Certificate>, Error> {
    let tried = format!("read CA file {}", file.display());
    let invalid = |problem: &str| Error::new(ErrorKind::Invalid, &tried, problem);
    let pem =
        std::fs::read(file).map_err(|error| invalid("it cannot be read").with_source(error))?;
    let roots = Certificate::from_pem_bundle(&pem)
        .map_err(|error| invalid("it is not PEM with certificates").with_source(error))?;
    if roots.is_empty() { Err(invalid("it holds no certificate in PEM")) } else { Ok(roots) }
}

const CONNECT: Duration = Duration::from_secs(10);
/// The machine's own services answer at once or are not there.
const CONNECT_NEARBY: Duration = Duration::from_secs(2);
/// Shorter than the load balancers' own four minutes.
const IDLE: Duration = Duration::from_secs(90);

#[cfg(test)]
mod tests {
    use azure_core::http::Method;

    use super::*;
    use crate::pipeline::{Failure, NoConnection};

    #[tokio::test]
    async fn why_there_is_no_connection_is_told_apart() {
        let pool = Pool::new(&[]).expect("the system's roots");
        // A label of more than 63 characters has no address, and no name server is asked for it.
        let nowhere = format!("http://{}.example/", "x".repeat(64));
        for (url, expected) in [
            (nowhere.as_str(), NoConnection::Unresolved),
            ("https://nobody.localhost:1/", NoConnection::Unreachable),
        ] {
            let request = Request::new(url.parse().expect("a URL"), Method::Get);
            let error = pool.execute_request(&request).await.expect_err("nobody is there");
            let Failure::NotSent { why, .. } = Failure::of_transport(error) else {
                panic!("{url}: nothing was sent")
            };
            assert_eq!(why, expected, "{url}");
        }
    }

    #[test]
    fn a_ca_file_without_certificates_says_so() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let error = Pool::new(&[&path]).expect_err("not PEM");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("Cargo.toml"), "{error}");
    }
}
