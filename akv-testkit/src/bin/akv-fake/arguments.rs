//! The command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use akv_testkit::Budget;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Wish {
    Help,
    Version,
    Serve(Box<Arguments>),
}

/// How to serve.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) dir: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) vaults: Vec<String>,
    /// Vaults from before soft delete.
    pub(crate) old_vaults: Vec<String>,
    pub(crate) certificates: usize,
    /// In every vault that has no number of its own.
    pub(crate) certificates_each: usize,
    pub(crate) subscriptions: usize,
    pub(crate) latency: Duration,
    pub(crate) settle: Duration,
    pub(crate) budget: Option<Budget>,
    pub(crate) client_certificates: Vec<PathBuf>,
    pub(crate) arc_keys: Option<PathBuf>,
    pub(crate) faults: Option<PathBuf>,
    pub(crate) state: Option<PathBuf>,
}

pub(crate) const HELP: &str = "\
A fake Azure for certificates, over TLS on loopback.

Usage: akv-fake --dir DIR [OPTIONS]

  --dir DIR              where ca.pem, cloud.json, env.sh and env.ps1 are written
  --listen ADDRESS       loopback address and port, 0 for any [127.0.0.1:0]
  --vault NAME           a vault; may be given more than once [fake-vault]
  --old-vault NAME       a vault from before soft delete; may be given more than once
  --certificates N       that many certificates in the first vault, at most 1000000 [0]
  --certificates-each N  that many certificates in every vault, at most 1000000 in all [0]
  --subscriptions N      that many subscriptions more, each with one vault, at most 10000 [0]
  --latency TIME         how long every answer takes, as 20ms or 1s [0ms]
  --settle TIME          how long deleting, recovering, signing and creating a vault take [0ms]
  --budget N/TIME        transactions of each vault in any such window, as 4000/10s [none]
  --other-share PART     the part of the budget that others use up, from 0 to 1 [0]
  --client-certificate FILE  a certificate that the service principal may sign in with, DER or
                         the first of a PEM file, what follows being its chain; may be given
                         more than once
  --arc-keys DIR         Azure Arc's agent runs and writes its keys there
  --faults FILE          faults as a JSON list
  --state FILE           read at the start if it is there, written at the end
  --help, --version

When it serves, it prints one line that begins with \"ready\". It ends on SIGTERM and Ctrl-C, on Windows
also when its window is closed or the machine goes down.";

impl Wish {
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = arguments.flat_map(split);
        let mut dir = None;
        let mut others = 0.0;
        let mut wanted = Arguments {
            dir: PathBuf::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            vaults: Vec::new(),
            old_vaults: Vec::new(),
            certificates: 0,
            certificates_each: 0,
            subscriptions: 0,
            latency: Duration::ZERO,
            settle: Duration::ZERO,
            budget: None,
            client_certificates: Vec::new(),
            arc_keys: None,
            faults: None,
            state: None,
        };
        while let Some(flag) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--version" | "-V" => return Ok(Self::Version),
                "--dir" => dir = Some(PathBuf::from(value()?)),
                "--listen" => wanted.listen = listen(&value()?)?,
                "--vault" => wanted.vaults.push(vault(&value()?)?),
                "--old-vault" => wanted.old_vaults.push(vault(&value()?)?),
                "--certificates" => {
                    wanted.certificates = count(MOST_CERTIFICATES, &flag, &value()?)?;
                }
                "--certificates-each" => {
                    wanted.certificates_each = count(MOST_CERTIFICATES, &flag, &value()?)?;
                }
                "--subscriptions" => {
                    wanted.subscriptions = count(MOST_SUBSCRIPTIONS, &flag, &value()?)?;
                }
                "--latency" => wanted.latency = at_most(HOUR, &flag, &value()?)?,
                "--settle" => wanted.settle = at_most(HOUR, &flag, &value()?)?,
                "--budget" => wanted.budget = Some(budget(&value()?)?),
                "--other-share" => others = share(&value()?)?,
                "--client-certificate" => wanted.client_certificates.push(value()?.into()),
                "--arc-keys" => wanted.arc_keys = Some(PathBuf::from(value()?)),
                "--faults" => wanted.faults = Some(PathBuf::from(value()?)),
                "--state" => wanted.state = Some(PathBuf::from(value()?)),
                other => return Err(format!("unknown argument {other:?}")),
            }
        }
        wanted.dir = dir.ok_or("--dir is needed")?;
        if wanted.vaults.is_empty() {
            wanted.vaults.push("fake-vault".to_owned());
        }
        let vaults = wanted.vaults.len() + wanted.old_vaults.len() + wanted.subscriptions;
        if wanted.certificates_each.saturating_mul(vaults) > MOST_CERTIFICATES {
            return Err(format!(
                "--certificates-each {} in {vaults} vaults is more than {MOST_CERTIFICATES}",
                wanted.certificates_each
            ));
        }
        wanted.budget = wanted.budget.map(|budget| budget.with_others_taking(others));
        Ok(Self::Serve(Box::new(wanted)))
    }
}

