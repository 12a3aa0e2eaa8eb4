//! Converts BER to DER: BouncyCastle and NSS write indefinite lengths and segmented octet strings,
//! which a DER parser cannot read.
//!
//! Lengths become definite and minimal, constructed strings become primitive. Everything else stays
//! unchanged, including the contents of octet strings, so that certificates keep their signatures.

use zeroize::Zeroizing;

use super::error::BundleError;

/// The DER of the first element in `input`. Data after it is ignored, as in OpenSSL.
///
/// `part` names the input in errors. The output may contain a private key, so it is zeroized. It
/// never grows beyond its first allocation, because that would leave a copy behind.
///
/// ```
/// use akv_core::bundle::ber;
/// let in_two_pieces = [0x24, 0x80, 0x04, 0x01, b'a', 0x04, 0x01, b'b', 0x00, 0x00];
/// assert_eq!(**ber::to_der("the octets", &in_two_pieces)?, [0x04, 0x02, b'a', b'b']);
/// # Ok::<(), akv_core::bundle::BundleError>(())
/// ```
pub fn to_der(part: &'static str, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, BundleError> {
    let slack = if input.len() < 0x1_0000 { 0 } else { SLACK };
    let mut output = Zeroizing::new(Vec::with_capacity(input.len() + slack));
    match element(input, MAX_DEPTH, Form::Element, &mut output) {
        Ok(_) => Ok(output),
        Err(Fault::Short) => Err(BundleError::Truncated { found: input.len() }),
        Err(Fault::Malformed(detail)) => Err(BundleError::damaged(part, detail)),
        Err(Fault::TooDeep) => Err(BundleError::TooDeep { limit: MAX_DEPTH }),
    }
}

/// The part of an element that is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Header and content.
    Element,
    /// Only the content: it is a segment of a constructed string.
    Piece,
    /// A segmented `[0] IMPLICIT OCTET STRING`: only its position identifies it, not its tag.
    ImplicitOctetString,
}

pub(super) enum Fault {
    /// The input ends inside an element.
    Short,
    Malformed(&'static str),
    TooDeep,
}

pub(super) struct Header<'a> {
    pub(super) identifier: &'a [u8],
    /// `None` if the length is indefinite.
    pub(super) length: Option<usize>,
}

impl<'a> Header<'a> {
    /// The header at the start of `input`, and the rest.
    pub(super) fn read(input: &'a [u8]) -> Result<(Self, &'a [u8]), Fault> {
        let (&first, mut rest) = input.split_first().ok_or(Fault::Short)?;
        let mut tag_octets = 1;
        if first & LONG_TAG == LONG_TAG {
            loop {
                let (&octet, tail) = rest.split_first().ok_or(Fault::Short)?;
                (rest, tag_octets) = (tail, tag_octets + 1);
                if octet & 0x80 == 0 {
                    break;
                }
            }
        }
        let identifier = input.get(..tag_octets).ok_or(Fault::Short)?;
        let (&octet, rest) = rest.split_first().ok_or(Fault::Short)?;
        if first == 0 {
            return Err(Fault::Malformed("an end without a start"));
        }
        match octet {
            0..0x80 => Ok((Self { identifier, length: Some(usize::from(octet)) }, rest)),
            INDEFINITE => Ok((Self { identifier, length: None }, rest)),
            _ => {
                let (octets, rest) =
                    rest.split_at_checked(usize::from(octet & 0x7f)).ok_or(Fault::Short)?;
                let length = octets.iter().try_fold(0_usize, |sum, octet| {
                    sum.checked_mul(0x100)?.checked_add(usize::from(*octet))
                });
                // A length beyond usize is certainly beyond the input.
                Ok((Self { identifier, length: Some(length.ok_or(Fault::Short)?) }, rest))
            }
        }
    }

    /// The first octet of the tag.
    pub(super) fn first(&self) -> u8 {
        self.identifier.first().copied().unwrap_or_default()
    }

    fn is_constructed(&self) -> bool {
        self.first() & CONSTRUCTED != 0
    }

