//! Among several paths, currently valid certificates have priority.

use std::time::{Duration, Instant};

use akv_core::bundle::{Bundle, X509};
use proptest::prelude::*;

use crate::crafted::{Crafted, Key};
use crate::fixtures::NOW;

const EXPIRED: (&str, &str) = ("240101000000Z", "260101000000Z");
const NOT_YET: (&str, &str) = ("270101000000Z", "300101000000Z");
const SHORT: (&str, &str) = ("260101000000Z", "270101000000Z");
const LONG: (&str, &str) = ("200101000000Z", "360101000000Z");

/// A CA certificate.
fn authority(issuer: (&str, &Key), subject: (&str, &Key), valid: (&str, &str)) -> X509 {
    let crafted = Crafted::new(issuer.0, subject.0).authority().valid(valid.0, valid.1);
    crafted.x509(subject.1, issuer.1)
}

fn leaf(issuer: (&str, &Key), key: &Key, valid: (&str, &str)) -> X509 {
    Crafted::new(issuer.0, "web").valid(valid.0, valid.1).x509(key, issuer.1)
}

/// Creates bundles from every rotation of the certificates; all must be equal.
fn bundle(key: &Key, certificates: &[&X509]) -> Bundle {
    let mut order: Vec<X509> = certificates.iter().copied().cloned().collect();
    let first = Bundle::from_parts(key.contents(&order), NOW).unwrap();
    for _ in certificates {
        order.rotate_left(1);
        let other = Bundle::from_parts(key.contents(&order), NOW).unwrap();
        assert_eq!((other.leaf(), other.chain()), (first.leaf(), first.chain()));
    }
    first
}

fn codes(bundle: &Bundle) -> Vec<&'static str> {
    bundle.findings(NOW).iter().map(|finding| finding.code.as_str()).collect()
}

struct World {
    web: Key,
    issuing: Key,
    old: Key,
    new: Key,
}

impl World {
    fn new() -> Self {
        Self { web: Key::new(), issuing: Key::new(), old: Key::new(), new: Key::new() }
    }

    fn issuing(&self) -> (&str, &Key) {
        ("Issuing", &self.issuing)
    }

    fn old(&self) -> (&str, &Key) {
        ("Old Root", &self.old)
    }

    fn new_root(&self) -> (&str, &Key) {
        ("New Root", &self.new)
    }
}

/// As with DST Root CA X3: the path to the other root has the same length, but that root is not
/// valid now.
#[test]
fn path_to_an_invalid_root_is_not_selected() {
    let world = World::new();
    let web = leaf(world.issuing(), &world.web, SHORT);
    let by_old = authority(world.old(), world.issuing(), LONG);
    let by_new = authority(world.new_root(), world.issuing(), SHORT);
    let new = authority(world.new_root(), world.new_root(), SHORT);
    for not_valid in [EXPIRED, NOT_YET] {
        let old = authority(world.old(), world.old(), not_valid);
        let found = bundle(&world.web, &[&web, &by_old, &by_new, &old, &new]);
        assert_eq!(found.chain(), [by_new.clone(), new.clone()]);
        assert_eq!(codes(&found), ["stranger-left-out", "alternative-left-out"]);
    }
}

#[test]
fn longer_valid_path_has_priority_over_a_shorter_one() {
    let world = World::new();
    let web = leaf(world.issuing(), &world.web, SHORT);
    let issuing = authority(world.new_root(), world.issuing(), SHORT);
    let crossed = authority(world.old(), world.new_root(), SHORT);
    let old = authority(world.old(), world.old(), LONG);
    for not_valid in [EXPIRED, NOT_YET] {
        let new = authority(world.new_root(), world.new_root(), not_valid);
        let found = bundle(&world.web, &[&web, &issuing, &crossed, &new, &old]);
        assert_eq!(found.chain(), [issuing.clone(), crossed.clone(), old.clone()]);
    }
    // If both are valid, the shorter path is selected.
    let new = authority(world.new_root(), world.new_root(), SHORT);
    let found = bundle(&world.web, &[&web, &issuing, &crossed, &new, &old]);
    assert_eq!(found.chain(), [issuing, new]);
}

/// The valid path may end below its root, which is usual.
#[test]
fn valid_path_without_root_precedes_an_expired_root() {
    let world = World::new();
    let web = leaf(world.issuing(), &world.web, SHORT);
    let issuing = authority(world.new_root(), world.issuing(), SHORT);
    let crossed = authority(world.old(), world.new_root(), SHORT);
    let expired = authority(world.new_root(), world.new_root(), EXPIRED);
    let found = bundle(&world.web, &[&web, &issuing, &crossed, &expired]);
    assert_eq!(found.chain(), [issuing, crossed]);
    assert_eq!(codes(&found), ["root-not-included", "alternative-left-out"]);
}

#[test]
fn valid_intermediate_is_selected_among_equal_names() {
    let world = World::new();
    let web = leaf(world.issuing(), &world.web, SHORT);
    let new = authority(world.new_root(), world.new_root(), LONG);
    let expired = authority(world.new_root(), world.issuing(), EXPIRED);
    let not_yet = authority(world.new_root(), world.issuing(), NOT_YET);
    let valid = authority(world.new_root(), world.issuing(), SHORT);
    let found = bundle(&world.web, &[&web, &expired, &not_yet, &valid, &new]);
    assert_eq!(found.chain(), [valid, new]);
}

