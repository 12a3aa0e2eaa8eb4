//! Reads the certificate that a server presents, trusted or not.

use std::time::Duration;

use reqwest::tls::TlsInfo;
use url::Url;

use super::pool::{builder, is_nearby};
use super::proxy::ProxyChoice;

/// The certificate in DER. Only a request without a token is sent, so an untrusted server learns
/// nothing.
pub(crate) async fn presented(
    proxy: &ProxyChoice,
    url: &Url,
    patience: Duration,
) -> Option<Vec<u8>> {
    let looking = builder(&[]).tls_info(true).tls_danger_accept_invalid_certs(true);
    let looking = if is_nearby(url) { looking.no_proxy() } else { proxy.set(looking).ok()? };
    let client = looking.timeout(patience).build().ok()?;
    let response = client.get(url.clone()).send().await.ok()?;
    response.extensions().get::<TlsInfo>()?.peer_certificate().map(<[u8]>::to_vec)
}
