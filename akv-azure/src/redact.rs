//! Removes secrets from the text of an answer before the text gets into a message or a log.
//!
//! A proxy, a gateway or a debug page can repeat the request: its bearer token, the client secret
//! of a token request, the private key of an import. Every displayed text of an answer passes
//! through the [`Redactor`] of its call.

mod letters;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use url::form_urlencoded;
use zeroize::Zeroizing;

use letters::Letters;

/// The secrets of one call. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<Secrets>);

#[derive(Default)]
struct Secrets {
    secrets: Vec<Zeroizing<String>>,
    /// Built when the first text is shown, and cached.
    pieces: OnceLock<AllPieces>,
}

#[derive(Default)]
struct AllPieces {
    /// Pieces of letters and digits only, if a secret has enough of them.
    letters: Vec<Pieces>,
    /// Pieces of the spellings, including all other characters.
    spelled: Vec<Pieces>,
}

/// The hashes of all pieces of one length.
struct Pieces {
    length: usize,
    hashes: HashSet<u64>,
}

impl Redactor {
    /// Recognizes each secret by its letters and digits, also in base64 and hexadecimal, and as
    /// forms, JSON and HTML spell it. The pieces are built only when there is a text to show.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter().filter(|secret| secret.len() >= SHORTEST);
        let secrets = secrets.map(|secret| Zeroizing::new(secret.to_owned())).collect();
        Self(Arc::new(Secrets { secrets, pieces: OnceLock::new() }))
    }

    /// The secrets of a token request: the fields and headers that prove the identity.
    pub(crate) fn of_token_request(form: &[u8], headers: &[&str]) -> Self {
        let fields: Vec<Zeroizing<String>> = form_urlencoded::parse(form)
            .filter(|(name, _)| SECRET_FIELDS.contains(&&**name))
            .map(|(_, value)| Zeroizing::new(value.into_owned()))
            .collect();
        Self::new(fields.iter().map(|field| field.as_str()).chain(headers.iter().copied()))
    }

    /// The text without the secrets of this call, without pieces of them, and without anything that
    /// resembles a token or a key.
    pub(crate) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut covered = vec![false; text.len()];
        self.cover_secrets(text, &mut covered);
        cover_lookalikes(text, &mut covered);
        if covered.contains(&true) { Cow::Owned(without(text, &covered)) } else { text.into() }
    }

    /// One line of at most 400 characters for display.
    pub(crate) fn line(&self, text: &str) -> String {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = self.redact(&line);
        let mut short: String = line.chars().take(LINE).collect();
        if short.len() < line.len() {
            short.push('…');
        }
        akv_core::text::printable(&short).into_owned()
    }

    /// A code or a request ID: shown only if it has that form.
    pub(crate) fn identifier(&self, text: &str) -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.:-".contains(&b);
        let looks_like_one = (1..=LONGEST_IDENTIFIER).contains(&text.len())
            && text.bytes().all(plain)
            && !text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_random)
            && matches!(self.redact(text), Cow::Borrowed(_));
        if looks_like_one { text.to_owned() } else { UNREADABLE.to_owned() }
    }

    /// Covers every piece of a secret that has at least [`PIECE`] bytes, and short secrets as a
    /// whole.
    fn cover_secrets(&self, text: &str, covered: &mut [bool]) {
        let all = self.0.pieces.get_or_init(|| self.0.pieces());
        if !all.letters.is_empty() {
            for letters in [Letters::as_written(text), Letters::as_meant(text)] {
                for (at, length) in found(&all.letters, &letters.letters) {
                    let place = letters.place(at, length);
                    cover(covered, place.start, place.len());
                }
            }
        }
        if !all.spelled.is_empty() {
            let lower = Zeroizing::new(text.to_ascii_lowercase().into_bytes());
            found(&all.spelled, &lower).for_each(|(at, length)| cover(covered, at, length));
        }
    }
}

/// The positions of pieces in a text, and their length.
fn found(all: &[Pieces], text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    all.iter().flat_map(move |Pieces { length, hashes }| {
        let windows = text.windows(*length).enumerate();
        windows
            .filter(|(_, window)| hashes.contains(&fingerprint(window)))
            .map(|(at, _)| (at, *length))
    })
}

impl Secrets {
    fn pieces(&self) -> AllPieces {
        let mut all = AllPieces::default();
        for secret in &self.secrets {
            let small = secret.len() <= LONGEST_SPELLED;
            if small {
                let spellings = spellings_of(secret).map(lowercase);
                spellings.for_each(|spelling| add(&mut all.spelled, &spelling));
            }
            if Letters::as_meant(secret).letters.len() < FEWEST_LETTERS {
                continue;
            }
            let encodings = encodings_of(secret).filter(|_| small);
            for text in std::iter::once(secret.clone()).chain(encodings) {
                for letters in [Letters::as_written(&text), Letters::as_meant(&text)] {
                    add(&mut all.letters, &letters.letters);
                }
            }
        }
        all
    }
}

