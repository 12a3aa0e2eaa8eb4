//! The programs that are measured, each a process of its own.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::{Result, VAULT};

/// The two programs in release builds.
pub(crate) struct Programs {
    pub(crate) akv: PathBuf,
    fake: PathBuf,
}

impl Programs {
    pub(crate) fn build() -> Result<Self> {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--bin", "akv", "--bin", "akv-fake"])
            .args(["--package", "akv-cli", "--package", "akv-testkit"])
            .args(["--features", "akv-testkit/cli"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()?;
        if !built.success() {
            return Err("the programs could not be built".into());
        }
        // This example is target/release/examples/speed.
        let here = std::env::current_exe()?;
        let release = here.parent().and_then(Path::parent).ok_or("no target folder")?;
        let program =
            |name: &str| release.join(name).with_extension(std::env::consts::EXE_EXTENSION);
        Ok(Self { akv: program("akv"), fake: program("akv-fake") })
    }

    pub(crate) fn fake(&self, args: &[&str]) -> Result<Fake> {
        let dir = tempfile::tempdir()?;
        let start = Instant::now();
        let mut child = Command::new(&self.fake)
            .arg("--dir")
            .arg(dir.path())
            .args(["--vault", VAULT])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let started = start.elapsed();
        if !line.starts_with("ready") {
            return Err(format!("akv-fake said {line:?}").into());
        }
        Ok(Fake { child, dir, started })
    }

    pub(crate) fn inventory(&self, fake: &Fake, args: &[&str]) -> Result<Run> {
        self.run(fake, &[&["inventory", VAULT, "--output", "jsonl"], args].concat())
    }

    pub(crate) fn run(&self, fake: &Fake, args: &[&str]) -> Result<Run> {
        // A file, because a reader of a pipe would work on the same processors.
        let file = fake.dir.path().join("stdout");
        let (start, cpu) = (Instant::now(), cpu_of_children());
        let mut child = Command::new(&self.akv)
            .args(args)
            .arg("--cloud-file")
            .arg(fake.dir.path().join("cloud.json"))
            .envs(fake.environment()?)
            .stdout(File::create(&file)?)
            .stderr(Stdio::piped())
            .spawn()?;
        let process = child.id();
        let (ended, still_running) = mpsc::channel::<()>();
        let watch = std::thread::spawn(move || {
            let mut peak = 0.0_f64;
            while still_running.recv_timeout(WATCH) == Err(RecvTimeoutError::Timeout) {
                peak = peak.max(resident_peak(process));
            }
            peak
        });
        let status = child.wait()?;
        let wall = start.elapsed().as_secs_f64();
        drop(ended);
        let peak = watch.join().map_err(|_| "the watch failed")?;
        let stdout = std::fs::read(&file)?;
        if !status.success() {
            let mut said = String::new();
            child.stderr.take().ok_or("no messages")?.read_to_string(&mut said)?;
            return Err(format!("akv {args:?} ended with {status}: {said}").into());
        }
        Ok(Run { wall, cpu: cpu_of_children() - cpu, peak, stdout })
    }
}

pub(crate) struct Run {
    pub(crate) wall: f64,
    /// Seconds of processor time, user and system.
    pub(crate) cpu: f64,
    pub(crate) peak: f64,
    pub(crate) stdout: Vec<u8>,
}

impl Run {
    pub(crate) fn lines(&self) -> f64 {
        let lines = self.stdout.iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(lines).map_or(f64::INFINITY, f64::from)
    }
}

/// The peak memory of a process in MiB; 0 if the system does not report it.
fn resident_peak(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.unwrap_or_default() / 1024.0
}

/// The processor time of all children that have ended, in seconds; 0 if the system does not report it.
pub(crate) fn cpu_of_children() -> f64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is a name in parentheses; the times are fields 16 and 17.
    let after_name = status.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let times = after_name.split_whitespace().skip(13).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_OF_A_SECOND
}

/// How often the memory is looked at.
const WATCH: Duration = Duration::from_millis(5);
/// Of the system's user interface (`USER_HZ`), on every architecture that Rust supports.
const TICKS_OF_A_SECOND: f64 = 100.0;

/// A running `akv-fake`, ended when dropped.
pub(crate) struct Fake {
    child: Child,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) started: Duration,
}

