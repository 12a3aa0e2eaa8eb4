//! The extension of a Universal Orchestrator.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use akv_core::text::read_bounded;
use serde_json::Value;

use super::check::Checks;

/// An extension whose manifest claims jobs of the store type AKV.
struct Claim {
    folder: PathBuf,
    is_ours: bool,
}

pub(super) fn checks(orchestrator: &Path) -> Checks {
    let mut checks = Checks::default();
    let inner = orchestrator.join("extensions");
    let extensions = if inner.is_dir() { inner } else { orchestrator.to_owned() };
    let Ok(entries) = fs::read_dir(&extensions) else {
        let detail = format!("cannot read the directory {}", extensions.display());
        checks.problem(
            "orchestrator",
            detail,
            Some("use the directory of the orchestrator".into()),
        );
        return checks;
    };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    let claims: Vec<Claim> = folders.iter().filter_map(|folder| claim(folder)).collect();
    let names: Vec<_> = claims.iter().map(|it| it.folder.display().to_string()).collect();
    match claims.as_slice() {
        [] => checks.problem(
            "extension",
            format!("no extension in {} serves CertStores.AKV", extensions.display()),
            Some("unpack the extension's zip directly under extensions".into()),
        ),
        [_] => checks.ok("extension", format!("{} serves CertStores.AKV", names.join(""))),
        _ => checks.problem(
            "extension",
            format!("several extensions serve CertStores.AKV: {}", names.join(", ")),
            Some("move all but one of them out of the extensions directory".into()),
        ),
    }
    match claims.iter().find(|claim| claim.is_ours) {
        Some(ours) => {
            files(&mut checks, &ours.folder);
            account(&mut checks, orchestrator);
        }
        None => checks.not_checked(
            &["extension-files", "extension-version", "extension-account"],
            "this program's extension is not installed",
        ),
    }
    checks
}

fn claim(folder: &Path) -> Option<Claim> {
    let manifest = File::open(folder.join("manifest.json")).ok()?;
    let manifest: Value = serde_json::from_slice(&read_bounded(manifest, LARGEST).ok()?).ok()?;
    let jobs = manifest.get("extensions")?.as_object()?.values().filter_map(Value::as_object);
    let mut ours = jobs
        .flatten()
        .filter(|(name, _)| name.to_ascii_lowercase().starts_with("certstores.akv."))
        .map(|(_, job)| job.get("assemblypath").and_then(Value::as_str) == Some(ASSEMBLY))
        .peekable();
    ours.peek()?;
    Some(Claim { folder: folder.to_owned(), is_ours: ours.all(|is| is) })
}

fn files(checks: &mut Checks, folder: &Path) {
    let program = folder.join(PROGRAM);
    let missing: Vec<&str> =
        [PROGRAM, ASSEMBLY].into_iter().filter(|file| !folder.join(file).is_file()).collect();
    if !missing.is_empty() {
        let detail = format!("{} lacks {}", folder.display(), missing.join(" and "));
        checks.problem("extension-files", detail, Some("unpack the zip again".into()));
        return checks.not_checked(&["extension-version"], "the extension is not complete");
    }
    if !is_executable(&program) {
        let hint = format!("chmod 755 {}", program.display());
        let detail = format!("{} is not executable", program.display());
        checks.problem("extension-files", detail, Some(hint));
        return checks.not_checked(&["extension-version"], "the program cannot be started");
    }
    if is_blocked(folder) {
        let hint = format!("Get-ChildItem '{}' | Unblock-File", folder.display());
        checks.problem("extension-files", "Windows blocks the downloaded files", Some(hint));
    } else {
        checks.ok("extension-files", format!("{} is complete and executable", folder.display()));
    }
    version(checks, &program);
}

/// The version of the extension's own program, run as the orchestrator would run it.
fn version(checks: &mut Checks, program: &Path) {
    let own = concat!("akv ", env!("CARGO_PKG_VERSION"));
    if !is_safe_to_start(program) {
        let why = "other accounts than this one and the administrator can change the program, so \
                   it was not started";
        return checks.not_checked(&["extension-version"], why);
    }
    match said_version(program) {
        Some(version) if version == own => checks.ok("extension-version", version),
        Some(version) => checks.warning(
            "extension-version",
            format!("the extension's program is {version}, this one is {own}"),
            Some("install the same version everywhere".into()),
        ),
        None => checks.problem(
            "extension-version",
            format!("cannot start {}", program.display()),
            Some("install the package for this operating system and processor".into()),
        ),
    }
}

fn said_version(program: &Path) -> Option<String> {
    let mut child = Command::new(program)
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let give_up = Instant::now() + PATIENCE;
    while child.try_wait().ok()?.is_none() {
        if Instant::now() >= give_up {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = read_bounded(child.stdout.take()?, LONGEST_VERSION).ok()?;
    let line = std::str::from_utf8(&said).ok()?.lines().next()?.trim().to_owned();
    line.starts_with("akv ").then_some(line)
}

/// A user who can change the program could have it run as this account.
#[cfg(unix)]
fn is_safe_to_start(program: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = rustix::process::geteuid().as_raw();
    let is_safe = |path: &Path| {
        fs::metadata(path).is_ok_and(|it| [0, own].contains(&it.uid()) && it.mode() & 0o022 == 0)
    };
    is_safe(program) && program.parent().is_some_and(is_safe)
}

#[cfg(not(unix))]
fn is_safe_to_start(_program: &Path) -> bool {
    true
}

#[cfg(unix)]
fn is_executable(program: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(program).is_ok_and(|it| it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(program: &Path) -> bool {
    program.is_file()
}

/// Windows marks downloaded files in an alternate data stream.
fn is_blocked(folder: &Path) -> bool {
    cfg!(windows)
        && [PROGRAM, ASSEMBLY]
            .iter()
            .any(|file| fs::metadata(folder.join(format!("{file}:Zone.Identifier"))).is_ok())
}

/// The account of the systemd unit that starts the orchestrator in this directory.
fn account(checks: &mut Checks, orchestrator: &Path) {
    let folder = fs::canonicalize(orchestrator).unwrap_or_else(|_| orchestrator.to_owned());
    let units = UNITS.iter().filter_map(|units| fs::read_dir(units).ok()).flatten().flatten();
    let unit = units.map(|entry| entry.path()).find_map(|unit| {
        let text = read_bounded(File::open(&unit).ok()?, LARGEST).ok()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let name = unit.file_name()?.to_string_lossy().into_owned();
        text.contains(&*folder.to_string_lossy()).then_some((name, text))
    });
    match unit {
        Some((unit, text)) => {
            let user = text.lines().find_map(|line| line.trim().strip_prefix("User="));
            checks.ok("extension-account", format!("{unit} runs as {}", user.unwrap_or("root")));
        }
        None => checks.not_checked(
            &["extension-account"],
            if cfg!(windows) {
                "check the account of the service KeyfactorOrchestrator-Default"
            } else {
                "no systemd unit starts the orchestrator in this directory"
            },
        ),
    }
}

const ASSEMBLY: &str = "Akv.UniversalOrchestrator.dll";
const PROGRAM: &str = if cfg!(windows) { "akv.exe" } else { "akv" };
const UNITS: [&str; 3] = ["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"];
/// The largest manifest or unit, in bytes.
const LARGEST: usize = 1 << 20;
const LONGEST_VERSION: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(10);
