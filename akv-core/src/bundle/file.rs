//! Detects the format of a file by its content, because names and options are often wrong.
//!
//! PKCS#12 and PEM are extracted from unambiguous wrappings: base64, UTF-16, PEM armor around
//! PKCS#12. Errors name other formats, and recognizable damage from a transfer.

use zeroize::Zeroizing;

use super::error::BundleError;
use super::parts::{self, Parts};
use super::{pem, pfx};
use crate::secret::Password;
use crate::text::{self, NotText};

/// Reads a PKCS#12 or PEM file and detects its format. An empty password means no password.
///
/// ```
/// use akv_core::Password;
/// use akv_core::bundle::{self, BundleError};
/// let error = bundle::read(b"PK\x03\x04", &Password::default()).unwrap_err();
/// assert!(error.to_string().contains("is a ZIP archive"), "{error}");
/// ```
pub fn read(bytes: &[u8], password: &Password) -> Result<Parts, BundleError> {
    parts::check_size(bytes)?;
    let mut unwrapped: Zeroizing<Vec<u8>>;
    let mut bytes = bytes;
    for _ in 0..=MAX_WRAPPINGS {
        unwrapped = match Form::of(bytes) {
            Form::Der => return pfx::read(bytes, password),
            Form::Pem => return pem::read(bytes, password),
            Form::Wrapped(content) => content,
            Form::Other(looks) => return Err(BundleError::NotABundle { looks }),
        };
        bytes = &unwrapped;
    }
    Err(BundleError::NotABundle { looks: "is base64 of base64: decode it first (`base64 -d`)" })
}

/// The encoding of a file's content.
enum Form {
    Der,
    Pem,
    /// Text in UTF-16, or base64: the decoded content.
    Wrapped(Zeroizing<Vec<u8>>),
    /// Another format, as a description.
    Other(&'static str),
}

impl Form {
    fn of(bytes: &[u8]) -> Self {
        if let Some(looks) = made_text(bytes) {
            return Self::Other(looks);
        }
        if is_der(bytes) {
            return Self::Der;
        }
        if let Some(looks) = other_format(bytes) {
            return Self::Other(looks);
        }
        let behind_blanks = bytes.strip_prefix(MARK).unwrap_or(bytes).trim_ascii_start();
        if is_der(behind_blanks) {
            return Self::Wrapped(Zeroizing::new(behind_blanks.to_vec()));
        }
        if let Some(text) = utf16(bytes) {
            return match text::decode(&text) {
                Ok(text) => Self::Wrapped(Zeroizing::new(text.as_bytes().to_vec())),
                Err(NotText::Nul) => Self::Other(
                    "is a binary file that was saved as UTF-16 text: transfer it as binary",
                ),
                Err(_) => Self::Other("is damaged UTF-16 text: save it as UTF-8"),
            };
        }
        let text = unquoted(bytes);
        if text.is_empty() {
            return Self::Other("is empty");
        }
        if text.starts_with(b"-----BEGIN%20") || text.starts_with(b"-----BEGIN+") {
            return Self::Other("is URL-encoded text: decode it first");
        }
        if pem::is_armored(text) {
            return Self::Pem;
        }
        Self::of_text(text)
    }

    fn of_text(text: &[u8]) -> Self {
        let begins = |with: &[&str]| {
            with.iter().any(|with| {
                text.get(..with.len()).is_some_and(|it| it.eq_ignore_ascii_case(with.as_bytes()))
            })
        };
        if begins(&["<!doctype", "<html", "<?xml"]) {
            return Self::Other("is a web page or XML: download the file itself");
        }
        if begins(&["{", "["]) {
            return Self::Other("is JSON: use the certificate that it contains");
        }
        if begins(&["PuTTY-User-Key-File"]) {
            return Self::Other("is a PuTTY SSH key without a certificate");
        }
        if begins(&["3082", "0x3082", "3080", "30 82", "30:82"]) {
            return Self::Other("is written in hexadecimal: decode it first (`xxd -r -p`)");
        }
        let text = data_of_url(text).unwrap_or(text);
        // Line ends may be escaped as `\n`.
        match text::from_base64(&pem::without_white_space(text)) {
            Some(content) if !content.is_empty() => Self::Wrapped(content),
            _ if begins(&["MII", "MIA", "LS0tLS1"]) => {
                Self::Other("is damaged or incomplete base64 text: copy it again")
            }
            _ => Self::Other("starts like neither of them"),
        }
    }
}

/// The description of a format that is neither PKCS#12 nor PEM, by its signature.
pub(super) fn other_format(bytes: &[u8]) -> Option<&'static str> {
    OTHERS.iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, looks)| *looks)
}

/// The data after `data:application/x-pkcs12;base64,`.
fn data_of_url(text: &[u8]) -> Option<&[u8]> {
    let comma = text.iter().take(LONGEST_MEDIA_TYPE).position(|byte| *byte == b',')?;
    let (head, data) = text.split_at_checked(comma)?;
    (head.starts_with(b"data:") && head.ends_with(b";base64")).then(|| data.get(1..))?
}

/// Whether the bytes begin with a SEQUENCE and not with a text that begins with `0`.
fn is_der(bytes: &[u8]) -> bool {
    match bytes {
        [SEQUENCE, 0x80..=0x84, ..] | [SEQUENCE] => true,
        [SEQUENCE, length, rest @ ..] => usize::from(*length) == rest.len(),
        _ => false,
    }
}

