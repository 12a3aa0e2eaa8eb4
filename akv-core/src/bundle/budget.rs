//! Limits the work that a file can cause, before any of it is done.

use der::asn1::AnyRef;
use der::{Tag, Tagged};

use super::error::BundleError;

/// The remaining budget for the key derivations of one file.
///
/// The unit is one block of SHA-1 or SHA-256, about 60 ns on a processor with SHA extensions. Every
/// visible derivation is charged before the first one runs; those inside an encrypted part are
/// charged when that part has been opened.
#[derive(Debug)]
pub(super) struct Budget {
    spent: u64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { spent: 0 }
    }

    /// Charges `blocks` to the budget, or rejects the file.
    pub(super) fn spend(&mut self, blocks: u64) -> Result<(), BundleError> {
        self.spent = self.spent.saturating_add(blocks);
        if self.spent > MAX_BLOCKS {
            return Err(BundleError::TooMuchWork { claimed: self.spent, limit: MAX_BLOCKS });
        }
        Ok(())
    }
}

/// The iterations of one key derivation: at least one, at most [`MAX_ITERATIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Iterations(u32);

impl Iterations {
    /// The default of RFC 7292 for `MacData`.
    pub(super) const ONE: Self = Self(1);

    /// Parses an INTEGER of any length: counts above the limit get that error, whatever integer
    /// type would hold them.
    pub(super) fn from_der(integer: AnyRef<'_>) -> Result<Self, BundleError> {
        let bytes = integer.value();
        let negative = bytes.first().is_none_or(|byte| byte & 0x80 != 0);
        if integer.tag() != Tag::Integer || negative {
            return Err(BundleError::damaged("the key derivation", "its iteration count"));
        }
        let claimed = bytes
            .iter()
            .fold(0_u64, |sum, byte| sum.saturating_mul(0x100).saturating_add(u64::from(*byte)));
        match u32::try_from(claimed) {
            Ok(0) => Err(BundleError::damaged("the key derivation", "it has no iterations")),
            Ok(count) if claimed <= MAX_ITERATIONS => Ok(Self(count)),
            _ => Err(BundleError::TooCostly { claimed, limit: MAX_ITERATIONS }),
        }
    }

    pub(super) fn get(self) -> u32 {
        self.0
    }

    /// The same for the derivation of RFC 7292, which uses a signed count; the limit fits.
    pub(super) fn rounds(self) -> i32 {
        self.0.cast_signed()
    }
}

/// A digest with its cost and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(super) fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The cost of deriving `length` octets with PBKDF2 from a password and a salt of these
    /// lengths.
    pub(super) fn pbkdf2_cost(
        self,
        iterations: u32,
        length: usize,
        (password, salt): (usize, usize),
    ) -> u64 {
        // An HMAC hashes two blocks after its key is prepared; the salt is hashed each time.
        let output = 2 * u64::from(iterations) + self.blocks(salt);
        let outputs = units(length.div_ceil(self.size()));
        outputs.saturating_mul(output).saturating_add(self.blocks(password)) * self.weight()
    }

    /// The cost of the derivation of RFC 7292.
    pub(super) fn pkcs12_cost(
        self,
        iterations: Iterations,
        length: usize,
        (password, salt): (usize, usize),
    ) -> u64 {
        // Each output hashes password and salt once and then modifies them, octet by octet.
        let prepared = 4 * (self.blocks(password) + self.blocks(salt));
        let outputs = units(length.div_ceil(self.size()));
        outputs.saturating_mul(u64::from(iterations.get()) + prepared) * self.weight()
    }

    fn blocks(self, octets: usize) -> u64 {
        let block = if self.weight() == 1 { 64 } else { 128 };
        units(octets / block) + 1
    }

    /// The cost of a block, in the budget's unit.
    fn weight(self) -> u64 {
        // Measured on a processor with instructions for SHA-256 but not for SHA-512.
        match self {
            Self::Sha1 | Self::Sha224 | Self::Sha256 => 1,
            Self::Sha384 | Self::Sha512 => 5,
        }
    }
}

pub(super) fn units(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The most iterations of one derivation. GnuTLS and NSS write 600 000; the highest count in known
/// real files is a million.
pub(super) const MAX_ITERATIONS: u64 = 1_000_000;

/// The most work of one file, about a second on a processor with SHA extensions: a million
/// iterations of the most expensive digest, or ten times 600 000 of SHA-256. The example
/// `dearest_files` measures it.
const MAX_BLOCKS: u64 = 15_000_000;
