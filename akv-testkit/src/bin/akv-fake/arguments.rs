//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use akv_testkit::Budget;
use clap::builder::RangedU64ValueParser;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};

/// A fake Azure for certificates, over TLS on loopback.
///
/// When it is ready to serve, it prints one line that begins with "ready". It ends on SIGTERM and
/// Ctrl-C, and on Windows also when its window is closed or the machine shuts down.
#[derive(Debug, Parser)]
#[command(name = "akv-fake", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Directory for ca.pem, cloud.json, env.sh and env.ps1
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Loopback address and port; 0 selects a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = listen)]
    pub(crate) listen: SocketAddr,
    /// Add a vault; can be given more than once
    #[arg(long = "vault", value_name = "NAME", default_value = "fake-vault", value_parser = vault)]
    pub(crate) vaults: Vec<String>,
    /// Add a vault without soft delete; can be given more than once
    #[arg(long = "old-vault", value_name = "NAME", value_parser = vault)]
    pub(crate) old_vaults: Vec<String>,
    /// Number of certificates in the first vault, at most 1000000
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = RangedU64ValueParser::<usize>::new().range(..=MOST_CERTIFICATES))]
    pub(crate) certificates: usize,
    /// Number of certificates in every vault, at most 1000000 in total
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = RangedU64ValueParser::<usize>::new().range(..=MOST_CERTIFICATES))]
    pub(crate) certificates_each: usize,
    /// Number of additional subscriptions with one vault each, at most 10000
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = RangedU64ValueParser::<usize>::new().range(..=MOST_SUBSCRIPTIONS))]
    pub(crate) subscriptions: usize,
    /// Latency of every answer, such as 20ms or 1s
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = at_most_an_hour)]
    pub(crate) latency: Duration,
    /// Duration of deletions, recoveries, issuance and vault creations
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = at_most_an_hour)]
    pub(crate) settle: Duration,
    /// Transactions of each vault in any window, such as 4000/10s
    #[arg(long, value_name = "N/TIME", value_parser = budget)]
    budget: Option<Budget>,
    /// Share of the budget that other clients use, from 0 to 1
    #[arg(long, value_name = "PART", default_value = "0", value_parser = share)]
    other_share: f64,
    /// Client certificate of the service principal: DER, or PEM whose first certificate is the
    /// client certificate and the rest its chain; can be given more than once
    #[arg(long = "client-certificate", value_name = "FILE")]
    pub(crate) client_certificates: Vec<PathBuf>,
    /// Run Azure Arc's agent with this directory for its keys
    #[arg(long, value_name = "DIR")]
    pub(crate) arc_keys: Option<PathBuf>,
    /// Faults as a JSON list
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// State file: read at the start if it exists, written at the end
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

impl Arguments {
    /// Parses a command line.
    pub(crate) fn read(words: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let wanted = Self::try_parse_from(words)?;
        let vaults = wanted.vaults.len() + wanted.old_vaults.len() + wanted.subscriptions;
        let each = wanted.certificates_each;
        if each.saturating_mul(vaults) as u64 > MOST_CERTIFICATES {
            let message = format!(
                "--certificates-each {each} in {vaults} vaults is more than {MOST_CERTIFICATES}"
            );
            return Err(Self::command().error(ErrorKind::ValueValidation, message));
        }
        Ok(wanted)
    }

    /// The budget without the share of other clients.
    pub(crate) fn budget(&self) -> Option<Budget> {
        self.budget.map(|budget| budget.with_others_taking(self.other_share))
    }
}

/// Loopback only: every client that reaches the server has full control over it.
fn listen(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        _ => Err("not a loopback address with a port, such as 127.0.0.1:0".to_owned()),
    }
}

fn vault(name: &str) -> Result<String, String> {
    name.parse::<akv_core::VaultName>().map_err(|error| error.to_string())?;
    Ok(name.to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("not a part from 0 to 1".to_owned()),
    }
}

