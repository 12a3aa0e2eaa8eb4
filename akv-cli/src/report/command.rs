//! Command's inventory of a store.

use std::fs::File;
use std::path::Path;

use akv_core::job::PreviousCertificate;
use akv_core::report::{Earlier, EarlierRecord, Store};
use akv_core::text;
use anyhow::{Context, Result};

/// Reads `LastInventory` of a job configuration.
pub(crate) fn command_inventory(file: &Path) -> Result<Earlier> {
    let context = || format!("cannot read Command's inventory from {}", file.display());
    let read = File::open(file).and_then(|file| text::read_bounded(file, LARGEST));
    let text = text::decode(&read.with_context(context)?).with_context(context)?;
    let known = akv_keyfactor::command_inventory(text.as_bytes()).with_context(context)?;
    let records = known.certificates.iter().map(|(name, known)| EarlierRecord::Summary {
        name: name.clone(),
        thumbprint: match known {
            PreviousCertificate::Summary { thumbprints, .. } => thumbprints.first().copied(),
            PreviousCertificate::Item(item) => item.thumbprint,
            _ => None,
        },
    });
    Ok(Earlier::new(records.collect()).with_only(known.store.as_ref().map(Store::from)))
}

/// In bytes: an inventory of 100,000 certificates with their chains.
const LARGEST: usize = 64 << 20;
