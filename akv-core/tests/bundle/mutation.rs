//! Randomly changed files: always a result, never a panic, and never a long delay.
//!
//! `AKV_MUTATIONS=100000 cargo test --release -p akv-core --test bundle mutation` is the long run.

use std::time::{Duration, Instant};

use akv_core::bundle::{Bundle, BundleError, X509, pem, pfx};
use akv_core::text::is_unprintable;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::fixtures::{self, Fixture, NOW};
use crate::pem::as_pem;

/// One change to a file.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Replace {
        at: usize,
        with: u8,
    },
    FlipBit {
        at: usize,
        bit: u8,
    },
    Insert {
        at: usize,
        octets: Vec<u8>,
    },
    Remove {
        at: usize,
        count: usize,
    },
    /// Copies a piece to another position: lengths stay plausible, structures do not.
    Copy {
        from: usize,
        to: usize,
        count: usize,
    },
}

impl Change {
    pub(crate) fn apply(&self, file: &mut Vec<u8>) {
        if file.is_empty() {
            return;
        }
        let place = |at: usize| at % file.len();
        match self {
            Self::Replace { at, with } => {
                let at = place(*at);
                file[at] = *with;
            }
            Self::FlipBit { at, bit } => {
                let at = place(*at);
                file[at] ^= 1 << bit;
            }
            Self::Insert { at, octets } => {
                let at = place(*at);
                file.splice(at..at, octets.iter().copied());
            }
            Self::Remove { at, count } => {
                let at = place(*at);
                let end = (at + count).min(file.len());
                file.drain(at..end);
            }
            Self::Copy { from, to, count } => {
                let (from, to) = (place(*from), place(*to));
                let count = (*count).min(file.len() - from).min(file.len() - to);
                file.copy_within(from..from + count, to);
            }
        }
    }

    /// The piece of the file that it would copy.
    pub(crate) fn copied<'f>(&self, file: &'f [u8]) -> &'f [u8] {
        match self {
            Self::Copy { from, count, .. } if !file.is_empty() => {
                let piece = &file[from % file.len()..];
                &piece[..(*count).min(piece.len())]
            }
            _ => &[],
        }
    }
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    // Parsers fail on headers, and most of them are near the beginning.
    let place = || prop_oneof![0_usize..200, any::<usize>()];
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, with)| Change::Replace { at, with }),
        (place(), 0_u8..8).prop_map(|(at, bit)| Change::FlipBit { at, bit }),
        (place(), proptest::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, octets)| Change::Insert { at, octets }),
        (place(), 1_usize..64).prop_map(|(at, count)| Change::Remove { at, count }),
        (place(), place(), 1_usize..64).prop_map(|(from, to, count)| Change::Copy {
            from,
            to,
            count
        }),
    ]
}

pub(crate) fn runner() -> TestRunner {
    let cases = std::env::var("AKV_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let config =
        Config { cases: cases.unwrap_or(500), source_file: Some(file!()), ..Config::default() };
    TestRunner::new(config)
}

/// The time limit for opening one file. A mutant can have a million iterations of any digest; the
/// limit leaves room for a debug build on a busy machine.
const LIMIT: Duration = Duration::from_secs(15);

#[test]
fn mutated_pfx_files_are_answered() {
    let files: Vec<Fixture> = fixtures::all();
    let strategy = (0..files.len(), proptest::collection::vec(change(), 1..4));
    runner()
        .run(&strategy, |(which, changes)| {
            let fixture = &files[which];
            let mut file = fixture.bytes.clone();
            for change in &changes {
                change.apply(&mut file);
            }
            let begun = Instant::now();
            let result = Bundle::from_pfx(&file, &fixture.password, NOW);
            prop_assert!(begun.elapsed() < LIMIT, "{} took {:?}", fixture.file, begun.elapsed());
            if let Err(error) = result {
                prop_assert!(!error.to_string().is_empty());
            }
            Ok(())
        })
        .unwrap();
}

/// The same without the integrity check, so that the contents are parsed.
#[test]
fn mutated_plain_files_are_answered() {
    let files: Vec<_> = fixtures::good()
        .map(|fixture| Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap())
        .collect();
    let strategy = (0..files.len(), proptest::collection::vec(change(), 1..4));
    runner()
        .run(&strategy, |(which, changes)| {
            let mut file = files[which].to_pkcs12().to_vec();
            for change in &changes {
                change.apply(&mut file);
            }
            let result = Bundle::from_pfx(&file, &"".into(), NOW);
            // A bundle from a mutant can be written and read again.
            if let Ok(bundle) = result {
                let again = Bundle::from_pfx(&bundle.to_pkcs12(), &"".into(), NOW);
                let again = again.map(|again| (again.thumbprint(), again.key_kind()));
                prop_assert_eq!(again, Ok((bundle.thumbprint(), bundle.key_kind())));
            }
            Ok(())
        })
        .unwrap();
}

/// Changes every certificate of the files and reads all of its fields.
#[test]
fn mutated_certificates_are_answered() {
    let certificates: Vec<Vec<u8>> = fixtures::good()
        .flat_map(|fixture| pfx::read(&fixture.bytes, &fixture.password).unwrap().certificates)
        .map(|certificate| certificate.der().to_vec())
        .collect();
    let strategy = (0..certificates.len(), proptest::collection::vec(change(), 1..4));
    runner()
        .run(&strategy, |(which, changes)| {
            let mut der = certificates[which].clone();
            for change in &changes {
                change.apply(&mut der);
            }
            match X509::from_der(&der) {
                Ok(certificate) => {
                    prop_assert!(der.starts_with(certificate.der()));
                    prop_assert!(!certificate.label().contains(is_unprintable));
                    let again = X509::from_der(certificate.der());
                    prop_assert_eq!(again.as_ref(), Ok(&certificate));
                    certificate.is_self_signed();
                    certificate.issuer();
                    certificate.key_usages();
                    certificate.extended_key_usages();
                    certificate.signature_algorithm_name();
                }
                Err(error) => prop_assert!(!error.to_string().contains(is_unprintable)),
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn mutated_pem_texts_are_answered() {
    let texts: Vec<_> =
        fixtures::good().step_by(5).map(|fixture| as_pem(&fixture).into_bytes()).collect();
    let strategy = (0..texts.len(), proptest::collection::vec(change(), 1..4));
    runner()
        .run(&strategy, |(which, changes)| {
            let mut text = texts[which].clone();
            for change in &changes {
                change.apply(&mut text);
            }
            if let Err(error) = pem::read(&text, &"".into()) {
                let too_large = matches!(error, BundleError::TooLarge { .. });
                prop_assert!(!too_large);
            }
            Ok(())
        })
        .unwrap();
}
