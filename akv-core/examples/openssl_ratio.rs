//! The CPU time for opening and converting a file, compared with `openssl pkcs12` for the same file
//! in one run.
//!
//! `cargo run --release -p akv-core --example openssl_ratio`
//!
//! Both sides are separate processes: this program starts itself for each file, as it starts
//! `openssl`. The first ratio compares whole processes. The second one excludes the start of each
//! process, measured in the same run; it is shown if the rest is more than the resolution of the
//! clock. Each figure is the least CPU time (user and system) of several runs. Linux only, because
//! it reads `/proc/self/stat`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use akv_core::Password;
use akv_core::bundle::Bundle;
use time::OffsetDateTime;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [file, password] => convert(Path::new(file), password),
        [_nothing_to_do] => {}
        _ => compare(),
    }
}

/// The measured work: as many conversions as the comparison requests.
fn convert(file: &Path, password: &str) {
    let bytes = std::fs::read(file).unwrap();
    let bundle =
        Bundle::from_pfx(&bytes, &Password::from(password), OffsetDateTime::now_utc()).unwrap();
    assert!(!bundle.to_pkcs12().is_empty());
}

fn compare() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pfx");
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let this = std::env::current_exe().unwrap();
    let own_start = least_cpu(|| with_arguments(&this, &["nothing"])).unwrap();
    let openssl_start = least_cpu(|| with_arguments(Path::new("openssl"), &["version"]));
    let Some(openssl_start) = openssl_start else {
        println!("openssl is not installed");
        return;
    };
    println!("start of a process: akv {own_start:.1} ms, openssl {openssl_start:.1} ms");
    println!("{:32} {:>9} {:>9} {:>7} {:>9}", "file", "akv ms", "openssl", "ratio", "net ratio");
    let (mut worst, mut worst_net) = (0.0_f64, 0.0_f64);
    for line in manifest.lines().skip(1) {
        let fields: Vec<_> = line.split('\t').collect();
        let [file, _, password, "yes", ..] = fields.as_slice() else { continue };
        let path = folder.join(file);
        let own = least_cpu(|| {
            let mut command = Command::new(&this);
            command.arg(&path).arg(password);
            command
        });
        let Some(openssl) = openssl(&path, password) else { continue };
        let own = own.unwrap();
        let ratio = own / openssl;
        worst = worst.max(ratio);
        let openssl_net = openssl - openssl_start;
        let net = if openssl_net > TELLING {
            let net = (own - own_start).max(0.0) / openssl_net;
            worst_net = worst_net.max(net);
            format!("{net:.2}")
        } else {
            "-".to_owned()
        };
        println!("{file:32} {own:9.1} {openssl:9.1} {ratio:7.2} {net:>9}");
    }
    println!("worst ratio: {worst:.2}, net {worst_net:.2}");
}

fn with_arguments(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Files with RC2 need OpenSSL's legacy provider, and files without an integrity check need an
/// option.
fn openssl(path: &PathBuf, password: &str) -> Option<f64> {
    for options in [&[][..], &["-legacy"], &["-nomacver"], &["-legacy", "-nomacver"]] {
        let cpu = least_cpu(|| {
            let mut command = Command::new("openssl");
            command.args(["pkcs12", "-nodes", "-passin"]).arg(format!("pass:{password}"));
            command.arg("-in").arg(path).args(options);
            command
        });
        if cpu.is_some() {
            return cpu;
        }
    }
    None
}

/// The least CPU time of several runs in milliseconds; `None` if the program fails.
fn least_cpu(command: impl Fn() -> Command) -> Option<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let before = children_cpu();
        let mut count = 0.0;
        while children_cpu() - before < MILLISECONDS_PER_RUN {
            let output = command().stdin(Stdio::null()).output().ok()?;
            if !output.status.success() {
                return None;
            }
            count += 1.0;
        }
        least = least.min((children_cpu() - before) / count);
    }
    Some(least)
}

/// The CPU time of all children so far, in milliseconds.
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name may contain spaces, so counting begins after it: the children's user and system time
    // are the sixteenth and seventeenth field of all.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).unwrap().parse::<f64>().unwrap();
    (ticks(13) + ticks(14)) * MILLISECONDS_PER_TICK
}

const RUNS: u32 = 3;
const MILLISECONDS_PER_RUN: f64 = 400.0;

/// Linux counts in hundredths of a second, whatever the kernel's own clock.
const MILLISECONDS_PER_TICK: f64 = 10.0;

/// The least time without the start of the process for a meaningful ratio.
const TELLING: f64 = 1.0;
