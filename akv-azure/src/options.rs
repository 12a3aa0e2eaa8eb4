//! The options of the Azure side of a process.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use azure_core::http::HttpClient;
use tokio_util::sync::CancellationToken;

/// The options of [`Azure`](crate::Azure).
///
/// ```
/// use std::time::Duration;
/// use akv_azure::AzureOptions;
/// let options = AzureOptions::default()
///     .with_deadline(Duration::from_secs(30))
///     .with_ca_file("/etc/ssl/corporate-root.pem");
/// ```
#[derive(Clone)]
pub struct AzureOptions {
    pub(crate) transport: Option<Arc<dyn HttpClient>>,
    pub(crate) deadline: Duration,
    pub(crate) cancellation: CancellationToken,
    pub(crate) rate_limit: RateLimit,
    pub(crate) trust_anchors: Vec<TrustAnchors>,
    pub(crate) proxy: Option<String>,
    pub(crate) no_proxy: Option<String>,
}

/// Additional CA certificates to trust: PEM, or one certificate in DER.
#[derive(Clone)]
pub(crate) enum TrustAnchors {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

impl AzureOptions {
    /// Sets the transport, in place of this crate's pooled client. The options for the proxy and
    /// the trust anchors do not apply to it.
    #[must_use]
    pub fn with_transport(self, transport: Arc<dyn HttpClient>) -> Self {
        Self { transport: Some(transport), ..self }
    }

    /// Sets the deadline of one operation of a port, including all waits and retries. Default: two
    /// minutes.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Sets the cancellation token. Cancellation ends reads at once, and changes as soon as the
    /// request under way has been answered.
    #[must_use]
    pub fn with_cancellation(self, cancellation: CancellationToken) -> Self {
        Self { cancellation, ..self }
    }

    /// Sets the rate limit of each vault.
    #[must_use]
    pub fn with_rate_limit(self, rate_limit: RateLimit) -> Self {
        Self { rate_limit, ..self }
    }

    /// Adds CA certificates to trust in every cloud, from a file: PEM, or one certificate in DER.
    /// Can be called more than once.
    #[must_use]
    pub fn with_ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.trust_anchors.push(TrustAnchors::File(file.into()));
        self
    }

    /// Adds CA certificates to trust in every cloud: PEM, or one certificate in DER. Can be called
    /// more than once.
    #[must_use]
    pub fn with_ca_certificates(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.trust_anchors.push(TrustAnchors::Bytes(bytes.into().into()));
        self
    }

    /// Sets the proxy and overrides `HTTPS_PROXY` and `ALL_PROXY`: a URL, or empty for no proxy.
    #[must_use]
    pub fn with_proxy(self, url: impl Into<String>) -> Self {
        Self { proxy: Some(url.into()), ..self }
    }

    /// Sets the hosts that bypass the proxy and overrides `NO_PROXY`: hosts, domains
    /// (`.example.com`, `*.example.com`), addresses and networks, separated by commas.
    #[must_use]
    pub fn with_no_proxy(self, exceptions: impl Into<String>) -> Self {
        Self { no_proxy: Some(exceptions.into()), ..self }
    }
}

impl Default for AzureOptions {
    fn default() -> Self {
        Self {
            transport: None,
            deadline: Duration::from_secs(120),
            cancellation: CancellationToken::new(),
            rate_limit: RateLimit::default(),
            trust_anchors: Vec::new(),
            proxy: None,
            no_proxy: None,
        }
    }
}

impl fmt::Debug for AzureOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureOptions")
            .field("deadline", &self.deadline)
            .field("rate_limit", &self.rate_limit)
            .field("trust_anchors", &self.trust_anchors)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

/// The number of transactions of a vault in any window of the given length.
///
/// The default is the service's published limit for a vault in a region: 4,000 in 10 seconds (Key
/// Vault service limits). All vaults of a subscription share five times that limit. Vaults whose
/// store path names no subscription count as one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub(crate) transactions: u32,
    pub(crate) window: Duration,
}

impl RateLimit {
    /// Allows this many transactions in any window, at least one.
    pub fn new(transactions: u32, window: Duration) -> Self {
        Self { transactions: transactions.max(1), window }
    }

    /// The limit that all vaults of a subscription share.
    pub(crate) fn of_subscription(self) -> Self {
        Self::new(self.transactions.saturating_mul(5), self.window)
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        Self::new(4000, Duration::from_secs(10))
    }
}
