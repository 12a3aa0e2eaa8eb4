//! The contents of a vault in memory.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use crate::certificate_der::CertificateDer;
use crate::memory::script::Script;
use crate::memory::store_call::StoreCall;
use crate::{Certificate, CertificateName, Error, OperationState, Result, Version};

/// The service's default retention period.
pub(super) const RETENTION: Duration = Duration::days(90);

#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) live: BTreeMap<CertificateName, Entry>,
    pub(super) deleted: BTreeMap<CertificateName, Gone>,
    pub(super) operations: BTreeMap<CertificateName, OperationState>,
    pub(super) shown_once: Option<Certificate>,
    pub(super) yields: bool,
    pub(super) now: Option<OffsetDateTime>,
    pub(super) versions_made: u64,
    /// The list ends with this error after this many items.
    pub(super) list_breaks: Option<(usize, Error)>,
    pub(super) script: Script<StoreCall>,
}

/// A certificate with all its versions, oldest first, each with its chain.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) versions: Vec<(Certificate, Vec<CertificateDer>)>,
}

#[derive(Debug, Clone)]
pub(super) struct Gone {
    pub(super) entry: Entry,
    pub(super) at: OffsetDateTime,
}

impl Entry {
    pub(super) fn newest(&self) -> Option<&Certificate> {
        self.versions.last().map(|(certificate, _)| certificate)
    }
}

impl State {
    pub(super) fn now(&self) -> OffsetDateTime {
        self.now.unwrap_or_else(OffsetDateTime::now_utc)
    }

    pub(super) fn is_in_progress(&self, name: &CertificateName) -> bool {
        self.operations.get(name) == Some(&OperationState::InProgress)
    }

    pub(super) fn fresh_version(&mut self) -> Result<Version> {
        self.versions_made += 1;
        Ok(format!("{:032x}", self.versions_made).parse()?)
    }
}
