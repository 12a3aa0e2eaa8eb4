//! A previous inventory, read back from its jsonl output.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use akv_core::Thumbprint;
use akv_core::job::{Coverage, Known, LastInventory};
use anyhow::{Context, Result, anyhow, bail, ensure};

use super::record::Record;
use crate::lines::Lines;

/// A record that was itself not read at the time, or that tells less than is asked for now, is not
/// taken as known: its certificate is fetched.
pub(crate) fn read(file: &Path, coverage: Coverage) -> Result<LastInventory> {
    let tried = || format!("read the previous inventory from {}", file.display());
    let mut lines = Lines::new(BufReader::new(File::open(file).with_context(tried)?), LONGEST_LINE);
    let mut last = LastInventory::default();
    for number in 1.. {
        let tried = || format!("{}, line {number}", tried());
        let Some(line) = lines.next().with_context(tried)? else { break };
        if line.trim().is_empty() {
            continue;
        }
        let record: Record = serde_json::from_str(&line).map_err(|error| {
            let at = error.column();
            anyhow!("{}: it is no record of --output jsonl (column {at})", tried())
        })?;
        if record.last_known || tells_less(&record, coverage) {
            continue;
        }
        let Some(item) = record.into_item() else {
            bail!("{}: it is no record of --output jsonl", tried());
        };
        let leaf = item.certificates.first().map(|der| Thumbprint::of(der));
        ensure!(leaf == item.thumbprint, "{}: the certificate is another one", tried());
        last.extend([(item.name.clone(), Known::Item(Box::new(item)))]);
    }
    Ok(last)
}

/// With one certificate nobody can tell a leaf-only record from a chain of one, so that one is
/// fetched again where chains are asked for; and a chain is more than a leaf-only inventory tells.
fn tells_less(record: &Record, coverage: Coverage) -> bool {
    match coverage {
        Coverage::Leaf => record.certificates.len() != 1,
        _ => record.certificates.len() < 2,
    }
}

/// A record with the longest chain that a vault holds, in bytes, also in UTF-16.
const LONGEST_LINE: usize = 2 << 20;
