//! No private key stays in freed memory.
//!
//! The process searches its own memory, as the kernel exposes it, for pieces of the key after every
//! owner of a key has been dropped. Stacks are excluded: a program cannot control the values that a
//! compiler spills there.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Seek as _, SeekFrom};
    use std::path::PathBuf;

    use akv_core::Password;
    use akv_core::bundle::{Bundle, PrivateKey, pfx};
    use base64::Engine as _;
    use time::OffsetDateTime;
    use zeroize::Zeroizing;

    /// A piece of a key, masked so that the search does not find it.
    struct Needle(Vec<u8>);

    const MASK: u8 = 0x5a;
    const LENGTH: usize = 24;

    impl Needle {
        fn is_at(&self, memory: &[u8]) -> bool {
            self.0.iter().zip(memory).all(|(masked, octet)| masked ^ MASK == *octet)
        }
    }

    /// Pieces from all parts of the key, so that a piece that was overwritten by chance does not
    /// matter, and the same pieces reversed, because big numbers are stored that way.
    fn needles(key: &PrivateKey) -> Vec<Needle> {
        let pkcs8 = key.pkcs8();
        // The private number of an EC key begins after 36 octets; the secret part of an RSA key
        // begins after its modulus, which takes the first quarter.
        let secret = if pkcs8.len() < 300 { 36..36 + LENGTH } else { pkcs8.len() / 3..pkcs8.len() };
        let (pieces, _) = pkcs8[secret].as_chunks::<LENGTH>();
        pieces
            .iter()
            .step_by(3)
            .flat_map(|piece| {
                let masked: Vec<u8> = piece.iter().map(|octet| octet ^ MASK).collect();
                let backwards = masked.iter().rev().copied().collect();
                [Needle(masked), Needle(backwards)]
            })
            .collect()
    }

    /// The number of needles in the writable memory of this process, without stacks.
    fn occurrences(needles: &[Needle]) -> usize {
        let here = 0_u8;
        let this_stack = (&raw const here).addr();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut memory = File::open("/proc/self/mem").unwrap();
        let mut found = 0;
        for line in maps.lines().filter(|line| line.contains(" rw") && !line.contains("[stack")) {
            let range = line.split(' ').next().unwrap();
            let (start, end) = range.split_once('-').unwrap();
            let start = usize::from_str_radix(start, 16).unwrap();
            let end = usize::from_str_radix(end, 16).unwrap();
            if (start..end).contains(&this_stack) {
                continue;
            }
            memory.seek(SeekFrom::Start(start.try_into().unwrap())).unwrap();
            // This copy contains every match, and must not be searched itself.
            let mut copy = Zeroizing::new(vec![0; end - start]);
            if memory.read_exact(&mut copy).is_err() {
                continue;
            }
            let hits = copy.windows(LENGTH).filter(|w| needles.iter().any(|n| n.is_at(w)));
            found += hits.count();
        }
        found
    }

    fn fixture(file: &str) -> Zeroizing<Vec<u8>> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pfx");
        Zeroizing::new(std::fs::read(folder.join(file)).unwrap())
    }

    fn pem_of(contents: &akv_core::bundle::Parts) -> Zeroizing<Vec<u8>> {
        let block = |label, der| {
            let base64 = base64::engine::general_purpose::STANDARD.encode(der);
            format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
        };
        let key = block("PRIVATE KEY", contents.keys[0].pkcs8());
        let leaf = block("CERTIFICATE", contents.certificates[0].der());
        Zeroizing::new([key, leaf].concat().into_bytes())
    }

    /// One test, so that no other thread has a key during the search.
    #[test]
    fn no_key_stays_in_freed_memory() {
        for (file, password) in [
            ("ossl-modern-rsa2048.pfx", "Pässw0rd!"),
            ("ossl-legacy-rsa4096.pfx", "Pässw0rd!"),
            ("ossl-modern-P-256.pfx", "Pässw0rd!"),
            ("bc-ks-default-rsa4096.pfx", "Pässw0rd!"),
            ("bc-ks-default-P-384.pfx", "Pässw0rd!"),
            ("ossl-plain-mac.pfx", "Pässw0rd!"),
            ("ossl-emptypw-plain-nomac.pfx", ""),
        ] {
            let password = Password::from(password);
            let file_bytes = fixture(file);
            let contents = pfx::read(&file_bytes, &password).unwrap();
            let needles = needles(&contents.keys[0]);
            let pem = pem_of(&contents);
            drop(contents);

            let bundle =
                Bundle::from_pfx(&file_bytes, &password, OffsetDateTime::now_utc()).unwrap();
            let written = bundle.to_pkcs12();
            let from_pem =
                Bundle::from_pem(&pem, &Password::default(), OffsetDateTime::now_utc()).unwrap();
            let again = Bundle::from_pfx(&written, &Password::default(), OffsetDateTime::now_utc())
                .unwrap();
            drop((written, pem, file_bytes));
            assert!(occurrences(&needles) > 0, "{file}: the search does not find what is there");

            drop((bundle, from_pem, again));
            assert_eq!(occurrences(&needles), 0, "{file}: pieces of the key stay behind");
        }
    }
}
