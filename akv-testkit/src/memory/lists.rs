//! The optional lists of the vault in memory.

use akv_core::{
    CertificateName, ListDeleted, ListVersions, ListedCertificate, ListedDeleted, ListedVersion,
    Result,
};
use futures::stream::{self, BoxStream, StreamExt as _};

use super::store::{MemoryStore, RETENTION, StoreCall};

impl ListDeleted for MemoryStore {
    fn list_deleted(&self) -> BoxStream<'_, Result<ListedDeleted>> {
        let mut state = self.state();
        if let Err(error) = state.script.enter(StoreCall::ListDeleted, "") {
            return stream::iter([Err(error)]).boxed();
        }
        let deleted = state.deleted.values().filter_map(|gone| {
            let newest = gone.entry.newest()?;
            Some(Ok(ListedDeleted {
                listed: ListedCertificate {
                    name: newest.name.clone(),
                    thumbprint: newest.thumbprint,
                    attributes: newest.attributes.clone(),
                    tags: newest.tags.clone(),
                },
                deleted: Some(gone.at),
                scheduled_purge: Some(gone.at + RETENTION),
            }))
        });
        stream::iter(deleted.collect::<Vec<_>>()).boxed()
    }
}

impl ListVersions for MemoryStore {
    fn list_versions(&self, name: &CertificateName) -> BoxStream<'_, Result<ListedVersion>> {
        let mut state = self.state();
        if let Err(error) = state.script.enter(StoreCall::ListVersions, name.as_str()) {
            return stream::iter([Err(error)]).boxed();
        }
        let versions = state.live.get(name).map(|entry| entry.versions.as_slice());
        let listed = versions.unwrap_or_default().iter().map(|(version, _)| {
            Ok(ListedVersion {
                version: version.version.clone(),
                thumbprint: version.thumbprint,
                attributes: version.attributes.clone(),
                tags: version.tags.clone(),
            })
        });
        stream::iter(listed.collect::<Vec<_>>()).boxed()
    }
}
