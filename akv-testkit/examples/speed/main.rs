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

mod fleet;
mod programs;
mod row;

use std::error::Error;

use programs::Programs;
use row::{Row, Unit};
use serde_json::Value;

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

const MEASUREMENTS: [(&str, Measurement); 11] = [
    ("start", start),
    ("inventory", inventory),
    ("requests", requests),
    ("discovery", discovery),
    ("memory", memory),
    ("budget", budget),
    ("shared budget", shared_budget),
    ("peer", fleet::peer),
    ("fleet", fleet::rate),
    ("fleet budget", fleet::budget),
    ("million", fleet::million),
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
        Row::new("the program akv", Unit::Mebibytes, mebibytes(size), 12.0, "12 MiB"),
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

fn mebibytes(bytes: u64) -> f64 {
    u32::try_from(bytes >> 10).map_or(f64::INFINITY, f64::from) / 1024.0
}

fn median(runs: usize, mut measure: impl FnMut() -> Result<f64>) -> Result<f64> {
    let mut measured = (0..runs).map(|_| measure()).collect::<Result<Vec<_>>>()?;
    measured.sort_by(f64::total_cmp);
    measured.get(runs / 2).copied().ok_or_else(|| "no runs".into())
}

pub(crate) const VAULT: &str = "speed-vault";
