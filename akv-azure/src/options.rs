//! How the Azure side of a process is set up.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use azure_core::http::HttpClient;
use tokio_util::sync::CancellationToken;

/// What [`Azure`](crate::Azure) is made with.
///
/// ```
/// use std::time::Duration;
/// use akv_azure::AzureOptions;
/// let options = AzureOptions { deadline: Duration::from_secs(30), ..AzureOptions::default() };
/// assert!(options.transport.is_none());
/// ```
#[derive(Clone)]
pub struct AzureOptions {
    /// What carries the requests; a pooled reqwest client where none is given.
    pub transport: Option<Arc<dyn HttpClient>>,
    /// The bound of one operation of a port with all its waiting and repeating: two minutes.
    pub deadline: Duration,
    /// Cancelling it ends reads at once and changes when the request under way has been answered.
    pub cancellation: CancellationToken,
    /// How many requests one vault gets.
    pub rate_limit: RateLimit,
    /// More roots to trust, as a file with PEM or one DER certificate, in every cloud.
    pub ca_file: Option<PathBuf>,
    /// The proxy, instead of what `HTTPS_PROXY` or `ALL_PROXY` say: a URL, or empty for none.
    pub proxy: Option<String>,
    /// What is reached without the proxy, instead of what `NO_PROXY` says: hosts, domains
    /// (`.example.com`, `*.example.com`), addresses and networks, with commas between them.
    pub no_proxy: Option<String>,
}

impl Default for AzureOptions {
    fn default() -> Self {
        Self {
            transport: None,
            deadline: Duration::from_secs(120),
            cancellation: CancellationToken::new(),
            rate_limit: RateLimit::default(),
            ca_file: None,
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
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// How many transactions a vault is given in any stretch of time of that length.
///
/// The default is what the service publishes for a vault in a region: 4,000 in 10 seconds
/// (Key Vault service limits). All vaults of the process together get five times that, as a
/// subscription does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub(crate) transactions: u32,
    pub(crate) window: Duration,
}

impl RateLimit {
    /// So many transactions in any stretch of `window`. At least one.
    pub fn new(transactions: u32, window: Duration) -> Self {
        Self { transactions: transactions.max(1), window }
    }

    /// What all vaults of a subscription may take together.
    pub(crate) fn of_subscription(self) -> Self {
        Self::new(self.transactions.saturating_mul(5), self.window)
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        Self::new(4000, Duration::from_secs(10))
    }
}
