//! Input that holds secrets: no copy of it stays behind in memory.

use std::io::{self, ErrorKind, Read};

use zeroize::Zeroizing;

/// Reads to the end, `limit` bytes at most. The buffer grows by being copied, so that the smaller ones
/// are wiped.
pub(crate) fn read_wiped(mut from: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut all = Zeroizing::new(vec![0; FIRST]);
    let mut length = 0;
    loop {
        if length == all.len() {
            let mut larger = Zeroizing::new(vec![0; length * 2]);
            larger.iter_mut().zip(all.iter()).for_each(|(to, byte)| *to = *byte);
            all = larger;
        }
        match from.read(all.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if length > limit {
            return Err(io::Error::other(format!("it is larger than {} MiB", limit >> 20)));
        }
    }
    all.truncate(length);
    Ok(all)
}

const FIRST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_whole_and_within_the_limit() {
        for size in [0, 1, FIRST - 1, FIRST, FIRST + 1, 5 * FIRST] {
            let content: Vec<u8> =
                (0..size).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect();
            let read = read_wiped(content.as_slice(), 1 << 20).expect("read");
            assert_eq!(*read, content, "{size}");
        }
        let error = read_wiped(io::repeat(b' '), 1 << 20).expect_err("endless");
        assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
    }
}
