//! Inventory: lists and fetches in parallel, and never reports a partial result as a success.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::str::FromStr;

use futures::{StreamExt, future};

use super::details::{Details, ItemDetails};
use super::item::{InventoryItem, InventorySink, ItemSource, PreviousInventory};
use super::mark::Mark;
use super::outcome::{Status, counted};
use crate::certificate::{CertificateName, ListedCertificate};
use crate::certificate_der::CertificateDer;
use crate::error::{Denial, Error, ErrorKind, InvalidValue, Result};
use crate::store::{CertificateStore, ListOptions, OperationState, Pending};

/// The options of an inventory.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct InventoryRequest {
    /// The leaf only or the full chain.
    pub scope: CertificateScope,
    /// The previous inventory: it replaces certificates that cannot be read now.
    pub previous: PreviousInventory,
    /// Whether a certificate is fetched although the list shows no change.
    pub unchanged: Unchanged,
    /// The number of parallel fetches.
    pub concurrency: Concurrency,
    /// Whether pending certificates are included.
    pub pending: Pending,
    /// Whether policies, versions and requests are read too.
    pub details: Details,
}

setters! {
    InventoryRequest {
        with_scope(scope: CertificateScope),
        with_previous(previous: PreviousInventory),
        with_unchanged(unchanged: Unchanged),
        with_concurrency(concurrency: Concurrency),
        with_pending(pending: Pending),
        with_details(details: Details),
    }
}

/// The number of parallel requests: 1 to 256. The default is a little more than two pages, so that
/// the next page is read while the certificates of one page are fetched. The store's rate limiter
/// keeps within the service's budget in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency(u16);

impl Concurrency {
    /// At most `most`, and at least one.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self(u16::try_from(most.max(1)).map_or(self.0, |most| self.0.min(most)))
    }
}

impl Default for Concurrency {
    fn default() -> Self {
        Self(64)
    }
}

impl FromStr for Concurrency {
    type Err = InvalidValue;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidValue> {
        match text.trim().parse() {
            Ok(number @ 1..=256) => Ok(Self(number)),
            _ => Err(InvalidValue::new("concurrency", text, "a number from 1 to 256")),
        }
    }
}

/// The certificates of a bundle that an inventory reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CertificateScope {
    /// The leaf: one request per certificate.
    #[default]
    Leaf,
    /// Leaf and chain: two requests per certificate, and permission to read the backing secret.
    Chain,
}

/// What to do with a certificate that did not change since the last inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Unchanged {
    /// Fetch it anyway.
    #[default]
    Fetch,
    /// Report the previous data without a request.
    Skip,
}

/// The outcome of an inventory.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InventoryOutcome {
    /// Success only if the data of every certificate is current.
    pub status: Status,
    /// The number of listed certificates.
    pub listed: usize,
    /// The number of certificates that were not fetched because they are unchanged.
    pub unchanged: usize,
    /// Certificates without the requested chain, because their state makes the secret unreadable:
    /// disabled, or outside their validity.
    pub without_chain: Vec<CertificateName>,
    /// Certificates that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// The error that ended the inventory early.
    pub error: Option<Error>,
    /// The name of the vault, for the message.
    pub vault: String,
}

/// A certificate that an inventory could not read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Unreadable {
    /// Its name.
    pub name: CertificateName,
    /// The reason.
    pub error: Error,
    /// Whether its last known state was reported instead.
    pub last_known: bool,
}

setters! { Unreadable { with_last_known(last_known: bool) } }

impl Unreadable {
    /// A certificate that could not be read and is not reported.
    pub fn new(name: CertificateName, error: Error) -> Self {
        Self { name, error, last_known: false }
    }
}

impl InventoryOutcome {
    /// An inventory of that vault without certificates.
    pub fn new(status: Status, vault: impl Into<String>) -> Self {
        Self {
            status,
            listed: 0,
            unchanged: 0,
            without_chain: Vec::new(),
            unreadable: Vec::new(),
            error: None,
            vault: vault.into(),
        }
    }