    /// Universal string types that BER can split into segments. BIT STRING is excluded, because no
    /// tool splits it, and joining segments takes more than appending.
    fn is_string(&self) -> bool {
        matches!(self.first() & !CONSTRUCTED, 0x04 | 0x0c | 0x12..=0x16 | 0x19..=0x1e)
    }
}

/// Writes the first element of `input` and returns the rest.
fn element<'a>(
    input: &'a [u8],
    depth: usize,
    form: Form,
    output: &mut Vec<u8>,
) -> Result<&'a [u8], Fault> {
    let depth = depth.checked_sub(1).ok_or(Fault::TooDeep)?;
    let (header, body) = Header::read(input)?;
    if form == Form::Piece && header.first() & !CONSTRUCTED != OCTET_STRING {
        return Err(Fault::Malformed("a piece of a string is not an octet string"));
    }
    let start = output.len();
    let joins = header.is_constructed() && (form != Form::Element || header.is_string());
    let rest = match header.length {
        Some(length) => {
            let (content, rest) = body.split_at_checked(length).ok_or(Fault::Short)?;
            if header.is_constructed() {
                // The end of the content is known here, so an early end is not the end of the file.
                match children(content, depth, joins, output) {
                    Ok([]) => {}
                    Ok(_) => return Err(Fault::Malformed("an end without a start")),
                    Err(Fault::Short) => {
                        return Err(Fault::Malformed("an element is longer than its container"));
                    }
                    Err(fault) => return Err(fault),
                }
            } else {
                output.extend_from_slice(content);
            }
            rest
        }
        None if header.is_constructed() => {
            children(body, depth, joins, output)?.strip_prefix(END).ok_or(Fault::Short)?
        }
        None => return Err(Fault::Malformed("a primitive element of indefinite length")),
    };
    if form != Form::Piece {
        write_header(&header, joins, start, output);
    }
    Ok(rest)
}

/// Writes the elements of `input` up to its end or an end-of-contents, and returns the rest.
fn children<'a>(
    mut input: &'a [u8],
    depth: usize,
    joins: bool,
    output: &mut Vec<u8>,
) -> Result<&'a [u8], Fault> {
    let mut before = [0_u8; 2];
    while let Some(&tag) = input.first() {
        if input.starts_with(END) {
            break;
        }
        // EncryptedContentInfo is the only structure of PKCS#12 in which a [0] follows an object
        // identifier and a sequence; that [0] is the implicit octet string.
        let form = match (joins, before, tag) {
            (true, ..) => Form::Piece,
            (false, [OBJECT_IDENTIFIER, SEQUENCE], 0xa0) => Form::ImplicitOctetString,
            _ => Form::Element,
        };
        input = element(input, depth, form, output)?;
        before = [before[1], tag];
    }
    Ok(input)
}

/// Inserts the header before the content that begins at `start`.
fn write_header(header: &Header<'_>, joins: bool, start: usize, output: &mut Vec<u8>) {
    let length = output.len() - start;
    let content_end = output.len();
    output.extend_from_slice(header.identifier);
    if joins && let Some(first) = output.get_mut(content_end) {
        *first &= !CONSTRUCTED;
    }
    let octets = length.to_be_bytes();
    let significant = octets.iter().skip_while(|octet| **octet == 0);
    if length < 0x80 {
        output.extend(significant.chain((length == 0).then_some(&0)));
    } else {
        let count = significant.clone().count();
        output.push(0x80 | u8::try_from(count).unwrap_or_default());
        output.extend(significant);
    }
    let header_length = output.len() - content_end;
    if let Some(written) = output.get_mut(start..) {
        written.rotate_right(header_length);
    }
}

/// Half as deep again as any real file: the deepest fixture has 16 levels.
pub(super) const MAX_DEPTH: usize = 24;

/// DER can be longer than BER: by one octet for each element of indefinite length that contains
/// more than 64 KiB. A file of at most 1 MiB has no more than 16 of these on each of 24 levels.
const SLACK: usize = 16 * MAX_DEPTH;

const CONSTRUCTED: u8 = 0x20;
const LONG_TAG: u8 = 0x1f;
const INDEFINITE: u8 = 0x80;
pub(super) const END: &[u8] = &[0, 0];
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests;
