//! The speed of `akv` with `akv-fake`, each in its own process, with a sequential baseline in the
//! same run:
//!
//! ```sh
//! cargo run --release -p akv-testkit --example speed
//! ```
//!
//! Prints a table and the same data as JSON. Arguments after `--` select the measurements whose
//! names contain one of them. It asserts nothing: the figures depend on the machine; the ratios
//! less so.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::naive_bytecount,
    reason = "a program that measures and prints"
)]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let programs = Programs::build()?;
    let mut rows = Vec::new();
    for (name, measure) in MEASUREMENTS {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            eprintln!("measuring: {name}");
            rows.extend(measure(&programs)?);
        }
    }
    println!("{:<56} {:>11} {:>11} {:>7}  compared to", "what", "measured", "reference", "ratio");
    for row in &rows {
        println!(
            "{:<56} {:>11} {:>11} {:>7.2}  {}",
            row.what,
            row.unit.shown(row.measured),
            row.unit.shown(row.reference),
            row.ratio(),
            row.reference_is
        );
    }
    let rows: Vec<Value> = rows.iter().map(Row::json).collect();
    println!("{}", serde_json::to_string_pretty(&rows)?);
    Ok(())
}

type Measurement = fn(&Programs) -> Result<Vec<Row>>;

const MEASUREMENTS: [(&str, Measurement); 7] = [
    ("start", start),
    ("inventory", inventory),
    ("requests", requests),
    ("discovery", discovery),
    ("memory", memory),
    ("budget", budget),
    ("shared budget", shared_budget),
];

fn start(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&["--certificates", "25"])?;
    let version = median(21, || Ok(programs.run(&fake, &["--version"])?.wall))?;
    let small = median(21, || Ok(programs.run(&fake, &["inventory", VAULT])?.wall))?;
    let size = std::fs::metadata(&programs.akv)?.len();
    Ok(vec![
        Row::new("akv --version, median of 21", Unit::Seconds, version, 0.005, "5 ms"),
        Row::new(
            "akv inventory of 25 certificates, median of 21",
            Unit::Seconds,
            small,
            0.080,
            "80 ms",
        ),
        Row::new(
            "akv-fake from start to ready",
            Unit::Seconds,
            fake.started.as_secs_f64(),
            0.050,
            "50 ms",
        ),
        Row::new("the program akv", Unit::Mebibytes, mebibytes(size), 9.0, "9 MiB"),
    ])
}

fn inventory(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&["--certificates", "1000", "--latency", "20ms"])?;
    let ours = median(5, || Ok(programs.inventory(&fake, &[])?.wall))?;
    let one_by_one = programs.inventory(&fake, &["--concurrency", "1"])?.wall;
    let floor = 41.0 * 0.020;
    Ok(vec![
        Row::new(
            "inventory of 1,000, 20 ms a request, median of 5",
            Unit::Seconds,
            ours,
            floor,
            "40 pages and a fetch",
        ),
        Row::new("the same one after the other", Unit::Seconds, one_by_one, ours, "side by side"),
    ])
}

fn requests(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&["--certificates", "1000"])?;
    let before = fake.dir.path().join("before.jsonl");
    std::fs::write(&before, programs.inventory(&fake, &[])?.stdout)?;
    let unchanged = fake.vault_requests(|| {
        programs.inventory(&fake, &["--since", &before.to_string_lossy()]).map(drop)
    })?;
    let add = |file: &'static str| {
        let pfx = fake.dir.path().join(file);
        let fixture = akv_testkit::pki::openssl_pfx(file).ok_or("no such fixture")?;
        std::fs::write(&pfx, fixture.pfx)?;
        let password = fake.dir.path().join("password");
        std::fs::write(&password, fixture.password)?;
        fake.vault_requests(|| {
            let args = ["add", VAULT, "--overwrite", "--alias", "speed", "--pfx"];
            let pfx = pfx.to_string_lossy().into_owned();
            let password = password.to_string_lossy().into_owned();
            programs
                .run(&fake, &[&args[..], &[&pfx, "--password-file", &password]].concat())
                .map(drop)
        })
    };
    Ok(vec![
        Row::new(
            "requests for an unchanged vault of 1,000",
            Unit::Count,
            unchanged,
            40.0,
            "40 pages",
        ),
        Row::new("requests to add a new name", Unit::Count, add("web-v1")?, 2.0, "look and import"),
        Row::new(
            "requests to replace a certificate",
            Unit::Count,
            add("web-v2")?,
            2.0,
            "look and import",
        ),
    ])
}

