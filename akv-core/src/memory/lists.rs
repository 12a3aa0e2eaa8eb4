//! The optional lists of the vault in memory.

use crate::{
    CertificateName, CertificateVersions, ListedCertificate, ListedDeletedCertificate,
    ListedVersion, Result, SoftDeletedCertificates,
};
use futures::stream::{self, BoxStream, StreamExt as _};

use super::state::RETENTION;
use super::store::MemoryStore;
use super::store_call::StoreCall;

impl SoftDeletedCertificates for MemoryStore {
    fn list(&self) -> BoxStream<'_, Result<ListedDeletedCertificate>> {
        let mut state = self.state();
        if let Err(error) = state.script.enter(StoreCall::ListDeleted, "") {
            return stream::iter([Err(error)]).boxed();
        }
        let deleted = state.deleted.values().filter_map(|gone| {
            let newest = gone.entry.newest()?;
            let listed = ListedDeletedCertificate::new(ListedCertificate {
                name: newest.name.clone(),
                thumbprint: newest.thumbprint,
                attributes: newest.attributes.clone(),
                tags: newest.tags.clone(),
            });
            Some(Ok(listed.with_deleted(gone.at).with_scheduled_purge(gone.at + RETENTION)))
        });
        stream::iter(deleted.collect::<Vec<_>>()).boxed()
    }
}

impl CertificateVersions for MemoryStore {
    fn list_versions(&self, name: &CertificateName) -> BoxStream<'_, Result<ListedVersion>> {
        let mut state = self.state();
        if let Err(error) = state.script.enter(StoreCall::ListVersions, name.as_str()) {
            return stream::iter([Err(error)]).boxed();
        }
        let versions = state.live.get(name).map(|entry| entry.versions.as_slice());
        let listed = versions.unwrap_or_default().iter().map(|(version, _)| {
            Ok(ListedVersion::new(
                version.version.clone(),
                version.thumbprint,
                version.attributes.clone(),
                version.tags.clone(),
            ))
        });
        stream::iter(listed.collect::<Vec<_>>()).boxed()
    }
}
