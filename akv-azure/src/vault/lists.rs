//! The lists of a vault: certificates, soft-deleted certificates, versions of one.

use std::collections::HashSet;

use akv_core::{
    CertificateName, CertificateVersions, Error, ErrorKind, ListedCertificate,
    ListedDeletedCertificate, ListedVersion, Result, SoftDeletedCertificates,
};
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::key_vault::KeyVault;
use crate::api::{ApiOperation, version};
use crate::page::{Bounds, Pages, fingerprint};
use crate::wire::certificate::CertificateBundle;
use crate::wire::page::Item;

impl SoftDeletedCertificates for KeyVault {
    fn list(&self) -> BoxStream<'_, Result<ListedDeletedCertificate>> {
        let operation = format!("list the deleted certificates of vault {}", self.name());
        let api = (ApiOperation::ListDeletedCertificates, Bounds::VAULT);
        stream_of(
            self,
            api,
            operation,
            &["deletedcertificates"],
            &[],
            CertificateBundle::listed_deleted,
        )
    }
}

impl CertificateVersions for KeyVault {
    fn list_versions(&self, name: &CertificateName) -> BoxStream<'_, Result<ListedVersion>> {
        let operation = self.operation_on("list the versions of", name);
        let path = ["certificates", name.as_str(), "versions"];
        let asked = name.clone();
        let read = move |bundle: CertificateBundle| bundle.listed_version(&asked);
        let versions = stream_of(
            self,
            (ApiOperation::ListVersions, Bounds::VERSIONS),
            operation,
            &path,
            &[],
            read,
        );
        // The service may report that the certificate does not exist instead of an empty list.
        let absent = |place: usize, item: &Result<ListedVersion>| {
            place == 0 && item.as_ref().is_err_and(|error| error.kind() == ErrorKind::Absent)
        };
        let known = versions.enumerate().filter_map(move |(place, item)| {
            futures::future::ready((!absent(place, &item)).then_some(item))
        });
        known.boxed()
    }
}

/// A listed object with its identity: a name or a version.
pub(super) trait Listed {
    fn known_by(&self) -> u64;
}

impl Listed for ListedCertificate {
    fn known_by(&self) -> u64 {
        fingerprint(&self.name)
    }
}

impl Listed for ListedDeletedCertificate {
    fn known_by(&self) -> u64 {
        fingerprint(&self.certificate.name)
    }
}

impl Listed for ListedVersion {
    fn known_by(&self) -> u64 {
        fingerprint(&self.version)
    }
}

/// The items of a list, page by page. `read` returns `None` if an item's ID names no such object.
pub(super) fn stream_of<'a, T: Listed + Send + 'a>(
    vault: &KeyVault,
    (api, bounds): (ApiOperation, Bounds),
    operation: String,
    path: &[&str],
    more: &[(&str, &str)],
    read: impl Fn(CertificateBundle) -> Option<T> + Clone + Send + Sync + 'a,
) -> BoxStream<'a, Result<T>> {
    let query = [&[("api-version", version::KEY_VAULT), ("maxresults", PAGE_SIZE)], more].concat();
    let pages =
        vault.pages(api, operation.clone(), bounds, vault.pipeline().origin.url(path, &query));
    let step = move |reading: Option<(Pages, HashSet<u64>)>| {
        let (operation, read) = (operation.clone(), read.clone());
        async move {
            let (mut pages, mut seen) = reading?;
            match pages.next::<CertificateBundle>().await {
                Ok(None) => None,
                Ok(Some(page)) => {
                    let items = listed(page, &mut seen, &operation, &read, |id| pages.shown(id));
                    let broken = items.last().is_some_and(Result::is_err);
                    Some((items, (!broken).then_some((pages, seen))))
                }
                Err(error) => Some((vec![Err(error)], None)),
            }
        }
    };
    stream::unfold(Some((pages, HashSet::new())), step).flat_map(stream::iter).boxed()
}

/// The items of a page up to the first one whose ID names no certificate, which ends the list:
/// skipping it would present a partial list as complete. A page without new items ends it too,
/// because the list is circular. Names are remembered as hashes, because a list can have 100,000.
fn listed<T: Listed>(
    page: Vec<Item<CertificateBundle>>,
    seen: &mut HashSet<u64>,
    operation: &str,
    read: impl Fn(CertificateBundle) -> Option<T>,
    shown: impl Fn(&str) -> String,
) -> Vec<Result<T>> {
    let broken = |problem: String| Err(Error::new(ErrorKind::Protocol, operation, problem));
    let mut items = Vec::with_capacity(page.len());
    let known = seen.len();
    for item in page {
        let bundle = match item {
            Item::Read(bundle) => bundle,
            // The item keeps its ID, so that the error can name it.
            Item::Other(id) => CertificateBundle::named(id),
        };
        let id = bundle.id().to_owned();
        let Some(item) = read(bundle) else {
            let id = shown(&id);
            items.push(broken(format!("the ID {id:?} of an item is not the ID of a certificate")));
            return items;
        };
        seen.insert(item.known_by());
        items.push(Ok(item));
    }
    if !items.is_empty() && seen.len() == known {
        return vec![broken(
            "the listing does not end: a page contains only items that were already listed"
                .to_owned(),
        )];
    }
    items
}

/// The service's maximum.
const PAGE_SIZE: &str = "25";
