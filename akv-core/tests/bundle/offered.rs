//! Certificates that are offered beside the file: used only if the chain needs them.

use akv_core::Password;
use akv_core::bundle::{Bundle, X509, read_issuers};

use crate::crafted::{Crafted, Key};
use crate::fixtures::NOW;

const VALID: (&str, &str) = ("260101000000Z", "270101000000Z");
const EXPIRED: (&str, &str) = ("240101000000Z", "260101000000Z");

fn authority(issuer: (&str, &Key), subject: (&str, &Key), valid: (&str, &str)) -> X509 {
    let crafted = Crafted::new(issuer.0, subject.0).authority().valid(valid.0, valid.1);
    crafted.x509(subject.1, issuer.1)
}

struct World {
    web: Key,
    leaf: X509,
    issuing: X509,
    expired: X509,
    root: X509,
    impostor: X509,
}

impl World {
    fn new() -> Self {
        let (web, issuing, root, other) = (Key::new(), Key::new(), Key::new(), Key::new());
        Self {
            leaf: Crafted::new("Issuing", "web").valid(VALID.0, VALID.1).x509(&web, &issuing),
            issuing: authority(("Root", &root), ("Issuing", &issuing), VALID),
            expired: authority(("Root", &root), ("Issuing", &issuing), EXPIRED),
            root: authority(("Root", &root), ("Root", &root), VALID),
            impostor: authority(("Root", &other), ("Issuing", &other), VALID),
            web,
        }
    }

    /// The chain and the codes of a file with the leaf and these certificates, in any order of
    /// `offered`.
    fn chain(&self, file: &[&X509], offered: &[&X509]) -> (Vec<X509>, Vec<&'static str>) {
        let file: Vec<X509> = [&[&self.leaf], file].concat().into_iter().cloned().collect();
        let mut offered: Vec<X509> = offered.iter().copied().cloned().collect();
        let mut all = (0..=offered.len()).map(|_| {
            offered.rotate_left(1);
            let contents = self.web.contents(&file).with_offered(offered.clone());
            let bundle = Bundle::from_parts(contents, NOW).unwrap();
            let codes = bundle.findings(NOW).iter().map(|finding| finding.code.as_str()).collect();
            (bundle.chain().to_vec(), codes)
        });
        let first = all.next().unwrap();
        assert!(all.all(|other| other == first));
        first
    }
}

#[test]
fn offered_issuers_complete_the_chain_with_a_note() {
    let world = World::new();
    let World { leaf, issuing, expired, root, impostor, .. } = &world;
    let all = [impostor, root, expired, leaf, issuing, issuing];
    let (chain, codes) = world.chain(&[], &all);
    assert_eq!(chain, [issuing.clone(), root.clone()]);
    assert_eq!(codes, ["issuer-added", "issuer-added"]);
    let (chain, codes) = world.chain(&[issuing], &all);
    assert_eq!(chain, [issuing.clone(), root.clone()]);
    assert_eq!(codes, ["issuer-added"]);
}

#[test]
fn only_signing_issuers_are_taken_from_offered_ones() {
    let world = World::new();
    for offered in [&[&world.impostor][..], &[&world.root], &[&world.leaf]] {
        let (chain, codes) = world.chain(&[], offered);
        assert_eq!(chain, [], "a chain that is not complete stays so");
        assert_eq!(codes, ["missing-intermediate"]);
    }
}

#[test]
fn file_issuers_precede_offered_ones_if_valid() {
    let world = World::new();
    let World { issuing, expired, root, .. } = &world;
    // The same CA with a later expiry.
    let renewed = {
        let (key, root_key) = (Key::new(), Key::new());
        let longer = ("260101000000Z", "360101000000Z");
        let file = authority(("Root", &root_key), ("Issuing", &key), VALID);
        let offered = authority(("Root", &root_key), ("Issuing", &key), longer);
        let web = Key::new();
        let leaf = Crafted::new("Issuing", "web").valid(VALID.0, VALID.1).x509(&web, &key);
        let contents = web.contents(&[leaf, file.clone()]);
        let bundle = Bundle::from_parts(contents.with_offered(vec![offered]), NOW);
        (bundle.unwrap().chain().to_vec(), file)
    };
    assert_eq!(renewed.0, [renewed.1]);
    let (chain, codes) = world.chain(&[expired, root], &[issuing]);
    assert_eq!(chain, [issuing.clone(), root.clone()]);
    assert_eq!(codes, ["issuer-added", "alternative-left-out"]);
}

#[test]
fn issuers_are_read_in_every_encoding_and_nothing_else_is() {
    let world = World::new();
    let block = |der: &[u8]| pem::encode(&pem::Pem::new("CERTIFICATE", der));
    let text = block(world.issuing.der()) + &block(world.root.der());
    let both = [world.issuing.clone(), world.root.clone()];
    let utf16: Vec<u8> =
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.clone().into_bytes(), format!("\u{feff}{text}").into_bytes(), utf16] {
        assert_eq!(read_issuers(&bytes).unwrap(), both);
    }
    assert_eq!(read_issuers(world.root.der()).unwrap(), std::slice::from_ref(&world.root));
    let key = world.web.pem(&[]);
    let damaged = text.clone() + &block(b"\x30\x00");
    let too_many = block(world.root.der()).repeat(101);
    for (bytes, expected) in [
        (text + &key, "private key"),
        (damaged, "certificate 3 of the file cannot be read"),
        (too_many, "more than 100 certificates"),
        (String::new(), "is empty"),
        ("-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n".to_owned(), "-print_certs"),
        (
            "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n".to_owned(),
            "no certificate",
        ),
    ] {
        let error = read_issuers(bytes.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let file = world.web.pem(&[world.leaf.der().to_vec()]);
    assert!(Bundle::from_pem(file.as_bytes(), &Password::default(), NOW).is_ok());
}
