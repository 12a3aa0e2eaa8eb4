//! Protects the process: its memory from other processes, and its data from panic messages.

use std::panic;

/// Prevents core dumps and debuggers of other processes from reading secrets in memory.
///
/// A process that cannot be protected runs anyway, as it would without the call.
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

/// A panic is a bug in this program. Its message may contain the processed data, so only the
/// position in the source is printed.
pub(crate) fn hide_panic_messages() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |it| format!(" at {it}"));
        crate::render::say(&format!("error: internal error{place}"));
    }));
}