/// `--flag=value` as two words.
fn split(word: String) -> Vec<String> {
    match word.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => vec![flag.to_owned(), value.to_owned()],
        _ => vec![word],
    }
}

/// Loopback only: whoever reaches the server may do everything with it.
fn listen(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        _ => Err(format!("{text:?} is not a loopback address with a port, such as 127.0.0.1:0")),
    }
}

fn vault(name: &str) -> Result<String, String> {
    name.parse::<akv_core::VaultName>().map_err(|error| error.to_string())?;
    Ok(name.to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("--other-share {text:?} is not a part from 0 to 1")),
    }
}

fn count(most: usize, flag: &str, text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= most => Ok(count),
        _ => Err(format!("{flag} {text:?} is not a number of at most {most}")),
    }
}

fn budget(text: &str) -> Result<Budget, String> {
    let parts = text.split_once('/');
    let read =
        parts.and_then(|(count, window)| Some((count.parse().ok()?, duration(window).ok()?)));
    let (count, window) =
        read.ok_or_else(|| format!("{text:?} is not a budget such as 4000/10s"))?;
    Budget::checked(count, window).map_err(|why| format!("--budget {text:?}: {why}"))
}

fn at_most(longest: Duration, flag: &str, text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time <= longest {
        return Ok(time);
    }
    Err(format!("{flag} {text:?} is longer than {}s", longest.as_secs()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a time such as 20ms or 10s");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    match text.strip_prefix(digits) {
        Some("ms") => Ok(Duration::from_millis(count)),
        Some("s") => Ok(Duration::from_secs(count)),
        _ => Err(wrong()),
    }
}

/// All of them are made before the first request is answered.
const MOST_CERTIFICATES: usize = 1_000_000;
const MOST_SUBSCRIPTIONS: usize = 10_000;

/// Whoever waits longer for an answer or a change has long forgotten why.
const HOUR: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Wish, String> {
        Wish::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn everything_can_be_said() {
        let line = "--dir d --listen=127.0.0.1:9 --vault one --vault two --certificates 7 --latency 20ms \
                    --settle 1s --budget 4000/10s --other-share 0.5 --subscriptions 3 \
                    --old-vault three --certificates-each 2 --client-certificate a.pem --client-certificate b.der --arc-keys keys";
        let Ok(Wish::Serve(wanted)) = read(line) else { panic!("it can be read") };
        assert_eq!(wanted.vaults, ["one", "two"]);
        assert_eq!(wanted.old_vaults, ["three"]);
        let counts = (wanted.certificates, wanted.certificates_each, wanted.subscriptions);
        assert_eq!(counts, (7, 2, 3));
        assert_eq!(wanted.client_certificates, ["a.pem", "b.der"].map(PathBuf::from));
        assert_eq!(wanted.arc_keys, Some(PathBuf::from("keys")));
        assert_eq!(wanted.latency, Duration::from_millis(20));
        assert_eq!(wanted.budget.map(|budget| budget.left_to_us()), Some(2000));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (line, part) in [
            ("", "--dir"),
            ("--dir", "needs a value"),
            ("--dir d --listen 0.0.0.0:80", "loopback"),
            ("--dir d --latency 20", "20ms"),
            ("--dir d --budget many", "4000/10s"),
            ("--dir d --budget 0/10s", "at least 1 transaction"),
            ("--dir d --budget 10/0s", "longer than nothing"),
            ("--dir d --budget 10/99999999999999s", "at most a day"),
            ("--dir d --latency 3601s", "--latency"),
            ("--dir d --settle 18446744073709551615s", "--settle"),
            ("--dir d --settle 18446744073709551616s", "20ms"),
            ("--dir d --vault a_b", "vault name"),
            ("--dir d --other-share 2", "from 0 to 1"),
            ("--dir d --certificates 1000001", "at most 1000000"),
            ("--dir d --certificates 99999999999999999999", "--certificates"),
            ("--dir d --subscriptions 10001", "at most 10000"),
            ("--dir d --certificates-each 250001 --subscriptions 3", "in 4 vaults"),
            ("--dir d --nonsense", "--nonsense"),
        ] {
            let error = read(line).expect_err(line);
            assert!(error.contains(part), "{error}");
        }
    }
}
