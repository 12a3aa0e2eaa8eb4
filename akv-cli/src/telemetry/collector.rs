//! Sends telemetry to the collector.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::{Certificate, Client};
use tokio::runtime::{Builder, Runtime};

/// Sends the exporters' data from their threads. Clones share connections.
#[derive(Debug, Clone)]
pub(super) struct Collector {
    client: Client,
    /// The exporters have threads but no runtime.
    runtime: Arc<Runtime>,
    delivery: Arc<Delivery>,
}

/// Whether all data have arrived.
#[derive(Debug, Default)]
pub(super) struct Delivery(Mutex<Option<String>>);

impl Delivery {
    /// The reason why data did not arrive.
    pub(super) fn problem(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn failed(&self, cause: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
    }
}

impl Collector {
    pub(super) fn new(roots: Vec<Certificate>, delivery: Arc<Delivery>) -> Result<Self, String> {
        // No redirects: headers can contain a secret of the collector.
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .connect_timeout(CONNECT)
            .timeout(ONE_REQUEST);
        let client = if roots.is_empty() { client } else { client.tls_certs_merge(roots) };
        let client = client.build().map_err(|_| "TLS cannot be set up".to_owned())?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|_| "no thread for it could be started".to_owned())?;
        Ok(Self { client, runtime: Arc::new(runtime), delivery })
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.runtime.spawn(exchange(self.client.clone(), request)).await;
        let problem = match &sent {
            Ok(Ok(response)) if response.status().is_success() => return Ok(sent??),
            Ok(Ok(response)) => format!("it answered HTTP {}", response.status().as_u16()),
            Ok(Err(_)) | Err(_) => "no connection, or no answer".to_owned(),
        };
        self.delivery.failed(problem);
        Ok(sent??)
    }
}

async fn exchange(
    client: Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, reqwest::Error> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    response.headers_mut().extend(std::mem::take(answer.headers_mut()));
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        // The rest of a longer answer is not needed.
        if body.len() + part.len() > LARGEST_ANSWER {
            break;
        }
        body.extend_from_slice(&part);
    }
    *response.body_mut() = body.into();
    Ok(response)
}

const CONNECT: Duration = Duration::from_secs(4);
const ONE_REQUEST: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 64 << 10;
