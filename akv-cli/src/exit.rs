//! The exit codes: documented, so that scripts can rely on them.

use akv_core::job::Status;

/// The result of the program for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: everything that was requested is in effect.
    Success,
    /// 3: completed with warnings; nothing was damaged.
    Warning,
    /// 4: failed.
    Failure,
    /// 5: the changes were made, but the result could not be written; standard error describes the
    /// changes.
    Unwritten,
    /// 6: a finding of a report matches `--fail-on`.
    Matched,
}

/// 2: a usage error, as in clap and most tools.
pub(crate) const USAGE: u8 = 2;

impl From<Status> for Exit {
    fn from(status: Status) -> Self {
        match status {
            Status::Success => Self::Success,
            Status::Warning => Self::Warning,
            Status::Failure => Self::Failure,
        }
    }
}

impl Exit {
    /// The code for the caller.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Warning => 3,
            Self::Failure => 4,
            Self::Unwritten => 5,
            Self::Matched => 6,
        }
    }
}
