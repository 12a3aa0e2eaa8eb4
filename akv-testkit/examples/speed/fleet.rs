//! Many vaults at once, and other programs beside `akv`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::programs::{Fake, Programs, Run};
use crate::row::{Row, Unit};
use crate::{Result, median};

/// 1,000 certificates read by the asynchronous Azure SDK for Python, 64 at once.
pub(crate) fn peer(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&["--certificates", "1000", "--latency", "20ms"])?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/peer");
    let url = fake.variable("AKV_FAKE_VAULT_URL")?;
    let output = Command::new(script).arg(url).envs(fake.environment()?).output()?;
    let Ok(theirs) = serde_json::from_slice::<Value>(&output.stdout) else {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return Ok(Vec::new());
    };
    let figure = |name: &str| theirs[name].as_f64().ok_or("no figure of the SDK for Python");
    if theirs["certificates"] != 1000 {
        return Err("the SDK for Python did not read every certificate".into());
    }
    let (mut cpu, beside) = (Vec::new(), "Azure SDK for Python, 64 at once");
    let wall = median(5, || {
        let run = programs.inventory(&fake, &[])?;
        cpu.push(run.cpu);
        Ok(run.wall)
    })?;
    let cpu = median(cpu.len(), || cpu.pop().ok_or_else(|| "no run".into()))?;
    Ok(vec![
        Row::new(
            "inventory of 1,000, 20 ms a request",
            Unit::Seconds,
            wall,
            figure("wall")?,
            beside,
        ),
        Row::new("its processor time", Unit::Seconds, cpu, figure("cpu")?, beside),
    ])
}

/// 201 vaults with 250 certificates each, beside as many GETs by `h2load`, in turns.
pub(crate) fn rate(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&[
        "--certificates-each",
        "250",
        "--subscriptions",
        "200",
        "--latency",
        "20ms",
    ])?;
    // A certificate is signed when it is first read, which is not to be measured.
    all(programs, &fake)?;
    let requests = fake.vault_requests(|| all(programs, &fake).map(drop))?;
    // In turns, because other work on the machine should slow down both.
    let (mut turns, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let theirs = f64::max(h2load(&fake, "256", requests)?, h2load(&fake, "512", requests)?);
        let run = all(programs, &fake)?;
        turns.push((requests / run.wall, theirs));
        cpu.push(run.cpu / run.lines());
    }
    turns.sort_by(|one, other| f64::total_cmp(&(one.0 / one.1), &(other.0 / other.1)));
    let (ours, theirs) = turns[turns.len() / 2];
    let cpu = median(cpu.len(), || cpu.pop().ok_or_else(|| "no run".into()))?;
    Ok(vec![
        Row::new(
            "requests a second to 201 vaults, median turn of 5",
            Unit::Count,
            ours,
            theirs,
            "h2load, the better of 256 and 512 clients",
        ),
        Row::new("processor time for each certificate", Unit::Seconds, cpu, 0.000_18, "0.18 ms"),
    ])
}

/// 20 vaults of 5,000 certificates, each with its own budget.
pub(crate) fn budget(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&[
        "--certificates-each",
        "5000",
        "--subscriptions",
        "19",
        "--budget",
        "4000/10s",
    ])?;
    let run = all(programs, &fake)?;
    let (refused, requests) = (fake.refused()?, run.lines() * 1.04);
    Ok(vec![
        Row::new(
            "inventory of 20 vaults of 5,000 under budgets",
            Unit::Seconds,
            run.wall,
            10.0,
            "a full window",
        ),
        Row::new("requests of it answered 429", Unit::Count, refused, requests, "all requests"),
    ])
}

/// 1,000,000 certificates as a stream.
pub(crate) fn million(programs: &Programs) -> Result<Vec<Row>> {
    let fake = programs.fake(&["--certificates-each", "5000", "--subscriptions", "199"])?;
    let run = all(programs, &fake)?;
    let what = "memory to stream 1,000,000 certificates";
    Ok(vec![
        Row::new(what, Unit::Mebibytes, run.peak, 64.0, "64 MiB"),
        Row::new("certificates of it", Unit::Count, run.lines(), 1_000_000.0, "all"),
    ])
}

fn all(programs: &Programs, fake: &Fake) -> Result<Run> {
    let tenant = fake.variable("AZURE_TENANT_ID")?;
    programs.run(fake, &["inventory", "--all", "--tenant", &tenant, "--output", "jsonl"])
}

/// The rate of so many GETs of certificates over that many connections of HTTP/1.1.
fn h2load(fake: &Fake, clients: &str, requests: f64) -> Result<f64> {
    let vault = fake.variable("AKV_FAKE_VAULT_URL")?;
    let port = url::Url::parse(&vault)?.port().ok_or("no port")?;
    let urls = (1..=250).map(|one| format!("{vault}/certificates/cert-{one:06}?api-version=7.4"));
    let list = fake.dir.path().join("urls");
    std::fs::write(&list, urls.collect::<Vec<_>>().join("\n"))?;
    let output = Command::new("h2load")
        .args(["--h1", "-m", "1", "-t", "1", "-c", clients, "-n", &format!("{requests:.0}")])
        .arg("-i")
        .arg(&list)
        // Not every resolver knows that names under .localhost are this machine.
        .arg(format!("--connect-to=127.0.0.1:{port}"))
        .args(["-H", &format!("authorization: Bearer {}", fake.vault_token()?)])
        .output()
        .map_err(|_| "h2load is not installed (Debian: nghttp2-client)")?;
    let printed = String::from_utf8(output.stdout)?;
    let all_succeeded = format!(" {requests:.0} 2xx");
    let rate = printed.lines().find_map(|line| line.strip_prefix("finished in "));
    let rate = rate.and_then(|line| line.split(", ").nth(1)?.strip_suffix(" req/s"));
    match rate.map(str::parse) {
        Some(Ok(rate)) if printed.contains(&all_succeeded) => Ok(rate),
        _ => Err(format!("h2load did not finish its requests:\n{printed}").into()),
    }
}