    /// The message of the outcome.
    pub fn message(&self) -> String {
        let Self { listed, unreadable, vault, .. } = self;
        if let Some(error) = &self.error {
            return format!(
                "cannot inventory vault {vault}: the listing failed part-way, so no result was \
                 produced: {error}"
            );
        }
        let count = format!("{} in vault {vault}", counted(*listed, "certificate"));
        let mut message = match (unreadable.as_slice(), self.unchanged) {
            ([], 0) => count,
            ([], unchanged) => {
                format!("{count}, {unchanged} of them unchanged and not fetched again")
            }
            (unreadable, _) => {
                let names: Vec<String> = unreadable.iter().map(ToString::to_string).collect();
                format!("{count}, {} could not be read: {}", unreadable.len(), names.join("; "))
            }
        };
        if !self.without_chain.is_empty() {
            let names: Vec<&str> = self.without_chain.iter().map(CertificateName::as_str).collect();
            message += "; without the chain, because the chain of a disabled certificate cannot \
                        be read: ";
            message += &names.join(", ");
        }
        message
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = if self.last_known { " (last known state kept)" } else { "" };
        write!(f, "{}{kept}: {}", self.name, self.error)
    }
}

pub(super) async fn run(
    store: &dyn CertificateStore,
    request: &InventoryRequest,
    sink: &mut dyn InventorySink,
) -> InventoryOutcome {
    let mut outcome = InventoryOutcome::new(Status::Success, store.vault().as_str());
    let options = ListOptions::default().with_pending(request.pending);
    // A list that is read during changes, or from a faulty service, can contain a name twice.
    let (hasher, mut names) = (RandomState::new(), HashSet::new());
    let mut is_new = |name: &CertificateName| names.insert(hasher.hash_one(name));
    let mut readings = store
        .list(options)
        .filter(move |listed| future::ready(listed.as_ref().map_or(true, |it| is_new(&it.name))))
        .map(|listed| async { Ok::<_, Error>(read(store, request, listed?).await) })
        .buffered(request.concurrency.0.into());
    while let Some(reading) = readings.next().await {
        let delivered = match reading {
            Ok(reading) => deliver(reading, request, sink, &mut outcome).await,
            Err(error) => Err(error),
        };
        if let Err(error) = delivered {
            outcome.error = Some(error);
            break;
        }
    }
    outcome.status = judge(&outcome);
    outcome
}

enum Reading {
    Item(InventoryItem),
    WithoutChain(InventoryItem),
    /// It is pending, and pending certificates are excluded.
    Nothing,
    Failed(ListedCertificate, Error),
}

async fn read(
    store: &dyn CertificateStore,
    request: &InventoryRequest,
    mut listed: ListedCertificate,
) -> Reading {
    listed.tags = Mark::read(&listed.tags).tags;
    if request.unchanged == Unchanged::Skip
        && let Some(known) = request.previous.get(&listed.name)
        && known.still_holds(&listed)
    {
        return Reading::Item(InventoryItem::known(&listed, known, ItemSource::Unchanged));
    }
    match fetch(store, request, &listed).await {
        Ok(reading) => reading,
        Err(error) => Reading::Failed(listed, error),
    }
}

