//! DER encoding into zeroized memory.

use der::Encode;
use zeroize::Zeroizing;

/// Encodes `value` into a buffer of exactly its length: a buffer that grew would leave copies.
pub(super) fn encode(value: &impl Encode) -> der::Result<Zeroizing<Vec<u8>>> {
    let mut output = Zeroizing::new(vec![0; usize::try_from(value.encoded_len()?)?]);
    value.encode_to_slice(&mut output)?;
    Ok(output)
}
