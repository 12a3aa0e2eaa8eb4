//! How much work a file may cause: known before any of it is done.

use der::asn1::AnyRef;
use der::{Tag, Tagged};

use super::error::BundleError;

/// What the key derivations of one file may still cost.
///
/// The unit is one block of SHA-1 or SHA-256, about 60 ns on a processor with SHA extensions. Every
/// derivation is paid for before the first one is done, as far as the file shows them; those inside
/// an encrypted part are paid for when that part has been opened.
#[derive(Debug)]
pub(super) struct Budget {
    spent: u64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { spent: 0 }
    }

    /// Takes `blocks` from the budget or refuses the file.
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
    /// RFC 7292 gives `MacData` one iteration where it names none.
    pub(super) const ONE: Self = Self(1);

    /// Reads an INTEGER of any length: counts beyond the limit are refused as such, whatever
    /// integer type they would fit.
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

    /// The same for the derivation of RFC 7292, which counts with a sign; the limit fits.
    pub(super) fn rounds(self) -> i32 {
        self.0.cast_signed()
    }
}

/// A digest, as far as its cost and size matter here.
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

    /// What PBKDF2 costs to derive `length` octets from a password and a salt of these lengths.
    pub(super) fn pbkdf2_cost(
        self,
        iterations: u32,
        length: usize,
        (password, salt): (usize, usize),
    ) -> u64 {
        // An HMAC hashes two blocks once its key has been prepared; the salt is hashed each time.
        let output = 2 * u64::from(iterations) + self.blocks(salt);
        let outputs = units(length.div_ceil(self.size()));
        outputs.saturating_mul(output).saturating_add(self.blocks(password)) * self.weight()
    }

    /// What the derivation of RFC 7292 costs, likewise.
    pub(super) fn pkcs12_cost(
        self,
        iterations: Iterations,
        length: usize,
        (password, salt): (usize, usize),
    ) -> u64 {
        // Each output hashes password and salt once and then changes them, octet by octet.
        let prepared = 4 * (self.blocks(password) + self.blocks(salt));
        let outputs = units(length.div_ceil(self.size()));
        outputs.saturating_mul(u64::from(iterations.get()) + prepared) * self.weight()
    }

    fn blocks(self, octets: usize) -> u64 {
        let block = if self.weight() == 1 { 64 } else { 128 };
        units(octets / block) + 1
    }

    /// What a block costs, in the budget's unit.
    fn weight(self) -> u64 {
        // Measured where SHA-256 has hardware help and SHA-512 has none.
        match self {
            Self::Sha1 | Self::Sha224 | Self::Sha256 => 1,
            Self::Sha384 | Self::Sha512 => 5,
        }
    }
}

pub(super) fn units(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The most iterations of one derivation. GnuTLS and NSS write 600 000, and a million is the least
/// that real files are known to need.
pub(super) const MAX_ITERATIONS: u64 = 1_000_000;

/// The most work of one file, about a second on a processor with SHA extensions: a million iterations
/// of the dearest digest, or 600 000 of SHA-256 ten times. The example `dearest_files` measures it.
const MAX_BLOCKS: u64 = 15_000_000;
