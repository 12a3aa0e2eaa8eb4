//! The certificates of a vault, page by page.

use std::collections::HashSet;

use akv_core::{Error, ErrorKind, ListedCertificate, Result};
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use crate::page::{Pages, fingerprint};
use crate::wire::certificate::CertificateBundle;
use crate::wire::page::Item;

/// The items of all pages, until one cannot be read.
pub(super) fn certificates(
    pages: Pages,
    operation: String,
) -> BoxStream<'static, Result<ListedCertificate>> {
    let step = move |reading: Option<(Pages, HashSet<u64>)>| {
        let operation = operation.clone();
        async move {
            let (mut pages, mut seen) = reading?;
            match pages.next::<CertificateBundle>().await {
                Ok(None) => None,
                Ok(Some(page)) => {
                    let items = listed(page, &mut seen, &operation, |id| pages.shown(id));
                    let broken = items.last().is_some_and(Result::is_err);
                    Some((items, (!broken).then_some((pages, seen))))
                }
                Err(error) => Some((vec![Err(error)], None)),
            }
        }
    };
    stream::unfold(Some((pages, HashSet::new())), step).flat_map(stream::iter).boxed()
}

/// The items of a page up to the first that names no certificate, which ends the list: going on
/// without it would pass a part off as the whole. So does a page that brings nothing new: the list
/// goes round in circles. Names are remembered as hashes, since a list can have 100,000.
fn listed(
    page: Vec<Item<CertificateBundle>>,
    seen: &mut HashSet<u64>,
    operation: &str,
    shown: impl Fn(&str) -> String,
) -> Vec<Result<ListedCertificate>> {
    let broken = |problem: String| Err(Error::new(ErrorKind::Protocol, operation, problem));
    let mut items = Vec::with_capacity(page.len());
    let known = seen.len();
    for item in page {
        let bundle = match item {
            Item::Read(bundle) => bundle,
            // It is named, so that what is wrong with it can be told when it is looked at.
            Item::Other(id) => CertificateBundle::named(id),
        };
        let id = bundle.id().to_owned();
        let Some(item) = bundle.listed() else {
            let id = shown(&id);
            items.push(broken(format!("an item's id {id:?} names no certificate")));
            return items;
        };
        seen.insert(fingerprint(&item.name));
        items.push(Ok(item));
    }
    if !items.is_empty() && seen.len() == known {
        return vec![broken("the list does not end: a whole page was there before".to_owned())];
    }
    items
}
