//! Computes the changes between two inventories.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use time::OffsetDateTime;

use super::record::Record;
use super::store::Store;
use super::vault::FailedStore;
use crate::certificate::{CertificateName, Thumbprint, Version};

/// An earlier inventory: of a previous run, or Command's.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Earlier {
    /// Its records.
    pub records: Vec<EarlierRecord>,
    /// The only store of the inventory; `None` if each record names its own.
    pub only: Option<Store>,
    /// The stores that could not be read at that time: their certificates may not be new.
    pub failed: Vec<Store>,
}

impl Earlier {
    /// An inventory whose records name their stores.
    pub fn new(records: Vec<EarlierRecord>) -> Self {
        Self { records, only: None, failed: Vec::new() }
    }
}

setters! { Earlier { with_only(only: impl Into<Option<Store>>), with_failed(failed: Vec<Store>) } }

/// A record of an earlier inventory.
#[derive(Debug)]
#[non_exhaustive]
pub enum EarlierRecord {
    /// All data of a report.
    Full(Box<Record>),
    /// Command's data: the name and the thumbprint.
    Summary {
        /// The alias.
        name: CertificateName,
        /// The thumbprint; `None` if Command has none.
        thumbprint: Option<Thumbprint>,
    },
}

/// A changed certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The kind of change.
    pub kind: ChangeKind,
    /// Its store.
    pub store: Option<Store>,
    /// Its name.
    pub name: CertificateName,
    /// The previous state.
    pub before: Option<Snapshot>,
    /// The current state.
    pub after: Option<Snapshot>,
    /// The changed fields of the same or a new version, with the names of the inventory.
    pub fields: Vec<&'static str>,
}

/// One side of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The thumbprint.
    pub thumbprint: Option<Thumbprint>,
    /// The version.
    pub version: Option<Version>,
    /// Not valid after (UTC).
    pub expires: Option<OffsetDateTime>,
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It did not exist before.
    New,
    /// Another certificate replaced it under the same name.
    Renewed,
    /// It no longer exists.
    Removed,
    /// It is the same certificate with other attributes, tags or another version.
    Changed,
}

impl ChangeKind {
    /// The text for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Renewed => "renewed",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// One inventory does not name its store, and the other has several: they cannot be matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreMismatch {
    /// The number of stores in the inventory with store names.
    pub stores: usize,
}

impl fmt::Display for StoreMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one inventory does not name its store and the other one has {}", self.stores)
    }
}

impl std::error::Error for StoreMismatch {}

/// The changes from `earlier` to `now`, by store and name.
pub(super) fn between(
    earlier: &Earlier,
    now: &[Record],
    failed: &[FailedStore],
) -> Result<Vec<Change>, StoreMismatch> {
    let scope = Scope::of(earlier, now)?;
    let mut before: HashMap<(Option<&Store>, &CertificateName), &EarlierRecord> = HashMap::new();
    for record in &earlier.records {
        before.insert((scope.store(record.store()), record.name()), record);
    }
    let mut changes = Vec::new();
    for record in now {
        let store = scope.store(record.store.as_ref());
        if scope.only.is_some() && store != scope.only {
            continue;
        }
        let change = match before.remove(&(store, &record.name)) {
            None if store.is_some_and(|store| earlier.failed.contains(store)) => None,
            None => Some((ChangeKind::New, None, Vec::new())),
            // A certificate that could not be read now cannot have changed visibly.
            Some(_) if record.last_known => None,
            Some(old) => difference(old, record).map(|(kind, fields)| (kind, Some(old), fields)),
        };
        if let Some((kind, old, fields)) = change {
            changes.push(Change {
                kind,
                store: store.cloned(),
                name: record.name.clone(),
                before: old.map(EarlierRecord::snapshot),
                after: Some(Snapshot::of(record)),
                fields,
            });
        }
    }
    let is_failed = |store: Option<&Store>| failed.iter().any(|one| Some(&one.store) == store);
    for ((store, name), old) in before {
        if !is_failed(store) {
            changes.push(Change {
                kind: ChangeKind::Removed,
                store: store.cloned(),
                name: name.clone(),
                before: Some(old.snapshot()),
                after: None,
                fields: Vec::new(),
            });
        }
    }
    changes.sort_by(|a, b| (&a.store, &a.name, a.kind).cmp(&(&b.store, &b.name, b.kind)));
    Ok(changes)
}

