//! Contacts an address without a token and reports the server that answers.

use std::time::Duration;

use akv_core::bundle::X509;
use akv_core::{Cloud, Error, Result};
use azure_core::http::headers::HeaderName;
use azure_core::http::{Method, Request};
use time::OffsetDateTime;

use crate::api::ApiOperation;
use crate::azure::Azure;
use crate::classify::classify;
use crate::exchange::{Failure, Origin};
use crate::transport;

/// An address that was contacted.
#[derive(Debug)]
#[non_exhaustive]
pub struct Contact {
    /// The HTTP status of the answer. `Err`: the reason why there is no trusted connection.
    pub answer: Result<u16>,
    /// The service's clock (UTC).
    pub date: Option<OffsetDateTime>,
    /// The certificate that the server presented, trusted or not.
    pub presented: Option<Presented>,
}

/// A TLS certificate that a server presented.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presented {
    /// Its issuer's distinguished name.
    pub issuer: String,
    /// When it expires (UTC).
    pub expires: Option<OffsetDateTime>,
}

impl Azure {
    /// Sends one request without a token to `base` (an https URL without a path), over the same
    /// transport as all other requests.
    pub async fn contact(&self, cloud: &Cloud, base: &str) -> Result<Contact> {
        let shared = self.shared();
        let origin = Origin::new("address", base)?;
        let host = origin.host();
        let url = origin.url(&["healthstatus"], &[]);
        let operation = format!("connect to {host}");
        let request = Request::new(url.clone(), Method::Get);
        let transport = shared.transport(cloud)?;
        let sent = tokio::time::timeout(PATIENCE, transport.execute_request(&request)).await;
        let (answer, date) = match sent {
            Ok(Ok(response)) => {
                let date = response.headers().get_optional_str(&HeaderName::from_static("date"));
                let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
                (Ok(u16::from(response.status())), date.map(OffsetDateTime::from))
            }
            Ok(Err(error)) => (Err(Failure::of_transport(error)), None),
            Err(_) => (Err(Failure::Stalled { after: PATIENCE }), None),
        };
        let answer = answer.map_err(|failure| -> Error {
            let api = if [&cloud.authority, &cloud.resource_manager].iter().any(|it| *it == base) {
                ApiOperation::ReadCloudMetadata
            } else {
                ApiOperation::CheckHealth
            };
            classify(api, &operation, &host, &failure)
        });
        let presented = if shared.is_embedded() {
            None
        } else {
            transport::presented(shared.proxy(), &url, PATIENCE).await
        };
        let presented = presented.and_then(|der| X509::from_der(&der).ok()).map(|certificate| {
            Presented { issuer: certificate.issuer(), expires: certificate.not_after() }
        });
        Ok(Contact { answer, date, presented })
    }
}

/// The deadline of one contact.
const PATIENCE: Duration = Duration::from_secs(15);
