//! A proxy that reaches only the fake: other processes can use the clouds' real host names with it.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper::{Method, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use url::Url;

use crate::exchange::Request;
use crate::serve::limit::TIME_FOR_A_HEAD;

/// The raw connection of a tunnel.
pub(super) type Tunnel = TokioIo<Upgraded>;

/// Answers `CONNECT` for a host that resolves, and runs `go_on` on the tunnel to it.
pub(super) async fn serve<F>(
    stream: TcpStream,
    resolves: impl Fn(&Request) -> bool,
    go_on: impl FnOnce(Tunnel) -> F,
) where
    F: Future<Output = ()>,
{
    let tunnel = Mutex::new(None);
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        let status = status_of(&request, &resolves);
        if status == StatusCode::OK {
            let upgrade = hyper::upgrade::on(&mut request);
            *tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
        }
        let mut answer = hyper::Response::new(Full::<Bytes>::default());
        *answer.status_mut() = status;
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(TIME_FOR_A_HEAD);
    // The client itself detects a broken connection.
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
    let wanted = tunnel.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(Ok(upgraded)) = futures::future::OptionFuture::from(wanted).await {
        go_on(TokioIo::new(upgraded)).await;
    }
}

fn status_of(
    request: &hyper::Request<Incoming>,
    resolves: impl Fn(&Request) -> bool,
) -> StatusCode {
    if request.method() != Method::CONNECT {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    // Only for HTTPS, as in other proxies; only the names on loopback have another port.
    let authority = request.uri().authority().filter(|authority| {
        let host = authority.host();
        let is_https = authority.port_u16() == Some(443) && host.parse::<Ipv4Addr>().is_err();
        (is_https || host.ends_with(".localhost")) && !authority.as_str().contains('@')
    });
    let host = authority.and_then(|host| Url::parse(&format!("https://{host}")).ok());
    match host {
        Some(host) if resolves(&Request::new("CONNECT", &host)) => StatusCode::OK,
        // The answer of a proxy for a name that does not resolve.
        _ => StatusCode::BAD_GATEWAY,
    }
}