fn budget(text: &str) -> Result<Budget, String> {
    let parts = text.split_once('/');
    let read =
        parts.and_then(|(count, window)| Some((count.parse().ok()?, duration(window).ok()?)));
    let (count, window) = read.ok_or("not a budget such as 4000/10s")?;
    Budget::checked(count, window)
}

fn at_most_an_hour(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time <= HOUR {
        return Ok(time);
    }
    Err(format!("longer than {}s", HOUR.as_secs()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "not a time such as 20ms or 10s".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    match text.strip_prefix(digits) {
        Some("ms") => Ok(Duration::from_millis(count)),
        Some("s") => Ok(Duration::from_secs(count)),
        _ => Err(wrong()),
    }
}

/// All of them are created before the first request is answered.
const MOST_CERTIFICATES: u64 = 1_000_000;
const MOST_SUBSCRIPTIONS: u64 = 10_000;

/// The longest reasonable latency or duration.
const HOUR: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, String> {
        let words = std::iter::once("akv-fake").chain(line.split_whitespace());
        Arguments::read(words.map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_can_be_said() {
        let line = "--dir d --listen=127.0.0.1:9 --vault one --vault two --certificates 7 --latency 20ms \
                    --settle 1s --budget 4000/10s --other-share 0.5 --subscriptions 3 \
                    --old-vault three --certificates-each 2 --client-certificate a.pem --client-certificate b.der --arc-keys keys";
        let wanted = read(line).expect("it can be read");
        assert_eq!(wanted.vaults, ["one", "two"]);
        assert_eq!(wanted.old_vaults, ["three"]);
        let counts = (wanted.certificates, wanted.certificates_each, wanted.subscriptions);
        assert_eq!(counts, (7, 2, 3));
        assert_eq!(wanted.client_certificates, ["a.pem", "b.der"].map(PathBuf::from));
        assert_eq!(wanted.arc_keys, Some(PathBuf::from("keys")));
        assert_eq!(wanted.latency, Duration::from_millis(20));
        assert_eq!(wanted.budget().map(|budget| budget.left_to_us()), Some(2000));
    }

    #[test]
    fn omitted_options_have_defaults() {
        Arguments::command().debug_assert();
        let wanted = read("--dir d").expect("it can be read");
        assert_eq!(wanted.vaults, ["fake-vault"]);
        assert_eq!((wanted.certificates, wanted.latency), (0, Duration::ZERO));
        assert_eq!(wanted.listen, SocketAddr::from(([127, 0, 0, 1], 0)));
        assert_eq!(wanted.budget(), None);
    }

    #[test]
    fn contradictory_options_are_reported() {
        for (line, part) in [
            ("", "--dir"),
            ("--dir", "a value is required"),
            ("--dir d --listen 0.0.0.0:80", "loopback"),
            ("--dir d --latency 20", "20ms"),
            ("--dir d --budget many", "4000/10s"),
            ("--dir d --budget 0/10s", "at least 1 transaction"),
            ("--dir d --budget 10/0s", "from a millisecond to a day"),
            ("--dir d --budget 10/99999999999999s", "to a day"),
            ("--dir d --latency 3601s", "--latency"),
            ("--dir d --settle 18446744073709551615s", "--settle"),
            ("--dir d --settle 18446744073709551616s", "20ms"),
            ("--dir d --vault a_b", "vault name"),
            ("--dir d --other-share 2", "from 0 to 1"),
            ("--dir d --certificates 1000001", "1000000"),
            ("--dir d --certificates 99999999999999999999", "--certificates"),
            ("--dir d --subscriptions 10001", "10000"),
            ("--dir d --certificates-each 250001 --subscriptions 3", "in 4 vaults"),
            ("--dir d --nonsense", "--nonsense"),
        ] {
            let error = read(line).expect_err(line);
            assert!(error.contains(part), "{error}");
        }
    }
}
