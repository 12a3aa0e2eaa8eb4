//! The files of `tests/fixtures/pfx` and the expectations in their manifest. Other tools created
//! the files.

use std::path::PathBuf;

use akv_core::Password;
use time::OffsetDateTime;
use time::macros::datetime;

/// The certificates begin on 2026-11-23 in the evening and end between 2027 and 2036.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

pub(crate) struct Fixture {
    pub(crate) file: String,
    pub(crate) password: Password,
    pub(crate) opens: bool,
    pub(crate) key: String,
    pub(crate) chain_length: Option<usize>,
    pub(crate) encoding: String,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn all() -> Vec<Fixture> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pfx");
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let fixtures: Vec<_> = manifest
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            let [file, _made_by, password, opens, key, chain_length, encoding] = fields[..] else {
                panic!("{line}");
            };
            Fixture {
                file: file.to_owned(),
                password: Password::from(password),
                opens: opens == "yes",
                key: key.to_owned(),
                chain_length: chain_length.parse().ok(),
                encoding: encoding.to_owned(),
                bytes: std::fs::read(folder.join(file)).unwrap(),
            }
        })
        .collect();
    assert_eq!(fixtures.len(), 55);
    fixtures
}

/// The files that open.
pub(crate) fn good() -> impl Iterator<Item = Fixture> {
    all().into_iter().filter(|fixture| fixture.opens)
}

pub(crate) fn named(file: &str) -> Fixture {
    all().into_iter().find(|fixture| fixture.file == file).unwrap()
}