fn discovery(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&["--subscriptions", "200", "--latency", "50ms"])?;
    let wall = median(5, || Ok(programs.run(&fake, &["discover"])?.wall))?;
    let what = "discovery of 200 subscriptions, 50 ms a request";
    Ok(vec![Row::new(what, Unit::Seconds, wall, 1.5, "1.5 s")])
}

fn memory(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&["--certificates", "100000"])?;
    let stream = programs.inventory(&fake, &[])?.peak;
    let fake = programs.fake(&["--certificates", "10000"])?;
    let job = fake.dir.path().join("job.json");
    std::fs::write(&job, fake.inventory_job()?.to_string())?;
    let document = programs.run(&fake, &["job", &job.to_string_lossy()])?.peak;
    Ok(vec![
        Row::new("memory to stream 100,000 certificates", Unit::Mebibytes, stream, 64.0, "64 MiB"),
        Row::new("memory for a job document of 10,000", Unit::Mebibytes, document, 96.0, "96 MiB"),
    ])
}

fn budget(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&["--certificates", "10000", "--budget", "4000/10s"])?;
    let wall = programs.inventory(&fake, &[])?.wall;
    let refused = fake.refused()?;
    Ok(vec![
        Row::new(
            "inventory of 10,000, 4,000 requests in 10 s",
            Unit::Seconds,
            wall,
            20.0,
            "two full windows",
        ),
        Row::new("requests of it answered 429", Unit::Count, refused, 10_400.0, "all requests"),
    ])
}

fn shared_budget(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&[
        "--certificates",
        "10000",
        "--budget",
        "4000/10s",
        "--other-share",
        "0.5",
    ])?;
    let run = programs.inventory(&fake, &[])?;
    let (lines, refused) = (run.lines(), fake.refused()?);
    Ok(vec![
        Row::new(
            "the same with half of the budget taken",
            Unit::Seconds,
            run.wall,
            50.0,
            "five full windows",
        ),
        Row::new("certificates in its report", Unit::Count, lines, 10_000.0, "all"),
        Row::new(
            "requests of it answered 429",
            Unit::Count,
            refused,
            10_400.0 + refused,
            "all requests",
        ),
    ])
}

/// A line of the table.
struct Row {
    what: &'static str,
    unit: Unit,
    measured: f64,
    reference: f64,
    reference_is: &'static str,
}

impl Row {
    fn new(
        what: &'static str,
        unit: Unit,
        measured: f64,
        reference: f64,
        reference_is: &'static str,
    ) -> Self {
        Self { what, unit, measured, reference, reference_is }
    }

    fn ratio(&self) -> f64 {
        self.measured / self.reference
    }

