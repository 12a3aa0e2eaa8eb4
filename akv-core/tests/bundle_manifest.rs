//! Every file of the fixtures behaves as the manifest says. The files were made by other people's
//! tools; the manifest says by which, and what each holds.

use std::path::PathBuf;

use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError, FindingCode, Severity};
use time::OffsetDateTime;
use time::macros::datetime;

/// The certificates end between 2027 and 2036.
const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

struct Row {
    file: String,
    password: Password,
    opens: bool,
    key: String,
    chain_length: Option<usize>,
    bytes: Vec<u8>,
}

fn rows() -> Vec<Row> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pfx");
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let rows: Vec<_> = manifest
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            let [file, _made_by, password, opens, key, chain_length, _encoding] = fields[..] else {
                panic!("{line}");
            };
            Row {
                file: file.to_owned(),
                password: Password::from(password),
                opens: opens == "yes",
                key: key.to_owned(),
                chain_length: chain_length.parse().ok(),
                bytes: std::fs::read(folder.join(file)).unwrap(),
            }
        })
        .collect();
    assert_eq!(rows.len(), 55);
    rows
}

#[test]
fn every_file_opens_or_fails_as_the_manifest_says() {
    for row in rows() {
        match (Bundle::from_pfx(&row.bytes, &row.password), row.opens) {
            (Ok(bundle), true) => {
                assert_eq!(bundle.key_kind().to_string(), row.key, "{}", row.file);
                assert_eq!(Some(bundle.chain().len() + 1), row.chain_length, "{}", row.file);
                println!("{}: {:?}", row.file, bundle.findings(NOW));
            }
            (Err(error), false) => println!("{}: {error}", row.file),
            (Ok(bundle), false) => panic!("{} opened: {bundle:?}", row.file),
            (Err(error), true) => panic!("{}: {error}", row.file),
        }
    }
}