/// The recognizable damage that a text channel did to a DER file.
fn made_text(bytes: &[u8]) -> Option<&'static str> {
    let (&first, rest) = bytes.split_first()?;
    if first != SEQUENCE {
        return None;
    }
    if bytes.is_ascii() {
        // Every key and certificate has octets above 127; a text has none.
        let binary =
            rest.iter().take(64).any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
        return (binary && !is_der(bytes)).then_some(
            "was handled as text, and bytes above 127 were replaced by question marks: transfer \
             it as binary",
        );
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let binary = text.chars().take(64).any(|c| c.is_control() && !c.is_whitespace());
        return binary.then_some(if text.contains(char::REPLACEMENT_CHARACTER) {
            "was handled as text, and bytes were replaced by UTF-8 replacement characters: \
             transfer it as binary"
        } else {
            "was converted to UTF-8 as if it were text: transfer it as binary"
        });
    }
    has_converted_line_ends(bytes).then_some(
        "was handled as text, and its line feeds were converted to CR LF (git, FTP in text mode): \
         transfer it as binary, for git with `*.pfx binary` in .gitattributes",
    )
}

/// Whether a carriage return precedes each line feed, which does not happen by chance: at least
/// three times, or fewer if the file has its declared length without them.
fn has_converted_line_ends(bytes: &[u8]) -> bool {
    let mut feeds = bytes.split(|byte| *byte == b'\n');
    // The data after the last line feed contains none.
    feeds.next_back();
    let mut pairs = 0;
    let converted = feeds.all(|before| {
        pairs += 1;
        before.ends_with(b"\r")
    });
    let fits = || {
        let mut original: Vec<u8> = Vec::with_capacity(MAX_HEADER);
        for (position, byte) in bytes.iter().enumerate() {
            if *byte != b'\r' || bytes.get(position + 1) != Some(&b'\n') {
                original.push(*byte);
            }
            if original.len() == MAX_HEADER {
                break;
            }
        }
        total_length(&original) == Some(bytes.len() - pairs)
    };
    converted && (pairs > 2 || (pairs > 0 && fits()))
}

/// The length of a DER element according to its header, including the header.
fn total_length(header: &[u8]) -> Option<usize> {
    let count = usize::from(header.get(1)?.checked_sub(0x80)?);
    let octets = header.get(2..2 + count).filter(|_| (1..=4).contains(&count))?;
    let length = octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
    Some(2 + count + length)
}

/// A UTF-16 text with a byte order mark. A missing mark is added if every second byte is zero.
fn utf16(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const SHOWN: usize = 16;
    let units = bytes.get(..SHOWN).unwrap_or(bytes).as_chunks::<2>().0;
    let all = |which: fn(&[u8; 2]) -> bool| !units.is_empty() && units.iter().all(which);
    let mark: &[u8] = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => &[],
        _ if all(|[low, high]| *high == 0 && is_text(*low)) => &[0xff, 0xfe],
        _ if all(|[high, low]| *high == 0 && is_text(*low)) => &[0xfe, 0xff],
        _ => return None,
    };
    let mut marked = Zeroizing::new(Vec::with_capacity(mark.len() + bytes.len()));
    marked.extend_from_slice(mark);
    marked.extend_from_slice(bytes);
    Some(marked)
}

fn is_text(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte.is_ascii_whitespace()
}

/// The text without a byte order mark, surrounding white space and quotes.
fn unquoted(bytes: &[u8]) -> &[u8] {
    let text = bytes.strip_prefix(MARK).unwrap_or(bytes).trim_ascii();
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner.trim_ascii(),
        _ => text,
    }
}

/// Other formats by their first bytes, with the remedy.
pub(super) const OTHERS: &[(&[u8], &str)] = &[
    (
        &[0xfe, 0xed, 0xfe, 0xed],
        "is a Java keystore (JKS): convert it with `keytool -importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype PKCS12`",
    ),
    (
        &[0xce, 0xce, 0xce, 0xce],
        "is a Java keystore (JCEKS): convert it with `keytool -importkeystore -srckeystore old.jceks -srcstoretype JCEKS -destkeystore new.p12 -deststoretype PKCS12`",
    ),
    (&[0, 0, 0, 1, 0, 0, 0, 20], BKS),
    (&[0, 0, 0, 2, 0, 0, 0, 20], BKS),
    (
        b"\0\0\0\0CERT",
        "is a certificate store of Windows (SST), which has no private keys: export the certificate with its key as PFX",
    ),
    (
        &[0x1e, 0xf1, 0xb5, 0xb0],
        "is a private key without a certificate (PVK): join them with `pvk2pfx`",
    ),
    (b"PK\x03\x04", "is a ZIP archive: unpack it first"),
    (&[0x1f, 0x8b], "is compressed with gzip: unpack it first"),
];

const BKS: &str = "is a BouncyCastle keystore (BKS): convert it with `keytool -importkeystore -srckeystore old.bks -srcstoretype BKS -provider org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath bcprov.jar -destkeystore new.p12 -deststoretype PKCS12`";

/// Base64 twice, in UTF-16, around PEM.
const MAX_WRAPPINGS: usize = 4;
const MAX_HEADER: usize = 6;
const LONGEST_MEDIA_TYPE: usize = 128;
/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
const SEQUENCE: u8 = 0x30;
