//! Inventory: list and fetch side by side, and never call a partial result a success.

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
use crate::error::{Denial, Error, ErrorKind, InvalidValue, Result};
use crate::store::{CertificateStore, ListOptions, OperationState, Pending};

/// What an inventory is to tell.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct InventoryRequest {
    /// The leaf alone or the whole chain.
    pub scope: CertificateScope,
    /// What an earlier inventory knew: it stands in for what cannot be read now.
    pub previous: PreviousInventory,
    /// Whether a certificate that the list shows unchanged is fetched again.
    pub unchanged: Unchanged,
    /// How many certificates are fetched side by side.
    pub concurrency: Concurrency,
    /// Whether certificates are told whose creation is in progress.
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

/// How many requests run side by side: 1 to 256. The default is a little more than two pages: while
/// one page's certificates are fetched the next page is on its way. Whatever it is, the pacer of
/// the store keeps to the service's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency(u16);

impl Concurrency {
    /// No more than that many, and at least one.
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

/// Which certificates of a bundle an inventory tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CertificateScope {
    /// The leaf: one request a certificate.
    #[default]
    Leaf,
    /// Leaf and chain: two requests a certificate, and permission to read the backing secret.
    Chain,
}

/// What is done with a certificate that did not change since the last inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Unchanged {
    /// Fetch it all the same.
    #[default]
    Fetch,
    /// Tell what was known, without a request.
    Skip,
}

/// How an inventory ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InventoryOutcome {
    /// Success only where every certificate is told as it is now.
    pub status: Status,
    /// How many certificates the list named.
    pub listed: usize,
    /// How many of them were not fetched because they are unchanged.
    pub unchanged: usize,
    /// Those that are told without the chain that was asked for, because their secret cannot be
    /// read in the state they are in: disabled, or outside their validity.
    pub without_chain: Vec<CertificateName>,
    /// Those that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// What ended the inventory before its time.
    pub error: Option<Error>,
    /// The vault's name, for the message.
    pub vault: String,
}

/// A certificate that an inventory could not read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Unreadable {
    /// Its name.
    pub name: CertificateName,
    /// Why.
    pub error: Error,
    /// Whether its last known state was told in its place.
    pub last_known: bool,
}

setters! { Unreadable { with_last_known(last_known: bool) } }

impl Unreadable {
    /// A certificate that could not be read and is not told at all.
    pub fn new(name: CertificateName, error: Error) -> Self {
        Self { name, error, last_known: false }
    }
}

impl InventoryOutcome {
    /// An inventory of that vault which named no certificate.
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

    /// The outcome in words.
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
    // A page that was read while others changed the vault, or lied, can have a name again.
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
    /// It is pending, and pending ones do not count.
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
    let tried = || format!("get certificate {} in vault {}", listed.name, store.vault());
    // One may be removed between the list and now. Many are not, so it is told.
    let gone = || {
        Error::new(
            ErrorKind::Absent,
            tried(),
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
                Err(Error::new(ErrorKind::Invalid, tried(), problem))
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

/// The chain, leaf first. The secret behind a disabled certificate is refused at every run, and that
/// is no fault.
pub(super) async fn chain_of(
    store: &dyn CertificateStore,
    item: &InventoryItem,
) -> Result<Option<Vec<Vec<u8>>>> {
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

/// A failure where the list broke off, where nothing could be read, or where permission or
/// throttling kept most from being read: what is missing then says nothing about the vault. That a
/// certificate is pending was read, so it does not count as unreadable here.
fn judge(outcome: &InventoryOutcome) -> Status {
    let unread = |which: fn(ErrorKind) -> bool| {
        outcome.unreadable.iter().filter(|one| which(one.error.kind())).count()
    };
    let lost = unread(|kind| kind != ErrorKind::Invalid);
    let kept_out = unread(ErrorKind::is_permission_or_throttling);
    let nothing_read = lost > 0 && lost == outcome.listed;
    let most_kept_out = lost * 2 > outcome.listed && kept_out * 2 > lost;
    if outcome.error.is_some() || nothing_read || most_kept_out {
        Status::Failure
    } else if outcome.unreadable.is_empty() {
        Status::Success
    } else {
        Status::Warning
    }
}
