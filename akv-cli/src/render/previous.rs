//! A previous inventory, read back from its jsonl output.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use akv_core::Thumbprint;
use akv_core::job::{Coverage, Known, LastInventory};
use anyhow::{Context, Result};

use super::record::Record;

/// A record that was itself not read at the time, or that tells less than is asked for now, is not
/// taken as known: its certificate is fetched.
pub(crate) fn read(file: &Path, coverage: Coverage) -> Result<LastInventory> {
    let tried = || format!("read the previous inventory from {}", file.display());
    let mut reader = BufReader::new(File::open(file).with_context(tried)?);
    let mut known = Vec::new();
    for number in 1.. {
        let tried = || format!("{}, line {number}", tried());
        let mut line = String::new();
        let read = reader.by_ref().take(LONGEST_LINE).read_line(&mut line).with_context(tried)?;
        if read == 0 {
            break;
        }
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            continue;
        }
        let record: Record = serde_json::from_str(line).with_context(tried)?;
        if record.last_known || tells_less(&record, coverage) {
            continue;
        }
        let item = record.into_item().with_context(tried)?;
        let leaf = item.certificates.first().map(|der| Thumbprint::of(der));
        anyhow::ensure!(leaf == item.thumbprint, "{}: the certificate is another one", tried());
        known.push((item.name.clone(), Known::Item(Box::new(item))));
    }
    Ok(known.into_iter().collect())
}

/// With one certificate nobody can tell a leaf-only record from a chain of one, so that one is
/// fetched again where chains are asked for; and a chain is more than a leaf-only inventory tells.
fn tells_less(record: &Record, coverage: Coverage) -> bool {
    match coverage {
        Coverage::Leaf => record.certificates.len() != 1,
        Coverage::Chain => record.certificates.len() < 2,
    }
}

/// A record with the longest chain that a vault holds, in bytes. A longer line is cut, and then it is
/// no JSON.
const LONGEST_LINE: u64 = 1 << 20;
