//! What the process gives away of itself: nothing of its memory, and no content in a panic.

use std::panic;

/// No core dump and no debugger of another process sees the secrets in memory.
///
/// A process that cannot be protected runs all the same, as it would have without asking.
pub(crate) fn protect_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}

/// A panic is a fault of this program. Its message may hold what was being read, so only the place in
/// the source is told.
pub(crate) fn tell_panics_by_place() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |it| format!(" at {it}"));
        crate::render::say(&format!("error: internal error{place}"));
    }));
}