/// The store of records without one, and whether only one store is compared.
struct Scope<'a> {
    unnamed: Option<&'a Store>,
    only: Option<&'a Store>,
}

impl<'a> Scope<'a> {
    fn of(earlier: &'a Earlier, now: &'a [Record]) -> Result<Self, StoreMismatch> {
        let before: BTreeSet<Option<&Store>> =
            earlier.records.iter().map(EarlierRecord::store).collect();
        let after: BTreeSet<Option<&Store>> =
            now.iter().map(|record| record.store.as_ref()).collect();
        let only = earlier.only.as_ref();
        let named: BTreeSet<&Store> =
            after.iter().chain(&before).copied().flatten().chain(only).collect();
        let unnamed = match (only, before.contains(&None), after.contains(&None)) {
            (Some(store), _, false) => return Ok(Self { unnamed: Some(store), only }),
            (_, false, false) => return Ok(Self { unnamed: None, only }),
            (None, true, true) if named.is_empty() => None,
            _ if named.len() <= 1 => named.into_iter().next(),
            _ => return Err(StoreMismatch { stores: named.len() }),
        };
        Ok(Self { unnamed, only })
    }

    fn store(&self, store: Option<&'a Store>) -> Option<&'a Store> {
        store.or(self.unnamed)
    }
}

impl EarlierRecord {
    fn store(&self) -> Option<&Store> {
        match self {
            Self::Full(record) => record.store.as_ref(),
            Self::Summary { .. } => None,
        }
    }

    fn name(&self) -> &CertificateName {
        match self {
            Self::Full(record) => &record.name,
            Self::Summary { name, .. } => name,
        }
    }

    fn snapshot(&self) -> Snapshot {
        match self {
            Self::Full(record) => Snapshot::of(record),
            Self::Summary { thumbprint, .. } => {
                Snapshot { thumbprint: *thumbprint, version: None, expires: None }
            }
        }
    }
}

impl Snapshot {
    fn of(record: &Record) -> Self {
        Self {
            thumbprint: record.thumbprint,
            version: record.version.clone(),
            expires: record.attributes.expires,
        }
    }
}

fn difference(old: &EarlierRecord, new: &Record) -> Option<(ChangeKind, Vec<&'static str>)> {
    let is_other = |old: Option<Thumbprint>| old.is_some() && old != new.thumbprint;
    match old {
        EarlierRecord::Summary { thumbprint, .. } => {
            is_other(*thumbprint).then(|| (ChangeKind::Renewed, vec!["thumbprint"]))
        }
        EarlierRecord::Full(old) => {
            let fields = fields(old, new);
            let kind =
                if is_other(old.thumbprint) { ChangeKind::Renewed } else { ChangeKind::Changed };
            (!fields.is_empty()).then_some((kind, fields))
        }
    }
}

/// The fields that both records have and that differ. The subject and other fields of the
/// certificate cannot differ without its thumbprint.
fn fields(old: &Record, new: &Record) -> Vec<&'static str> {
    let known = |old: bool, new: bool| old && new;
    let differs = [
        ("thumbprint", old.thumbprint != new.thumbprint),
        (
            "version",
            known(old.version.is_some(), new.version.is_some()) && old.version != new.version,
        ),
        ("enabled", old.attributes.enabled != new.attributes.enabled),
        ("notBefore", old.attributes.not_before != new.attributes.not_before),
        ("expires", old.attributes.expires != new.attributes.expires),
        ("privateKey", old.has_key != new.has_key),
        (
            "exportable",
            known(old.exportable.is_some(), new.exportable.is_some())
                && old.exportable != new.exportable,
        ),
        ("tags", old.tags != new.tags),
        (
            "subject",
            known(old.subject.is_some(), new.subject.is_some()) && old.subject != new.subject,
        ),
        ("issuer", known(old.issuer.is_some(), new.issuer.is_some()) && old.issuer != new.issuer),
    ];
    differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}