impl Fake {
    /// The variables that `env.sh` exports.
    pub(crate) fn environment(&self) -> Result<Vec<(String, String)>> {
        let text = std::fs::read_to_string(self.dir.path().join("env.sh"))?;
        let exports = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        Ok(exports.map(|(name, value)| (name.into(), value.trim_matches('\'').into())).collect())
    }

    pub(crate) fn variable(&self, wanted: &str) -> Result<String> {
        let found = self.environment()?.into_iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value).ok_or_else(|| format!("no {wanted} in env.sh").into())
    }

    /// How many requests the vault received during `work`.
    pub(crate) fn vault_requests(&self, work: impl FnOnce() -> Result<()>) -> Result<f64> {
        let asked = || -> Result<f64> {
            let counts = self.counts()?;
            let operations = counts["operations"].as_object().ok_or("no operations")?;
            let vault = operations.iter().filter(|(name, _)| name.contains("Certificate"));
            Ok(vault.filter_map(|(_, count)| count.as_f64()).sum())
        };
        let before = asked()?;
        work()?;
        Ok(asked()? - before)
    }

    pub(crate) fn refused(&self) -> Result<f64> {
        self.counts()?["throttled"].as_f64().ok_or_else(|| "no count".into())
    }

    fn counts(&self) -> Result<Value> {
        self.asked("AKV_FAKE_CONTROL_URL", "GET", "/counts", "")
    }

    /// A token for vaults.
    pub(crate) fn vault_token(&self) -> Result<String> {
        let vault = url::Url::parse(&self.variable("AKV_FAKE_VAULT_URL")?)?;
        let (_, suffix) = vault.host_str().and_then(|it| it.split_once('.')).ok_or("no suffix")?;
        let port = vault.port().ok_or("no port")?;
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https://{suffix}:{port}/.default",
            self.variable("AZURE_CLIENT_ID")?,
            self.variable("AZURE_CLIENT_SECRET")?,
        );
        let path = format!("/{}/oauth2/v2.0/token", self.variable("AZURE_TENANT_ID")?);
        let answer = self.asked("AZURE_AUTHORITY_HOST", "POST", &path, &form)?;
        Ok(answer["access_token"].as_str().ok_or("no token")?.to_owned())
    }

    /// A request with the TLS library that the fake uses.
    fn asked(&self, origin: &str, method: &str, path: &str, form: &str) -> Result<Value> {
        let url = url::Url::parse(&self.variable(origin)?)?;
        let (host, port) = (url.host_str().ok_or("no host")?, url.port().ok_or("no port")?);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.dir.path().join("ca.pem"))?)?;
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
        let name = host.to_owned().try_into()?;
        let session = rustls::ClientConnection::new(Arc::new(config), name)?;
        let mut stream =
            rustls::StreamOwned::new(session, TcpStream::connect(("127.0.0.1", port))?);
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("no body")?;
        Ok(serde_json::from_str(body)?)
    }

    /// An inventory job as Command sends it.
    pub(crate) fn inventory_job(&self) -> Result<Value> {
        let path = [
            self.variable("AZURE_SUBSCRIPTION_ID")?,
            self.variable("AKV_FAKE_RESOURCE_GROUP")?,
            VAULT.to_owned(),
        ];
        Ok(json!({
            "Capability": "CertStores.AKV.Inventory",
            "JobHistoryId": 1,
            "ServerUsername": self.variable("AZURE_CLIENT_ID")?,
            "ServerPassword": self.variable("AZURE_CLIENT_SECRET")?,
            "CertificateStoreDetails": {
                "ClientMachine": self.variable("AZURE_TENANT_ID")?,
                "StorePath": path.join(":"),
                "Properties": "{}",
            },
        }))
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // It may have already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
