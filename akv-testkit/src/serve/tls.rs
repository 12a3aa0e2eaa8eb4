//! TLS on loopback, for other processes: HTTP/1.1 and HTTP/2 with a CA that is created at the
//! start.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use akv_core::Cloud;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::cloud::FakeCloud;
use crate::endpoints::Endpoints;
use crate::exchange::{Delivery, Request, Response};
use crate::serve::body::{Body, body_of};
use crate::serve::limit::{Held, Limits, Refused, TIME_FOR_A_HEAD};
use crate::serve::streams::streams;
use crate::serve::{control, pause, proxy};

/// A fake cloud that listens on loopback.
///
/// Its hosts are `NAME.vault.localhost`, `login.localhost`, `management.localhost` and, for managed
/// identities, `imds.localhost` and `arc.localhost`, all on one port. `localhost` itself is the
/// control endpoint. Some resolvers do not resolve names below `localhost` to loopback (RFC 6761);
/// a client may need configuration for that.
///
/// The same port is a [proxy](Self::proxy_url) for the clouds' real names.
///
/// ```
/// use akv_testkit::{FakeCloud, TlsServer};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let cloud = FakeCloud::builder().vault("contoso").start();
/// let server = TlsServer::start(cloud, "127.0.0.1:0".parse().expect("an address")).await?;
/// assert!(server.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// assert!(server.vault_url("contoso").starts_with("https://contoso.vault.localhost:"));
/// server.stop().await;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TlsServer {
    address: SocketAddr,
    ca_pem: String,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl TlsServer {
    /// Listens and serves until it is stopped or dropped with its runtime.
    pub async fn start(cloud: FakeCloud, listen: SocketAddr) -> io::Result<Self> {
        let identity = Identity::new(&cloud.vault_suffixes()).map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(Arc::new(identity.server_config()?));
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(accept(cloud, listener, acceptor, stopped));
        Ok(Self { address, ca_pem: identity.ca_pem, stop, running })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The root CA certificate that clients must trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The authority's URL.
    pub fn authority(&self) -> String {
        self.endpoints().authority()
    }

    /// Resource Manager's URL.
    pub fn resource_manager(&self) -> String {
        self.endpoints().resource_manager()
    }

    /// A vault's URL.
    pub fn vault_url(&self, name: &str) -> String {
        self.endpoints().vault_uri(name)
    }

    /// The URL for setting faults and reading the journal.
    pub fn control_url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// A proxy for `HTTPS_PROXY`. Through it, clients reach the fake at the real names of the
    /// public, government and China clouds, with the same CA. It reaches only the fake; any other
    /// host is answered with 502.
    ///
    /// ```
    /// # use akv_testkit::{FakeCloud, TlsServer};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let cloud = FakeCloud::builder().vault("contoso").start();
    /// let server = TlsServer::start(cloud, "127.0.0.1:0".parse()?).await?;
    /// let client = reqwest::Client::builder()
    ///     .tls_certs_only([reqwest::Certificate::from_pem(server.ca_pem().as_bytes())?])
    ///     .proxy(reqwest::Proxy::https(server.proxy_url())?)
    ///     .build()?;
    /// let answer = client.get("https://contoso.vault.usgovcloudapi.net/healthstatus").send().await?;
    /// assert_eq!(answer.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn proxy_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The cloud's endpoints as the domain's type, without a CA file.
    pub fn cloud(&self) -> Cloud {
        let audience = self.endpoints().vault_audience();
        Cloud::new(
            "fake".to_owned(),
            self.authority(),
            self.resource_manager(),
            audience.strip_prefix("https://").unwrap_or(&audience).to_owned(),
        )
        .with_resource_manager_audience(self.resource_manager())
        .with_vault_audience(audience)
    }

    /// Accepts no more connections and returns after the open ones have received their responses.
    pub async fn stop(self) {
        // If the server has already ended, there is no receiver.
        let _ = self.stop.send(true);
        let _ = self.running.await;
    }

    fn endpoints(&self) -> Endpoints {
        Endpoints::Loopback { port: Some(self.address.port()) }
    }
}

async fn accept(
    cloud: FakeCloud,
    listener: TcpListener,
    acceptor: TlsAcceptor,
    mut stopped: watch::Receiver<bool>,
) {
    let open = GracefulShutdown::new();
    let limits = Limits::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        let Ok((stream, _)) = accepted else {
            // "Too many open files" passes when connections are closed.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        // If there are too many connections, the newest is closed at once.
        let Some(place) = limits.connection() else { continue };
        let way = Way { cloud: cloud.clone(), acceptor: acceptor.clone(), limits: limits.clone() };
        let watcher = open.watcher();
        tokio::spawn(async move {
            connection(way, stream, watcher).await;
            drop(place);
        });
    }
    let patience = tokio::time::sleep(PATIENCE);
    tokio::select! {
        () = open.shutdown() => {}
        () = patience => {}
    }
}

/// The shared state of all connections.
#[derive(Clone)]
struct Way {
    cloud: FakeCloud,
    acceptor: TlsAcceptor,
    limits: Limits,
}

async fn connection(way: Way, stream: TcpStream, watcher: Watcher) {
    // Responses are small and urgent.
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    match timeout(TIME_FOR_A_HEAD, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first == [TLS_HANDSHAKE] => secured(way, stream, watcher).await,
        Ok(Ok(1)) => {
            let resolves = way.cloud.clone();
            proxy::serve(
                stream,
                move |request| resolves.resolves(request),
                |tunnel| secured(way, tunnel, watcher),
            )
            .await;
        }
        _ => {}
    }
}

/// The client reports a failed handshake.
async fn secured<S>(way: Way, stream: S, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ok(Ok(stream)) = timeout(TIME_FOR_A_HEAD, way.acceptor.accept(stream)).await else {
        return;
    };
    let begun = Arc::new(Notify::new());
    let begins = Arc::clone(&begun);
    let service = service_fn(move |request| {
        begins.notify_one();
        answer(way.cloud.clone(), way.limits.clone(), request)
    });
    let (streams, running) = streams();
    let mut builder = auto::Builder::new(streams);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(TIME_FOR_A_HEAD);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    let serving = watcher.watch(serving.into_owned());
    let serving = async {
        tokio::select! {
            _ = serving => {}
            () = running => {}
        }
    };
    tokio::pin!(serving);
    // The client itself detects a broken connection; often a fault has broken it.
    tokio::select! {
        () = &mut serving => {}
        begun = timeout(TIME_FOR_A_HEAD, begun.notified()) => {
            if begun.is_ok() {
                serving.await;
            }
        }
    }
}

async fn answer(
    cloud: FakeCloud,
    limits: Limits,
    request: hyper::Request<Incoming>,
) -> io::Result<hyper::Response<Body>> {
    let (head, body) = request.into_parts();
    let Held { body, memory: _memory } = match limits.whole(body).await {
        Ok(whole) => whole,
        Err(Refused::TooLarge) => return delivered(&Response::empty(413)),
        Err(Refused::TooSlow) => return delivered(&Response::empty(408)),
        Err(Refused::NoMemory) => return delivered(&Response::empty(503)),
        Err(Refused::Broken) => return Err(io::ErrorKind::ConnectionReset.into()),
    };
    let request = received(&head, body)?;
    if ["localhost", "127.0.0.1"].contains(&request.host()) {
        return delivered(&control::answer(&cloud, &request));
    }
    let arrived = Instant::now();
    let _under_way = cloud.journal().depart();
    let answer = cloud.handle(&request);
    pause::until(arrived + answer.delay()).await;
    // A HEAD response must have no body, or HTTP/2 treats it as broken.
    let head_alone = request.method() == "HEAD";
    delivered(&if head_alone { answer.with_body(Bytes::new()) } else { answer })
}

fn received(head: &Parts, body: Bytes) -> io::Result<Request> {
    // HTTP/2 names the host in the request's target, HTTP/1.1 in a header.
    let host = head.headers.get(hyper::header::HOST).and_then(|host| host.to_str().ok());
    let authority = head.uri.authority().map(hyper::http::uri::Authority::as_str).or(host);
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let url = format!("https://{}{target}", authority.unwrap_or_default());
    let url = Url::parse(&url).map_err(io::Error::other)?;
    let seen = Request::new(head.method.as_str(), &url).body(body);
    Ok(head.headers.iter().fold(seen, |seen, (name, value)| {
        seen.header(name.as_str(), value.to_str().unwrap_or_default())
    }))
}

fn delivered(answer: &Response) -> io::Result<hyper::Response<Body>> {
    if matches!(answer.delivery(), Delivery::Closed | Delivery::Unreachable) {
        // An error of the service ends an HTTP/1.1 connection and resets an HTTP/2 stream.
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    let mut response = hyper::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    response.body(body_of(answer)).map_err(io::Error::other)
}

/// The CA of one server and its server certificate.
struct Identity {
    ca_pem: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    /// For the names on loopback, those of the built-in clouds, and additional vault suffixes.
    fn new(vault_suffixes: &[String]) -> Result<Self, rcgen::Error> {
        // TLS uses the machine's time, whatever the fake's clock shows.
        let now = OffsetDateTime::now_utc();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Fake Cloud on loopback");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (now - Duration::DAY, now + Duration::days(365));
        let key = KeyPair::generate()?;
        let ca_pem = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);

        let further = vault_suffixes.iter().map(|suffix| format!("*.{suffix}"));
        let real = Endpoints::BUILT_IN.iter().flat_map(|endpoints| endpoints.hosts());
        let hosts: Vec<_> =
            HOSTS.map(str::to_owned).into_iter().chain(real).chain(further).collect();
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name.push(DnType::CommonName, "vault.localhost");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Python since 3.13 and other clients require it.
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (now - Duration::DAY, now + Duration::days(365));
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?.der().clone();
        Ok(Self { ca_pem, certificate, key: key.serialize_der() })
    }

    fn server_config(&self) -> io::Result<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let builder = builder.with_no_client_auth();
                builder.with_single_cert(vec![self.certificate.clone()], key)
            })
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

const HOSTS: [&str; 8] = [
    "*.vault.localhost",
    "vault.localhost",
    "login.localhost",
    "management.localhost",
    "imds.localhost",
    "arc.localhost",
    "localhost",
    "127.0.0.1",
];

/// The first byte of every TLS connection: the type of a handshake record (RFC 8446 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// The time for responses in progress after the server was stopped.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
