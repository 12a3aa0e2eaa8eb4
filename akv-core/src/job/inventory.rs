//! Inventory: list and fetch side by side, and never call a partial result a success.

use std::str::FromStr;

use futures::StreamExt;

use super::item::{InventoryItem, InventorySink, ItemSource, LastInventory};
use super::outcome::{Status, counted};
use crate::certificate::{CertificateName, ListedCertificate};
use crate::error::{Error, ErrorKind, InvalidValue, Result};
use crate::store::CertificateStore;

/// What an inventory is to tell.
#[derive(Debug, Clone, Default)]
pub struct InventoryRequest {
    /// The leaf alone or the whole chain.
    pub coverage: Coverage,
    /// What an earlier inventory knew: it stands in for what cannot be read now.
    pub last: LastInventory,
    /// Whether a certificate that the list shows unchanged is fetched again.
    pub unchanged: Unchanged,
    /// How many certificates are fetched side by side.
    pub concurrency: Concurrency,
}

/// How many requests run side by side: 1 to 256. The default is a little more than two pages: while
/// one page's certificates are fetched the next page is on its way. Whatever it is, the pacer of
/// the store keeps to the service's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency(u16);

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
pub enum Coverage {
    /// The leaf: one request a certificate.
    #[default]
    Leaf,
    /// Leaf and chain: two requests a certificate, and permission to read the backing secret.
    Chain,
}

/// What is done with a certificate that did not change since the last inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unchanged {
    /// Fetch it all the same.
    #[default]
    Fetch,
    /// Tell what was known, without a request.
    Skip,
}

/// How an inventory ended.
#[derive(Debug, Clone)]
pub struct InventoryOutcome {
    /// Success only where every certificate is told as it is now.
    pub status: Status,
    /// How many certificates the list named.
    pub listed: usize,
    /// How many of them were not fetched because they are unchanged.
    pub unchanged: usize,
    /// Those that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// What ended the inventory before its time.
    pub error: Option<Error>,
    /// The vault's name, for the message.
    pub vault: String,
}

/// A certificate that an inventory could not read.
#[derive(Debug, Clone)]
pub struct Unreadable {
    /// Its name.
    pub name: CertificateName,
    /// Why.
    pub error: Error,
    /// Whether its last known state was told in its place.
    pub last_known: bool,
}

impl InventoryOutcome {
    /// The outcome in words.
    pub fn message(&self) -> String {
        let Self { listed, unreadable, vault, .. } = self;
        if let Some(error) = &self.error {
            return format!(
                "inventory of vault {vault} is not complete, nothing of it holds: {error}"
            );
        }
        let count = format!("{} in vault {vault}", counted(*listed, "certificate"));
        if unreadable.is_empty() {
            return match self.unchanged {
                0 => count,
                unchanged => {
                    format!("{count}, {unchanged} of them unchanged and not fetched again")
                }
            };
        }
        let names: Vec<String> = unreadable
            .iter()
            .map(|one| {
                let kept = if one.last_known { " (last known state kept)" } else { "" };
                format!("{}{kept}: {}", one.name, one.error)
            })
            .collect();
        format!("{count}, {} could not be read: {}", unreadable.len(), names.join("; "))
    }
}

pub(super) async fn run(
    store: &dyn CertificateStore,
    request: &InventoryRequest,
    sink: &mut dyn InventorySink,
) -> InventoryOutcome {
    let mut outcome = InventoryOutcome {
        status: Status::Success,
        listed: 0,
        unchanged: 0,
        unreadable: Vec::new(),
        error: None,
        vault: store.vault().to_string(),
    };
    let mut readings = store
        .list()
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
    Failed(ListedCertificate, Error),
}

async fn read(
    store: &dyn CertificateStore,
    request: &InventoryRequest,
    listed: ListedCertificate,
) -> Reading {
    if request.unchanged == Unchanged::Skip
        && let Some(known) = request.last.get(&listed.name)
        && known.still_holds(&listed)
    {
        return Reading::Item(InventoryItem::known(&listed, known, ItemSource::Unchanged));
    }
    match fetch(store, request.coverage, &listed).await {
        Ok(item) => Reading::Item(item),
        Err(error) => Reading::Failed(listed, error),
    }
}

async fn fetch(
    store: &dyn CertificateStore,
    coverage: Coverage,
    listed: &ListedCertificate,
) -> Result<InventoryItem> {
    let tried = || format!("get certificate {} in vault {}", listed.name, store.vault());
    // One may be removed between the list and now. Many are not, so it is told.
    let gone = || Error::new(ErrorKind::Absent, tried(), "it was listed and is not there now");
    let certificate = store.certificate(&listed.name).await?.ok_or_else(gone)?;
    if certificate.der.is_none() {
        let problem = "it holds no certificate: its creation is pending or has failed";
        return Err(Error::new(ErrorKind::Invalid, tried(), problem));
    }
    let mut item = InventoryItem::read(listed.clone(), certificate);
    if let (Coverage::Chain, Some(version)) = (coverage, &item.version) {
        item.certificates = store.chain(&listed.name, version).await?;
    }
    Ok(item)
}

async fn deliver(
    reading: Reading,
    request: &InventoryRequest,
    sink: &mut dyn InventorySink,
    outcome: &mut InventoryOutcome,
) -> Result<()> {
    match reading {
        Reading::Item(item) => {
            outcome.listed += 1;
            outcome.unchanged += usize::from(item.source == ItemSource::Unchanged);
            sink.item(item).await
        }
        Reading::Failed(_, error) if error.kind() == ErrorKind::Cancelled => Err(error),
        Reading::Failed(listed, error) => {
            outcome.listed += 1;
            let known = request.last.get(&listed.name);
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
