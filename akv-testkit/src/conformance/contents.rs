//! Checks on what is stored: leaf, chain, versions, tags, names, lists.

use std::collections::BTreeMap;

use akv_core::{
    CertificateDer, CertificateName, ErrorKind, Exportable, Import, ListOptions, Precondition, Tags,
};
use futures::TryStreamExt as _;

use crate::conformance::check::{Check, Violation, holds, present, refused, same};
use crate::pki::Key;

type Outcome = Result<(), Violation>;

/// An imported certificate is stored completely.
pub(super) async fn add(check: &Check<'_>) -> Outcome {
    for (suffix, key, kind) in [("rsa", Key::Rsa2048, "RSA"), ("ec", Key::P384, "EC")] {
        let name = check.name(suffix)?;
        let bundle = check.bundle(key)?;
        let tags = Tags::new([("owner", "conformance"), ("empty", "")])?;
        let import = Import::new(name.clone(), bundle, Precondition::Absent)
            .with_tags(tags)
            .with_exportable(Exportable::Yes);
        let made = check.store.import(&import).await?;
        let leaf = import.bundle.leaf();
        same("the name", &made.name, &name)?;
        same("the thumbprint", &made.thumbprint, &Some(leaf.thumbprint()))?;
        same("the certificate", &made.der.as_deref(), &Some(leaf.der()))?;
        same("the tags", &made.tags, &import.tags)?;
        same("not before", &made.attributes.not_before, &leaf.not_before())?;
        same("the expiry", &made.attributes.expires, &leaf.not_after())?;
        holds("a new certificate is enabled", made.attributes.enabled)?;
        let state = present("the key", made.key.clone())?;
        same("the kind of key", &state.kind.as_deref(), &Some(kind))?;
        same("exportable", &state.exportable, &Some(Exportable::Yes))?;
        let read = present("the certificate", check.store.certificate(&name).await?)?;
        same("what is read", &read, &made)?;
    }
    Ok(())
}

/// The chain is kept, leaf first, and each version has its own.
pub(super) async fn chain(check: &Check<'_>) -> Outcome {
    let name = check.name("a")?;
    let first = check.import(&name, &Tags::default())?;
    let second = check.import(&name, &Tags::default())?;
    let older = check.store.import(&first).await?;
    let newer = check.store.import(&second).await?;
    for (version, import) in [(older.version, first), (newer.version, second)] {
        let expected: Vec<CertificateDer> = std::iter::once(import.bundle.leaf())
            .chain(import.bundle.chain())
            .map(|one| one.der().into())
            .collect();
        let chain = check.store.chain(&name, &version).await?;
        holds("the chain is leaf, intermediate, root as imported", chain == expected)?;
    }
    let absent = "0123456789abcdef0123456789abcdef".parse()?;
    let answer = check.store.chain(&name, &absent).await;
    refused("the chain of a version that is not there", answer, ErrorKind::Absent)
}

/// A second import creates a new version with its own tags.
pub(super) async fn replace(check: &Check<'_>) -> Outcome {
    let name = check.name("a")?;
    let first = check.import(&name, &Tags::new([("old", "1")])?)?;
    let second = check.import(&name, &Tags::new([("new", "2")])?)?;
    let older = check.store.import(&first).await?;
    let newer = check.store.import(&second).await?;
    holds("a replacement has a version of its own", older.version != newer.version)?;
    let read = present("the certificate", check.store.certificate(&name).await?)?;
    same("the newest version", &read.version, &newer.version)?;
    same("the thumbprint", &read.thumbprint, &Some(second.bundle.thumbprint()))?;
    same("the tags", &read.tags, &second.tags)
}