async fn fetch(
    store: &dyn CertificateStore,
    request: &InventoryRequest,
    listed: &ListedCertificate,
) -> Result<Reading> {
    let operation = || format!("get certificate {} in vault {}", listed.name, store.vault());
    // One certificate may be removed after the listing. Many are not, so this is reported.
    let gone = || {
        Error::new(
            ErrorKind::Absent,
            operation(),
            "it was deleted between listing and \
             reading",
        )
    };
    let mut certificate = store.certificate(&listed.name).await?.ok_or_else(gone)?;
    certificate.tags = Mark::read(&certificate.tags).tags;
    if certificate.der.is_none() {
        return match (store.operation(&listed.name).await?, request.pending) {
            (Some(OperationState::InProgress), Pending::Exclude) => Ok(Reading::Nothing),
            (Some(OperationState::InProgress), Pending::Include) => {
                let item = InventoryItem::read(listed.clone(), certificate);
                Ok(Reading::Item(InventoryItem { source: ItemSource::Pending, ..item }))
            }
            (state, _) => {
                let problem = match state {
                    Some(OperationState::Cancelled) => "its creation was cancelled",
                    Some(OperationState::Failed) => "its creation has failed",
                    _ => "its creation is pending or has failed",
                };
                let problem = format!("it contains no certificate: {problem}");
                Err(Error::new(ErrorKind::Invalid, operation(), problem))
            }
        };
    }
    let mut item = InventoryItem::read(listed.clone(), certificate);
    if request.details == Details::Include {
        item.details = Some(Box::new(ItemDetails::read(store, &item).await));
    }
    match request.scope {
        CertificateScope::Leaf => Ok(Reading::Item(item)),
        CertificateScope::Chain => with_chain(store, item).await,
    }
}

async fn with_chain(store: &dyn CertificateStore, item: InventoryItem) -> Result<Reading> {
    Ok(match chain_of(store, &item).await? {
        Some(certificates) => Reading::Item(InventoryItem { certificates, ..item }),
        None => Reading::WithoutChain(item),
    })
}

/// The chain, leaf first. The service always denies access to the secret of a disabled certificate,
/// which is not a failure.
pub(super) async fn chain_of(
    store: &dyn CertificateStore,
    item: &InventoryItem,
) -> Result<Option<Vec<CertificateDer>>> {
    let Some(version) = item.version.as_ref().filter(|_| item.attributes.enabled) else {
        return Ok(None);
    };
    match store.chain(&item.name, version).await {
        Ok(certificates) => Ok(Some(certificates)),
        Err(error) if error.kind() == ErrorKind::Denied(Denial::ObjectState) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn deliver(
    reading: Reading,
    request: &InventoryRequest,
    sink: &mut dyn InventorySink,
    outcome: &mut InventoryOutcome,
) -> Result<()> {
    match reading {
        Reading::Nothing => Ok(()),
        Reading::WithoutChain(item) => {
            outcome.listed += 1;
            outcome.without_chain.push(item.name.clone());
            sink.item(item).await
        }
        Reading::Item(item) => {
            outcome.listed += 1;
            outcome.unchanged += usize::from(item.source == ItemSource::Unchanged);
            sink.item(item).await
        }
        Reading::Failed(_, error) if error.kind() == ErrorKind::Cancelled => Err(error),
        Reading::Failed(listed, error) => {
            outcome.listed += 1;
            let known = request.previous.get(&listed.name);
            if let Some(known) = known {
                sink.item(InventoryItem::known(&listed, known, ItemSource::LastKnown)).await?;
            }
            outcome.unreadable.push(Unreadable {
                name: listed.name,
                error,
                last_known: known.is_some(),
            });
            Ok(())
        }
    }
}

/// A failure if the list broke off, if nothing could be read, or if permissions or throttling kept
/// most certificates from being read: the missing ones then prove nothing about the vault. The
/// state of a pending certificate was read, so it does not count as unreadable here.
fn judge(outcome: &InventoryOutcome) -> Status {
    let unread = |which: fn(ErrorKind) -> bool| {
        outcome.unreadable.iter().filter(|one| which(one.error.kind())).count()
    };
    let unread_count = unread(|kind| kind != ErrorKind::Invalid);
    let kept_out = unread(ErrorKind::is_permission_or_throttling);
    let nothing_read = unread_count > 0 && unread_count == outcome.listed;
    let most_kept_out = unread_count * 2 > outcome.listed && kept_out * 2 > unread_count;
    if outcome.error.is_some() || nothing_read || most_kept_out {
        Status::Failure
    } else if outcome.unreadable.is_empty() {
        Status::Success
    } else {
        Status::Warning
    }
}