fn add(all: &mut Vec<Pieces>, secret: &[u8]) {
    let length = PIECE.min(secret.len());
    let hashes = secret.windows(length).map(fingerprint);
    match all.iter_mut().find(|pieces| pieces.length == length) {
        Some(pieces) => pieces.hashes.extend(hashes),
        None => all.push(Pieces { length, hashes: hashes.collect() }),
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

fn spellings_of(secret: &str) -> impl Iterator<Item = Zeroizing<String>> {
    let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    [
        // Some encoders leave `~` as it is (RFC 3986), and write a space as `%20`.
        form.replace("%7E", "~").replace('+', "%20"),
        form,
        secret.escape_debug().collect(),
        html.replace('"', "&quot;"),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        secret.to_owned(),
    ]
    .into_iter()
    .map(Zeroizing::new)
}

/// A secret in base64, at every offset in the encoded bytes, and in hexadecimal.
fn encodings_of(secret: &str) -> impl Iterator<Item = Zeroizing<String>> {
    let base64 = (0..3).map(move |before| {
        let bytes = Zeroizing::new([&vec![0; before], secret.as_bytes()].concat());
        let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(&bytes));
        // The first characters also encode the preceding bytes.
        Zeroizing::new(encoded.chars().skip(if before == 0 { 0 } else { before + 1 }).collect())
    });
    let hexadecimal = secret.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    base64.chain(std::iter::once(Zeroizing::new(hexadecimal)))
}

/// Parsing a URL lower-cases its host, so letter case does not count.
#[expect(clippy::needless_pass_by_value, reason = "it is zeroized here")]
fn lowercase(text: Zeroizing<String>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.bytes().map(|b| b.to_ascii_lowercase()).collect())
}

/// Whether a byte belongs to a run.
type InRun = fn(u8) -> bool;
/// Whether a run is a secret, by its own bytes and the bytes before it.
type IsSecret = fn(&[u8], &[u8]) -> bool;

/// Covers everything that resembles a bearer token, a JWT or encoded bytes, whatever its origin.
fn cover_lookalikes(text: &str, covered: &mut [bool]) {
    let bytes = text.as_bytes();
    let runs: [(InRun, IsSecret); 3] = [
        (is_token68, |run, before| {
            let jwt = run.starts_with(b"eyJ") && run.contains(&b'.');
            let bearer = before.trim_ascii_end().to_ascii_lowercase().ends_with(b"bearer");
            run.len() >= SHORTEST_TOKEN && (jwt || bearer)
        }),
        (|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b), |run, _| run.len() >= ENCODED),
        (|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b), |run, _| run.len() >= ENCODED),
    ];
    for (belongs, is_secret) in runs {
        let mut at = 0;
        for run in bytes.split(|b| !belongs(*b)) {
            if is_secret(run, bytes.get(..at).unwrap_or_default()) {
                cover(covered, at, run.len());
            }
            at += run.len() + 1;
        }
    }
}

/// The characters of a bearer token (RFC 6750 2.1).
fn is_token68(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)
}