/// A key that is not exportable is reported as such.
pub(super) async fn not_exportable(check: &Check<'_>) -> Outcome {
    let name = check.name("a")?;
    let mut import = check.import(&name, &Tags::default())?;
    import.exportable = Exportable::No;
    check.store.import(&import).await?;
    let read = present("the certificate", check.store.certificate(&name).await?)?;
    let exportable = read.key.and_then(|key| key.exportable);
    same("exportable", &exportable, &Some(Exportable::No))
}

/// New tags replace the old ones, without a new version.
pub(super) async fn tags(check: &Check<'_>) -> Outcome {
    let name = check.name("a")?;
    let import = check.import(&name, &Tags::new([("a", "1"), ("b", "2")])?)?;
    let made = check.store.import(&import).await?;
    let wanted = Tags::new([("b", "3"), ("ü", "ö")])?;
    let updated = check.store.update_tags(&name, &wanted).await?;
    same("the tags of the answer", &updated.tags, &wanted)?;
    let read = present("the certificate", check.store.certificate(&name).await?)?;
    same("the tags", &read.tags, &wanted)?;
    same("the version", &read.version, &made.version)?;
    let full: BTreeMap<_, _> = (0..Tags::MAX_COUNT).map(|n| (format!("t{n}"), "v")).collect();
    let full = Tags::new(full)?;
    check.store.update_tags(&name, &full).await?;
    let read = present("the certificate", check.store.certificate(&name).await?)?;
    same("as many tags as there may be", &read.tags, &full)?;
    let absent = check.name("absent")?;
    let answer = check.store.update_tags(&absent, &wanted).await;
    refused("tags of what is not there", answer, ErrorKind::Absent)
}

/// A name in another case is the same name.
pub(super) async fn letter_case(check: &Check<'_>) -> Outcome {
    let name = check.name("Mixed")?;
    let other: CertificateName = name.as_str().to_uppercase().parse()?;
    check.store.import(&check.import(&name, &Tags::default())?).await?;
    let newer = check.store.import(&check.import(&other, &Tags::default())?).await?;
    for spelling in [&name, &other] {
        let read = present("the certificate", check.store.certificate(spelling).await?)?;
        same("the newest version", &read.version, &newer.version)?;
    }
    let listed = listed(check).await?;
    same("how often it is listed", &listed.len(), &1)?;
    holds("it can be deleted", check.store.delete(&other).await?.is_some())?;
    same("what is left", &check.store.certificate(&name).await?, &None)
}

/// Every certificate is listed once, over several pages, with the data of lists.
pub(super) async fn list(check: &Check<'_>) -> Outcome {
    let mut expected = BTreeMap::new();
    let bundle = check.bundle(Key::P256)?;
    for number in 0..check.listed() {
        let name = check.name(&format!("{number:04}"))?;
        let tags = Tags::new([("number", number.to_string())])?;
        let import = Import::new(name.clone(), bundle.clone(), Precondition::Absent)
            .with_tags(tags.clone())
            .with_exportable(Exportable::Yes);
        check.store.import(&import).await?;
        expected.insert(name, tags);
    }
    let listed = listed(check).await?;
    same("how many are listed", &listed.len(), &expected.len())?;
    for item in &listed {
        same("the thumbprint", &item.thumbprint, &Some(bundle.thumbprint()))?;
        same("the tags", &Some(&item.tags), &expected.get(&item.name))?;
        let expiry = item.attributes.expires;
        same("the expiry", &expiry, &bundle.leaf().not_after())?;
    }
    let names: Vec<_> = listed.iter().map(|item| item.name.clone()).collect();
    let all: Vec<_> = expected.into_keys().collect();
    same("the names, in their order", &names, &all)
}

async fn listed(check: &Check<'_>) -> Result<Vec<akv_core::ListedCertificate>, Violation> {
    let prefix = check.prefix().to_lowercase();
    let all: Vec<_> = check.store.list(ListOptions::default()).try_collect().await?;
    Ok(all
        .into_iter()
        .filter(|item| item.name.as_str().to_lowercase().starts_with(&prefix))
        .collect())
}
