//! The shared setup of the job tests: an in-memory vault and its jobs.

use std::sync::Arc;

use akv_core::audit::Audit;
use akv_core::job::{AddRequest, CertificateFile, ManagementJob, Outcome, StoreJobs};
use akv_core::memory::{MemoryDirectory, MemoryStore, StoreCall};
use akv_core::{
    Attributes, Certificate, CertificateName, Denial, Error, ErrorKind, FixedClock, Layer,
    Password, Tags, Thumbprint,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::agreement::{self, Recorded};
use crate::pki::{Leaf, Pki};

/// The vault, its jobs, and a CA.
pub(crate) struct Scene {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) recorded: Arc<Recorded>,
    pub(crate) audit: Audit,
    pub(crate) jobs: StoreJobs,
    pub(crate) pki: Pki,
    pub(crate) now: OffsetDateTime,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let now = OffsetDateTime::from_unix_timestamp(1_795_392_000).expect("a time");
        let store = Arc::new(MemoryStore::new("contoso").expect("a vault name"));
        let directory = Arc::new(MemoryDirectory::new());
        let clock = Arc::new(FixedClock::at(now));
        let recorded = Arc::new(Recorded::default());
        let audit = Audit::new(Arc::clone(&recorded) as _, Arc::clone(&clock) as _, "test");
        let audited = audit.store(Arc::clone(&store) as _, Arc::new(None));
        let jobs = StoreJobs::new(audited, directory, None, clock);
        Self { store, recorded, audit, jobs, pki: Pki::new(now), now }
    }

    pub(crate) fn leaf(&self) -> Leaf {
        self.pki.leaf("www.contoso.com")
    }

    pub(crate) fn add(&self, request: &AddRequest) -> Outcome {
        agreement::run(self, &async |jobs: &StoreJobs| jobs.add(request).await)
    }

    /// Adds a leaf as `web` with default options, which must succeed.
    pub(crate) fn given(&self, leaf: &Leaf, tags: &[(&str, &str)]) {
        let outcome = self.add(&adding(leaf).with_tags(self::tags(tags)));
        assert_eq!(outcome.status(), akv_core::job::Status::Success, "{}", outcome.message());
    }

    /// Thumbprint and tags of each version of `web`, oldest first.
    pub(crate) fn versions(&self) -> Vec<(Thumbprint, Tags)> {
        let versions = self.store.versions(&web());
        versions
            .iter()
            .map(|one| (one.thumbprint.expect("a thumbprint"), one.tags.clone()))
            .collect()
    }

    pub(crate) fn count(&self, call: StoreCall) -> usize {
        self.store.calls().iter().filter(|(made, _)| *made == call).count()
    }
}

pub(crate) fn web() -> CertificateName {
    name("web")
}

pub(crate) fn name(text: &str) -> CertificateName {
    text.parse().expect("a name")
}

pub(crate) fn tags(tags: &[(&str, &str)]) -> Tags {
    Tags::new(tags.iter().copied()).expect("tags within the limits")
}

/// An addition of a leaf with its chain as `web`.
pub(crate) fn adding(leaf: &Leaf) -> AddRequest {
    let contents = CertificateFile::Pem(Zeroizing::new(leaf.pem()));
    AddRequest::new(contents, Password::default()).with_name(web())
}

pub(crate) fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "look at the vault", "scripted failure")
}

/// Every error of a failed read; none of them means absence.
pub(crate) const NOT_ABSENT: [ErrorKind; 8] = [
    ErrorKind::Denied(Denial::Rbac),
    ErrorKind::Denied(Denial::AccessPolicy),
    ErrorKind::Denied(Denial::Firewall),
    ErrorKind::Unauthenticated,
    ErrorKind::Throttled,
    ErrorKind::Unavailable,
    ErrorKind::TimedOut,
    ErrorKind::Protocol,
];

/// A name without a certificate yet.
pub(crate) fn pending(name: &str) -> Certificate {
    Certificate::new(
        self::name(name),
        "0123456789abcdef0123456789abcdef".parse().expect("a version"),
    )
    .with_attributes(Attributes::default().with_enabled(false))
    .with_tags(Tags::default())
}
