//! How the program ends: documented, so that scripts can rely on it.

use akv_core::job::Status;

/// What the program tells its caller by its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: everything that was asked for is so now.
    Success,
    /// 3: something that was asked for is not so, and nothing is broken.
    Warning,
    /// 4: it could not be done.
    Failure,
    /// 5: the result could not be written; standard error says what was done.
    Unwritten,
    /// 6: a report has findings that `--fail-on` names.
    Matched,
}

/// 2: a wrong command line, as clap and most tools have it.
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