#[test]
fn only_expired_path_is_used_and_reported() {
    let world = World::new();
    let web = leaf(world.issuing(), &world.web, SHORT);
    let expired = authority(world.new_root(), world.issuing(), EXPIRED);
    let new = authority(world.new_root(), world.new_root(), LONG);
    let found = bundle(&world.web, &[&web, &expired, &new]);
    assert_eq!(found.chain(), [expired, new]);
    assert_eq!(codes(&found), ["chain-not-valid-now"]);
}

#[test]
fn longest_lasting_path_is_selected_among_equal_lengths() {
    let world = World::new();
    let web = leaf(world.issuing(), &world.web, SHORT);
    let short = authority(world.new_root(), world.issuing(), SHORT);
    let long = authority(world.new_root(), world.issuing(), LONG);
    let new = authority(world.new_root(), world.new_root(), LONG);
    let found = bundle(&world.web, &[&web, &short, &long, &new]);
    assert_eq!(found.chain(), [long, new]);
}

#[test]
fn of_certificates_of_the_key_the_valid_one_is_the_leaf() {
    let world = World::new();
    let root = authority(world.new_root(), world.new_root(), LONG);
    let issue = |valid| leaf(world.new_root(), &world.web, valid);
    let (expired, valid, not_yet) = (issue(EXPIRED), issue(LONG), issue(NOT_YET));
    let own = leaf(("web", &world.web), &world.web, SHORT);
    // The certificate that is not valid yet and the self-signed one are newer than the valid one.
    let found = bundle(&world.web, &[&expired, &valid, &not_yet, &own, &root]);
    assert_eq!(found.leaf(), &valid);
    assert_eq!(codes(&found), ["alternative-left-out"; 3]);
    // Validity has priority over the issuer.
    let found = bundle(&world.web, &[&expired, &own, &root]);
    assert_eq!(found.leaf(), &own);
    // Among several valid ones, the newest is selected.
    let newer = issue(SHORT);
    assert_eq!(bundle(&world.web, &[&newer, &valid, &root]).leaf(), &newer);
}

/// If a hundred certificates have the same name, there are more paths than could be tried.
#[test]
fn a_hundred_authorities_of_one_name_are_searched_quickly() {
    let (web, shared) = (Key::new(), Key::new());
    let first = leaf(("CA", &shared), &web, SHORT);
    for one_key in [true, false] {
        let other = |_| if one_key { None } else { Some(Key::new()) };
        let keys: Vec<Option<Key>> = (0..99).map(other).collect();
        let mut certificates = vec![first.clone()];
        for (number, key) in (0_u8..).zip(&keys) {
            let key = key.as_ref().unwrap_or(&shared);
            let mut crafted = Crafted::new("CA", "CA").authority();
            crafted.serial = vec![2, 1, number];
            // No certificate is self-signed, and each one has all others as issuers by name.
            let signer = keys.first().and_then(Option::as_ref).unwrap_or(&shared);
            certificates.push(crafted.x509(key, signer));
        }
        let begun = Instant::now();
        Bundle::from_parts(web.contents(&certificates), NOW).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// For any signatures and validities: if there is a path of valid certificates to a root or to
    /// the end of the file, no certificate of the chain is invalid; and the search ends.
    #[test]
    fn no_chain_has_an_invalid_certificate_without_need(
        edges in proptest::collection::vec((0_usize..5, 0_usize..5, any::<bool>()), 1..12),
    ) {
        thread_local! {
            static KEYS: Vec<Key> = (0..6).map(|_| Key::new()).collect();
        }
        const NAMES: [&str; 5] = ["A", "B", "C", "D", "E"];
        KEYS.with(|keys| {
            let mut made = Vec::new();
            for (serial, (issuer, subject, valid)) in (2_u8..).zip(&edges) {
                let valid = if *valid { LONG } else { EXPIRED };
                let mut crafted = Crafted::new(NAMES[*issuer], NAMES[*subject]);
                crafted.serial = vec![2, 1, serial];
                let crafted = crafted.authority().valid(valid.0, valid.1);
                made.push((*issuer, *subject, crafted.x509(&keys[*subject], &keys[*issuer])));
            }
            let web = leaf((NAMES[0], &keys[0]), &keys[5], SHORT);
            let all: Vec<&X509> = std::iter::once(&web).chain(made.iter().map(|it| &it.2)).collect();
            let found = bundle(&keys[5], &all);
            // Whether valid certificates alone reach a root.
            let mut reached = vec![0];
            let mut root = false;
            let mut at = 0;
            while let Some(authority) = reached.get(at).copied() {
                at += 1;
                let certificates = made.iter().filter(|it| it.1 == authority);
                for (issuer, subject, _) in certificates.filter(|it| it.2.is_valid_at(NOW)) {
                    root |= issuer == subject;
                    if !reached.contains(issuer) {
                        reached.push(*issuer);
                    }
                }
            }
            let invalid = found.chain().iter().filter(|it| !it.is_valid_at(NOW)).count();
            prop_assert!(!root || invalid == 0, "{:?}", found.chain());
            if root {
                prop_assert!(found.chain().last().unwrap().is_self_signed());
            }
            Ok(())
        })?;
    }
}
