//! Errors contain nothing of a file's content: damages files in any way, and searches the output
//! for any piece of the file.

use std::collections::HashSet;
use std::error::Error;

use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use crate::fixtures::{self, NOW};
use crate::mutation::{Change, change, runner};
use crate::pem::{as_pem, block};

/// The shortest piece that would reveal something.
const RUN: usize = 16;

/// The length of a piece of a secret that has this many characters in hexadecimal.
const COPIED: usize = RUN / 2;

/// Every piece of the secrets in the encodings in which errors display bytes.
struct Pieces {
    shown: HashSet<Vec<u8>>,
    /// As in the files.
    held: HashSet<Vec<u8>>,
}

impl Pieces {
    fn of(secrets: &[Vec<u8>]) -> Self {
        let (mut shown, mut held) = (HashSet::new(), HashSet::new());
        for secret in secrets {
            held.extend(secret.windows(COPIED).map(<[u8]>::to_vec));
            held.extend(STANDARD.encode(secret).as_bytes().windows(COPIED).map(<[u8]>::to_vec));
            let hex: Vec<_> = secret.iter().map(|octet| format!("{octet:02x}")).collect();
            let hex = hex.concat();
            let list = format!("{secret:?}");
            let base64 = (0..3).map(|skip| STANDARD.encode(secret.get(skip..).unwrap_or_default()));
            let encoded = [hex.clone(), hex.to_uppercase(), list].into_iter().chain(base64);
            for form in encoded.map(String::into_bytes).chain([secret.clone()]) {
                shown.extend(form.windows(RUN).map(<[u8]>::to_vec));
            }
        }
        Self { shown, held }
    }

    fn found_in(&self, error: &BundleError) -> Option<String> {
        let mut shown = format!("{error} {error:?} {error:#?}");
        let mut source = error.source();
        while let Some(inner) = source {
            shown = format!("{shown} {inner} {inner:?}");
            source = inner.source();
        }
        let found = shown.as_bytes().windows(RUN).any(|window| self.shown.contains(window));
        found.then_some(shown)
    }

    /// Applies the changes, except those that copy a piece of a secret into a name: a subject that
    /// contains the file's key is displayed.
    fn damage(&self, file: &mut Vec<u8>, changes: &[Change]) {
        for change in changes {
            let copied = change.copied(file);
            if !copied.windows(COPIED).any(|piece| self.held.contains(piece)) {
                change.apply(file);
            }
        }
    }
}

/// Random damage, and the damage that editors, mail and people do to text.
fn damage_text(text: &mut String, kind: usize, at: usize) {
    let lines: Vec<&str> = text.lines().collect();
    let line = at % lines.len();
    let with = |changed: String| {
        let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        lines[line] = changed;
        lines.join("\n")
    };
    *text = match kind {
        0 => text.replacen("-----BEGIN", "----BEGIN", 1 + at % 3),
        1 => text.replacen("KEY-----", "KEY----", 1),
        2 => with(format!("{}\n", lines[line])),
        3 => with(lines[line].replace('-', "\u{2013}")),
        4 => with(format!("{}: {}", lines[line], lines[line])),
        5 => with(String::new()),
        6 => text.replace('\n', ""),
        7 => text.replace("PRIVATE KEY", lines[line]),
        8 => with(format!("-----BEGIN {}-----", lines[line])),
        9 => with(format!("-----END {}", lines[line])),
        10 => text.replace("-----END PRIVATE KEY-----", ""),
        11 => text.replace("-----BEGIN PRIVATE KEY-----", ""),
        12 => text.replace("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY"),
        13 => with(format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: {},00\n", lines[line])),
        14 => text.replace('\n', "!\n"),
        _ => text.chars().skip(at % text.len()).collect(),
    };
}

#[test]
fn no_damage_of_pem_shows_its_content() {
    let texts: Vec<(String, Pieces)> = ["ossl-modern-rsa2048.pfx", "ossl-modern-P-384.pfx"]
        .into_iter()
        .map(|file| {
            let text = as_pem(&fixtures::named(file));
            // Only the text of certificates: subjects may be displayed.
            let lines = text.lines().filter(|line| !line.starts_with('-')).map(Vec::from);
            let key = ::pem::parse(&text).unwrap().into_contents();
            let secrets: Vec<Vec<u8>> = lines.chain([key]).collect();
            let pieces = Pieces::of(&secrets);
            (text, pieces)
        })
        .collect();
    let strategy = (
        0..texts.len(),
        proptest::collection::vec((0_usize..16, any::<usize>()), 0..3),
        proptest::collection::vec(change(), 0..3),
    );
    let mut failures = 0;
    runner()
        .run(&strategy, |(which, damages, changes)| {
            let (text, pieces) = &texts[which];
            let mut text = text.clone();
            for (kind, at) in damages {
                if !text.is_empty() {
                    damage_text(&mut text, kind, at);
                }
            }
            let mut bytes = text.into_bytes();
            pieces.damage(&mut bytes, &changes);
            if let Err(error) = Bundle::from_pem(&bytes, &Password::default(), NOW) {
                let leak = pieces.found_in(&error);
                prop_assert!(leak.is_none(), "{leak:?}");
            }
            Ok(())
        })
        .unwrap();
    for (text, pieces) in &texts {
        for kind in 0..16 {
            for at in 0..text.lines().count() {
                let mut damaged = text.clone();
                damage_text(&mut damaged, kind, at);
                if let Err(error) = Bundle::from_pem(damaged.as_bytes(), &Password::default(), NOW)
                {
                    failures += 1;
                    assert_eq!(pieces.found_in(&error), None, "kind {kind}, line {at}");
                }
            }
        }
    }
    assert!(failures > 200, "{failures}");
}

#[test]
fn no_damage_of_pkcs12_shows_its_content() {
    const PASSWORD: &str = "a password of 33 characters, long";
    let plain: Vec<_> = fixtures::good()
        .step_by(7)
        .map(|fixture| {
            Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap().to_pkcs12()
        })
        .collect();
    let pieces: Vec<Pieces> = plain
        .iter()
        .map(|file| {
            let contents = akv_core::bundle::pfx::read(file, &Password::default()).unwrap();
            Pieces::of(&[contents.keys[0].pkcs8().to_vec(), PASSWORD.into()])
        })
        .collect();
    let strategy = (0..plain.len(), 0_usize..3, proptest::collection::vec(change(), 1..4));
    runner()
        .run(&strategy, |(which, wrapping, changes)| {
            let mut file = plain[which].to_vec();
            pieces[which].damage(&mut file, &changes);
            let file = match wrapping {
                0 => file,
                1 => STANDARD.encode(&file).into_bytes(),
                _ => block("PKCS12", &file).into_bytes(),
            };
            if let Err(error) = Bundle::from_pfx(&file, &Password::from(PASSWORD), NOW) {
                let leak = pieces[which].found_in(&error);
                prop_assert!(leak.is_none(), "{leak:?}");
            }
            Ok(())
        })
        .unwrap();
}

/// Proves that the test above can fail.
#[test]
fn piece_of_a_secret_is_found_in_an_error() {
    let secret = b"0123456789abcdefghijklmnopqrstuvwxyz".to_vec();
    let shown = STANDARD.encode(&secret[1..]);
    let pieces = Pieces::of(&[secret]);
    let error = |text: &str| BundleError::KeyFitsNoCertificate {
        key: akv_core::bundle::KeyKind::Other(text.to_owned()),
        subjects: Vec::new(),
    };
    assert!(pieces.found_in(&error(&shown)).is_some());
    assert!(pieces.found_in(&error("nothing of it")).is_none());
}
