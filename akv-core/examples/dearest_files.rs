//! The CPU time of the most expensive files that are accepted: at most 1.5 seconds each.
//!
//! `cargo run -p akv-core --example dearest_files` (the development profile optimizes the computing
//! crates)
#![expect(
    dead_code,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program that measures"
)]

#[path = "../tests/bundle/dearest.rs"]
mod dearest;
#[path = "../tests/bundle/der.rs"]
mod der;

use akv_core::bundle::BundleError;

fn main() {
    for kind in dearest::kinds() {
        // An excessive file is rejected before any work.
        let mut parts = kind.most + 20;
        let seconds = loop {
            let before = processor_time();
            match kind.open(parts) {
                Ok(()) => break processor_time() - before,
                Err(
                    BundleError::TooMuchWork { .. }
                    | BundleError::TooMany { .. }
                    | BundleError::TooLarge { .. },
                ) if parts > 0 => parts -= 1,
                Err(error) => {
                    println!("{}: {error}", kind.name);
                    break 0.0;
                }
            }
        };
        let bytes = kind.file(parts).len();
        println!("{seconds:6.2} s  {bytes:7} bytes  {parts:3} × {}", kind.name);
    }
}

/// The CPU time of this thread, in seconds (Linux).
fn processor_time() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