/// Encoded keys have letters of both cases and digits in a run this long; codes and IDs do not.
fn is_random(run: &str) -> bool {
    let has = |which: fn(&u8) -> bool| run.as_bytes().iter().any(which);
    run.len() >= RANDOM
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

fn fingerprint(piece: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(piece);
    hasher.finish()
}

fn cover(covered: &mut [bool], at: usize, length: usize) {
    covered.iter_mut().skip(at).take(length).for_each(|byte| *byte = true);
}

fn without(text: &str, covered: &[bool]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut inside = false;
    for (at, character) in text.char_indices() {
        let hidden = covered.iter().skip(at).take(character.len_utf8()).any(|byte| *byte);
        if !hidden {
            shown.push(character);
        } else if !inside {
            shown.push_str(REDACTED);
        }
        inside = hidden;
    }
    shown
}

const REDACTED: &str = "(redacted)";
const UNREADABLE: &str = "(unreadable)";
/// The fields of a token request that prove an identity.
const SECRET_FIELDS: &[&str] =
    &["client_secret", "client_assertion", "assertion", "password", "refresh_token", "code"];
/// A shorter secret would match in every text.
const SHORTEST: usize = 4;
/// A piece of a secret of this many bytes is covered.
const PIECE: usize = 12;
/// A secret with fewer letters and digits would match in every text.
const FEWEST_LETTERS: usize = 8;
/// A whole file is recognized by its letters only: any long encoded text resembles a key.
const LONGEST_SPELLED: usize = 16 << 10;
const SHORTEST_TOKEN: usize = 16;
/// The length of a PEM line of encoded bytes.
const ENCODED: usize = 60;
const RANDOM: usize = 24;
const LONGEST_IDENTIFIER: usize = 128;
const LINE: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "S3cr&t~\"w<x>y z+of/the=client";

    #[test]
    fn covers_a_secret_in_every_spelling_and_in_pieces() {
        let redactor = Redactor::new([SECRET]);
        for spelling in spellings_of(SECRET) {
            for piece in [spelling.as_str(), &spelling[..PIECE], &spelling[4..4 + PIECE]] {
                let message = redactor.redact(&format!("before {piece} after")).into_owned();
                assert_eq!(message, "before (redacted) after", "{piece}");
                let upper = redactor.redact(&piece.to_uppercase()).into_owned();
                assert_eq!(upper, "(redacted)", "{piece}");
            }
        }
        assert_eq!(Redactor::new(["t0ken"]).redact("a t0ken."), "a (redacted).");
    }

    #[test]
    fn covers_a_secret_however_it_is_broken_up() {
        let redactor = Redactor::new([SECRET]);
        let between = |mark: &str, every: usize, secret: &str| {
            let secret: Vec<char> = secret.chars().collect();
            let pieces = secret.chunks(every).map(|piece| piece.iter().collect::<String>());
            pieces.collect::<Vec<_>>().join(mark)
        };
        let each = |write: fn(char) -> String| SECRET.chars().map(write).collect::<String>();
        for message in [
            between(" ", 4, SECRET),
            between("\r\n", 11, SECRET),
            between("\u{200b}", 1, SECRET),
            between("\0", 1, SECRET),
            between("-", 5, &STANDARD_NO_PAD.encode(format!("x{SECRET}"))),
            between(" ", 6, &STANDARD_NO_PAD.encode(format!("xy{SECRET}"))),
            each(|c| format!("{:02x}:", u32::from(c))),
            each(|c| format!("%{:02x}", u32::from(c))),
            each(|c| format!("%25{:02X}", u32::from(c))),
            each(|c| format!("&#{};", u32::from(c))),
            each(|c| format!("&amp;#x{:x};", u32::from(c))),
            each(|c| format!("\\u{:04x}", u32::from(c))),
            each(|c| format!("\\{:03o}", u32::from(c))),
        ] {
            let shown = redactor.redact(&message).into_owned();
            let left = Letters::as_meant(&shown.replace("(redacted)", "")).letters.len();
            assert!(left < 8, "{message:?} is shown as {shown:?}");
        }
    }

    #[test]
    fn covers_lookalikes_of_tokens_and_keys() {
        let redactor = Redactor::default();
        let line = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7VJTUt9Us8c";
        for secret in ["Bearer abcdefghijklmnop", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x", line] {
            let message = redactor.redact(secret).into_owned();
            let word = secret.rsplit(' ').next().expect("a word");
            assert!(message.contains("(redacted)") && !message.contains(word), "{message}");
        }
        for words in [
            "Bearer token is missing",
            "does not have authorization to perform action 'Microsoft.KeyVault/vaults/read' over \
             scope '/subscriptions/0b1ec700-0000-4000-8000-000000000001/resourceGroups/Pki-Prod/\
             providers/Microsoft.KeyVault/vaults/contoso'",
            "AADSTS700016: Application with identifier '0b1ec700-0000-4000-8000-000000000001' was \
             not found",
        ] {
            assert_eq!(redactor.redact(words), words);
        }
    }

    #[test]
    fn shows_an_identifier_only_in_its_own_alphabet() {
        let redactor = Redactor::new(["MARKER-TOKEN-OF-THE-MACHINE"]);
        for plain in [
            "ForbiddenByRbac",
            "LocationNotAvailableForResourceType",
            "AADSTS7000215",
            "0b1ec700-0000-4000-8000-000000000001",
            "WESTEUROPE:20261126T032636Z:0b1ec700-0000-4000-8000-000000000001",
        ] {
            assert_eq!(redactor.identifier(plain), plain);
        }
        let long = "a".repeat(129);
        for odd in [
            "",
            "a b",
            "a\u{1b}[2J",
            "a\r\nb",
            "\u{202e}x",
            long.as_str(),
            "MARKER-TOKEN-OF-THE-MACHINE",
            "x.marker-token-of-the.y",
            "MIIEvgIBADANBgkqhkiG9w0BAQEFAASC",
        ] {
            assert_eq!(redactor.identifier(odd), UNREADABLE, "{odd:?}");
        }
    }

    #[test]
    fn a_token_request_names_its_secrets() {
        let form = b"client_id=public-client-id&client_secret=S3cret%2Bof%2Fthe~client&scope=x";
        let redactor = Redactor::of_token_request(form, &["header-of-app-service"]);
        let message = redactor.line(
            "S3cret+of/the~client S3cret%2Bof%2Fthe~client header-of-app-service public-client-id",
        );
        assert_eq!(message, "(redacted) (redacted) (redacted) public-client-id");
    }
}
