//! Encodes the structures of PKCS#12 by hand, including invalid ones.

/// Encodes one element.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let octets = length.to_be_bytes();
    let header = if length < 0x80 {
        vec![tag, u8::try_from(length).unwrap()]
    } else {
        let first = octets.iter().position(|octet| *octet != 0).unwrap();
        let count = u8::try_from(octets.len() - first).unwrap();
        [&[tag, 0x80 | count], &octets[first..]].concat()
    };
    [&header, content].concat()
}

/// The content of the element at the start of `der`.
pub(crate) fn content(der: &[u8]) -> &[u8] {
    let (start, length) = match der[1] {
        short @ 0..0x80 => (2, usize::from(short)),
        long => {
            let count = usize::from(long & 0x7f);
            let length =
                der[2..2 + count].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            (2 + count, length)
        }
    };
    &der[start..start + length]
}

pub(crate) const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
pub(crate) const KEY_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01";
pub(crate) const CERT_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
pub(crate) const PBES2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
pub(crate) const PBKDF2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
pub(crate) const SCRYPT: &[u8] = b"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
pub(crate) const HMAC_SHA512: &[u8] = b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x0b";
pub(crate) const AES_256: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a";

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// A file without an integrity check whose only safe has these bags.
pub(crate) fn file(bags: &[Vec<u8>]) -> Vec<u8> {
    let safe = tlv(0x30, &bags.concat());
    sequence(&[b"\x02\x01\x03", &data(&tlv(0x30, &data(&safe)))])
}

pub(crate) fn data(content: &[u8]) -> Vec<u8> {
    sequence(&[DATA, &tlv(0xa0, &tlv(0x04, content))])
}

pub(crate) fn bag(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[kind, &tlv(0xa0, value)])
}

pub(crate) fn encryption(kdf: &[u8], cipher: &[u8], iv: &[u8]) -> Vec<u8> {
    let cipher = sequence(&[cipher, &tlv(0x04, iv)]);
    sequence(&[PBES2, &sequence(&[kdf, &cipher])])
}
