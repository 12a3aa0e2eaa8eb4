//! Object identifiers in certificates, with arcs of any size.

use std::fmt;

/// The content of an `OBJECT IDENTIFIER`. Identifiers under 2.25 (X.667) have arcs of 128 bits,
/// those of Candlepin arcs of 41; the crate `const-oid` is limited to 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Oid<'a>(pub(super) &'a [u8]);

impl fmt::Display for Oid<'_> {
    /// Dotted decimal notation. An arc beyond 128 bits, or an incomplete one, is a question mark.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, octets) in self.0.split_inclusive(|octet| octet & 0x80 == 0).enumerate() {
            let ends = octets.last().is_some_and(|octet| octet & 0x80 == 0);
            let arc = octets.iter().try_fold(0_u128, |sum, octet| {
                sum.checked_mul(0x80)?.checked_add(u128::from(octet & 0x7f))
            });
            match (position, arc.filter(|_| ends)) {
                // The first number holds two arcs.
                (0, Some(both)) => {
                    let first = (both / 40).min(2);
                    write!(f, "{first}.{}", both - first * 40)?;
                }
                (0, None) => f.write_str("?")?,
                (_, Some(arc)) => write!(f, ".{arc}")?,
                (_, None) => f.write_str(".?")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Oid;

    #[test]
    fn arcs_of_any_size_are_shown() {
        let uuid = [&[0x69, 0x83][..], &[0xff; 17], &[0x7f]].concat();
        for (octets, text) in [
            (&[0x55, 0x04, 0x03][..], "2.5.4.3"),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], "1.2.840.113549.1.1.11"),
            (&[0x88, 0x37, 0x03], "2.999.3"),
            (&uuid, "2.25.340282366920938463463374607431768211455"),
            (&[&[0x69][..], &[0xff; 30], &[0x7f]].concat(), "2.25.?"),
            (&[0x55, 0x84], "2.5.?"),
            (&[], ""),
        ] {
            assert_eq!(Oid(octets).to_string(), text);
        }
    }
}