    fn json(&self) -> Value {
        json!({
            "what": self.what,
            "unit": format!("{:?}", self.unit),
            "measured": self.measured,
            "reference": self.reference,
            "referenceIs": self.reference_is,
            "ratio": self.ratio(),
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Unit {
    Seconds,
    Mebibytes,
    Count,
}

impl Unit {
    fn shown(self, value: f64) -> String {
        match self {
            Self::Seconds if value < 0.1 => format!("{:.1} ms", value * 1000.0),
            Self::Seconds => format!("{value:.2} s"),
            Self::Mebibytes => format!("{value:.1} MiB"),
            Self::Count => format!("{value:.0}"),
        }
    }
}

fn mebibytes(bytes: u64) -> f64 {
    u32::try_from(bytes >> 10).map_or(f64::INFINITY, f64::from) / 1024.0
}

fn median(runs: usize, mut measure: impl FnMut() -> Result<f64>) -> Result<f64> {
    let mut measured = (0..runs).map(|_| measure()).collect::<Result<Vec<_>>>()?;
    measured.sort_by(f64::total_cmp);
    measured.get(runs / 2).copied().ok_or_else(|| "no runs".into())
}

/// The two programs in release builds.
struct Programs {
    akv: PathBuf,
    fake: PathBuf,
}

impl Programs {
    fn build() -> Result<Self> {
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

    fn fake(&self, args: &[&str]) -> Result<Fake> {
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

    fn inventory(&self, fake: &Fake, args: &[&str]) -> Result<Run> {
        self.run(fake, &[&["inventory", VAULT, "--output", "jsonl"], args].concat())
    }

    fn run(&self, fake: &Fake, args: &[&str]) -> Result<Run> {
        let start = Instant::now();
        let mut child = Command::new(&self.akv)
            .args(args)
            .arg("--cloud-file")
            .arg(fake.dir.path().join("cloud.json"))
            .envs(fake.environment()?)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut out = child.stdout.take().ok_or("no output")?;
        let reader = std::thread::spawn(move || {
            let mut stdout = Vec::new();
            out.read_to_end(&mut stdout).map(|_| stdout)
        });
        let mut peak = 0.0_f64;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            peak = peak.max(resident_peak(child.id()));
            std::thread::sleep(Duration::from_micros(500));
        };
        let wall = start.elapsed().as_secs_f64();
        let stdout = reader.join().map_err(|_| "the reader failed")??;
        if !status.success() {
            let mut said = String::new();
            child.stderr.take().ok_or("no messages")?.read_to_string(&mut said)?;
            return Err(format!("akv {args:?} ended with {status}: {said}").into());
        }
        Ok(Run { wall, peak, stdout })
    }
}

struct Run {
    wall: f64,
    peak: f64,
    stdout: Vec<u8>,
}

impl Run {
    fn lines(&self) -> f64 {
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

/// A running `akv-fake`, ended when dropped.
struct Fake {
    child: Child,
    dir: tempfile::TempDir,
    started: Duration,
}

impl Fake {
    /// The variables that `env.sh` exports.
    fn environment(&self) -> Result<Vec<(String, String)>> {
        let text = std::fs::read_to_string(self.dir.path().join("env.sh"))?;
        let exports = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        Ok(exports.map(|(name, value)| (name.into(), value.trim_matches('\'').into())).collect())
    }

    fn variable(&self, wanted: &str) -> Result<String> {
        let found = self.environment()?.into_iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value).ok_or_else(|| format!("no {wanted} in env.sh").into())
    }

    /// How many requests the vault received during `work`.
    fn vault_requests(&self, work: impl FnOnce() -> Result<()>) -> Result<f64> {
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

    fn refused(&self) -> Result<f64> {
        self.counts()?["throttled"].as_f64().ok_or_else(|| "no count".into())
    }

    /// The counts of the control endpoint, read with the fake's own TLS library.
    fn counts(&self) -> Result<Value> {
        let url = url::Url::parse(&self.variable("AKV_FAKE_CONTROL_URL")?)?;
        let port = url.port().ok_or("no port")?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.dir.path().join("ca.pem"))?)?;
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
        let session = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into()?)?;
        let mut stream =
            rustls::StreamOwned::new(session, TcpStream::connect(("127.0.0.1", port))?);
        write!(
            stream,
            "GET /counts HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("no body")?;
        Ok(serde_json::from_str(body)?)
    }

    /// An inventory job as Command sends it.
    fn inventory_job(&self) -> Result<Value> {
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

const VAULT: &str = "speed-vault";
