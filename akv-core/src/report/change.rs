//! What changed between two inventories.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use time::OffsetDateTime;

use super::record::Record;
use super::store::Store;
use super::vault::FailedStore;
use crate::certificate::{CertificateName, Thumbprint, Version};

/// An earlier inventory: of a previous run, or what Command knows.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Earlier {
    /// What it held.
    pub records: Vec<EarlierRecord>,
    /// It is of this store alone; `None` where each record names its own.
    pub only: Option<Store>,
    /// The stores that could not be read then: nothing says that their certificates are new.
    pub failed: Vec<Store>,
}

impl Earlier {
    /// An inventory whose records name their stores themselves.
    pub fn new(records: Vec<EarlierRecord>) -> Self {
        Self { records, only: None, failed: Vec::new() }
    }
}

setters! { Earlier { with_only(only: impl Into<Option<Store>>), with_failed(failed: Vec<Store>) } }

/// A record of an earlier inventory.
#[derive(Debug)]
#[non_exhaustive]
pub enum EarlierRecord {
    /// All that a report knows.
    Full(Box<Record>),
    /// What Command keeps: the name and the thumbprint.
    Known {
        /// The alias.
        name: CertificateName,
        /// The thumbprint; `None` where Command has none.
        thumbprint: Option<Thumbprint>,
    },
}

/// A certificate that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Its store.
    pub store: Option<Store>,
    /// Its name.
    pub name: CertificateName,
    /// As it was.
    pub before: Option<Snapshot>,
    /// As it is.
    pub after: Option<Snapshot>,
    /// What differs of the same or a new version, by the names that inventories use.
    pub fields: Vec<&'static str>,
}

/// What a change shows of each side.
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

/// What happened to a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It was not there before.
    New,
    /// Another certificate has taken its place under the same name.
    Renewed,
    /// It is not there any more.
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

/// One inventory does not name its store, and the other one has several: nothing says which of them
/// is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreMismatch {
    /// How many stores the inventory with names has.
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
            // What could not be read now cannot have been seen to change.
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

/// Which store a record without one belongs to, and whether one store alone is compared.
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
            Self::Known { .. } => None,
        }
    }

    fn name(&self) -> &CertificateName {
        match self {
            Self::Full(record) => &record.name,
            Self::Known { name, .. } => name,
        }
    }

    fn snapshot(&self) -> Snapshot {
        match self {
            Self::Full(record) => Snapshot::of(record),
            Self::Known { thumbprint, .. } => {
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
        EarlierRecord::Known { thumbprint, .. } => {
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

/// What both know and what differs. The subject and what else comes with a certificate cannot differ
/// without its thumbprint.
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
