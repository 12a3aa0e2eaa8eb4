//! The largest accepted files, designed to take as much memory as possible, take a few megabytes.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod tests {
    use akv_core::Password;
    use akv_core::bundle::{X509, pem, pfx};

    const FILE: usize = 1024 * 1024;

    /// The peak memory of this process, in bytes.
    fn peak() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
    }

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let octets = content.len().to_be_bytes();
        let first = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len() - 1);
        let count = u8::try_from(octets.len() - first).unwrap();
        let long = (content.len() >= 0x80).then_some(0x80 | count);
        [&[tag], long.as_slice(), &octets[first..], content].concat()
    }

    /// As many copies of `element` as fit.
    fn many(element: &[u8]) -> Vec<u8> {
        element.repeat((FILE - 200) / element.len())
    }

    const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";

    fn data(content: &[u8]) -> Vec<u8> {
        tlv(0x30, &[DATA, &tlv(0xa0, &tlv(0x04, content))].concat())
    }

    fn file(safes: &[u8]) -> Vec<u8> {
        tlv(0x30, &[b"\x02\x01\x03", &data(&tlv(0x30, safes))[..]].concat())
    }

    /// A certificate of about this many bytes that takes as much memory as possible: its subject
    /// has very many attributes.
    fn certificate(bytes: usize) -> Vec<u8> {
        let attribute = b"\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01a";
        let name = tlv(0x30, &attribute.repeat((bytes - 200) / attribute.len()));
        let rsa = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
        let validity = b"\x30\x1e\x17\x0d260101000000Z\x17\x0d270101000000Z";
        let spki = [&rsa[..], b"\x03\x02\x00\x00"].concat();
        let tbs = [b"\x02\x01\x01", &rsa[..], b"\x30\x00", validity, &name, &tlv(0x30, &spki)];
        tlv(0x30, &[&tlv(0x30, &tbs.concat())[..], rsa, b"\x03\x02\x00\x00"].concat())
    }

    fn certificate_bag(certificate: &[u8]) -> Vec<u8> {
        let x509 = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
        let bag = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
        let value = tlv(0x30, &[&x509[..], &tlv(0xa0, &tlv(0x04, certificate))].concat());
        tlv(0x30, &[&bag[..], &tlv(0xa0, &value)].concat())
    }

    /// One test, because the peak is of the whole process.
    #[test]
    fn hostile_files_take_a_few_megabytes() {
        let empty_safe =
            b"\x30\x11\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x04\x04\x02\x30\x00";
        let tiny_bag = b"\x30\x07\x06\x01\x2a\xa0\x02\x05\x00";
        let block = b"-----BEGIN A-----\n\n-----END A-----\n";
        let files = [
            file(&many(empty_safe)),
            file(&data(&tlv(0x30, &many(tiny_bag)))),
            file(&many(&[0x05, 0x00])),
            many(block),
            certificate(FILE - 2000),
            file(&data(&tlv(0x30, &many(&certificate_bag(&certificate(60_000)))))),
        ];
        assert!(X509::from_der(&certificate(60_000)).is_ok(), "this one is really parsed");
        let password = Password::from("secret");
        for (number, file) in files.iter().enumerate() {
            let before = peak();
            // The result does not matter.
            drop(pfx::read(file, &password));
            drop(pem::read(file, &password));
            let grown = peak() - before;
            assert!(grown < 8 * FILE, "file {number} takes {grown} bytes");
        }
    }
}
