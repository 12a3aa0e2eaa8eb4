//! The speed of `akv-fake` itself, measured from another process: start, GETs per second, and
//! whether the last page of a large vault costs more than the first.
//!
//! ```sh
//! cargo run --release -p akv-testkit --example fake_speed
//! ```
//!
//! It asserts nothing: the figures depend on the machine, which the client shares with the fake.
#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a program that measures and prints"
)]

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use akv_core::Cloud;
use akv_testkit::{FakeCloud, Request};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Certificate, Client};
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let rate = in_process()?;
    println!("GET certificate in process, one thread:  {rate:>9.0} a second");
    let starts = (0..9).map(|_| Fake::start(0)).collect::<Result<Vec<_>>>()?;
    let mut times: Vec<Duration> = starts.iter().map(|fake| fake.ready_after).collect();
    times.sort();
    println!("start, median of 9:                     {:>9.1?}", times[times.len() / 2]);
    drop(starts);

    let fake = Fake::start(CERTIFICATES)?;
    println!("start with {CERTIFICATES} certificates:         {:>9.1?}", fake.ready_after);
    let caller = fake.caller().await?;
    let path = |n: usize| format!("/certificates/cert-{:06}", n % 1000 + 1);
    // Each certificate is issued when it is first read, which must not be measured.
    caller.get_all((0..1000).map(path)).await?;
    let begin = Instant::now();
    caller.get_all((0..GETS).map(path)).await?;
    let rate = GETS as f64 / begin.elapsed().as_secs_f64();
    println!("GET certificate, {IN_FLIGHT} in flight, HTTP/2:    {rate:>9.0} a second");

    let pages = caller.walk().await?;
    let tenth = pages.len() / 10;
    let (first, last) = (&pages[..tenth], &pages[pages.len() - tenth..]);
    // Alternating, so that other load on the machine affects both.
    let mut took = [Duration::ZERO; 2];
    for links in first.iter().zip(last) {
        for (took, link) in took.iter_mut().zip([links.0, links.1]) {
            let begin = Instant::now();
            caller.page(link).await?;
            *took += begin.elapsed();
        }
    }
    let [first, last] = took.map(|all| all / tenth as u32);
    println!("{} pages, one of the first tenth:    {:>9.1?}", pages.len(), first);
    println!("            one of the last tenth:      {last:>9.1?}");
    Ok(())
}

/// GETs per second without a network, a client and another process.
fn in_process() -> Result<f64> {
    let cloud = FakeCloud::builder().vault("contoso").start();
    cloud.vault("contoso").seed(1000);
    let token = format!("Bearer {}", cloud.token("https://vault.azure.net"));
    let requests = (1..=1000).map(|n| {
        let url =
            format!("https://contoso.vault.azure.net/certificates/cert-{n:06}?api-version=7.4");
        Ok(Request::new("GET", &url.parse()?).header("Authorization", &token))
    });
    let requests: Vec<Request> = requests.collect::<Result<_>>()?;
    let round = || requests.iter().all(|request| cloud.handle(request).status() == 200);
    // Each certificate is issued when it is first read, which must not be measured.
    round();
    let begin = Instant::now();
    if !(0..GETS / requests.len()).all(|_| round()) {
        return Err("a request was not answered".into());
    }
    Ok(GETS as f64 / begin.elapsed().as_secs_f64())
}

/// A separate `akv-fake`, ended when it is dropped.
struct Fake {
    child: Child,
    dir: tempfile::TempDir,
    ready_after: Duration,
}

impl Fake {
    fn start(certificates: usize) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let begin = Instant::now();
        let mut child = Command::new(program()?)
            .arg("--dir")
            .arg(dir.path())
            .args(["--certificates", &certificates.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no output")?;
        let line = BufReader::new(stdout).lines().next().ok_or("no line")??;
        let ready_after = begin.elapsed();
        assert!(line.starts_with("ready"), "{line}");
        Ok(Self { child, dir, ready_after })
    }

    async fn caller(&self) -> Result<Caller> {
        let cloud: Cloud = serde_json::from_slice(&self.read("cloud.json")?)?;
        let environment = String::from_utf8(self.read("env.sh")?)?;
        let of = |name: &str| {
            let start = format!("export {name}='");
            let found = environment.lines().find_map(|line| line.strip_prefix(&start));
            found.map(|value| value.trim_end_matches('\'').to_owned()).ok_or(start)
        };
        let port = cloud.vault_suffix.rsplit(':').next().ok_or("no port")?;
        let address = format!("127.0.0.1:{port}").parse()?;
        let client = Client::builder()
            .tls_certs_only([Certificate::from_pem(&self.read("ca.pem")?)?])
            .resolve("fake-vault.vault.localhost", address)
            .resolve("login.localhost", address)
            .build()?;
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}/.default",
            of("AZURE_CLIENT_ID")?,
            of("AZURE_CLIENT_SECRET")?,
            cloud.vault_audience
        );
        let url = format!("{}/{}/oauth2/v2.0/token", cloud.authority, of("AZURE_TENANT_ID")?);
        let token = client.post(url).body(form).send().await?.bytes().await?;
        let token: Value = serde_json::from_slice(&token)?;
        let token = token["access_token"].as_str().ok_or("no token")?.to_owned();
        Ok(Caller { client, token, vault: of("AKV_FAKE_VAULT_URL")? })
    }

    fn read(&self, file: &str) -> Result<Vec<u8>> {
        Ok(std::fs::read(self.dir.path().join(file))?)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // It may have already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Caller {
    client: Client,
    token: String,
    vault: String,
}

impl Caller {
    async fn get_all(&self, paths: impl Iterator<Item = String>) -> Result<()> {
        stream::iter(paths)
            .map(|path| async move {
                let url = format!("{}{path}?api-version=7.4", self.vault);
                let answer = self.client.get(url).bearer_auth(&self.token).send().await?;
                answer.error_for_status()?.bytes().await
            })
            .buffer_unordered(IN_FLIGHT)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        Ok(())
    }

    /// The addresses of all pages of the list.
    async fn walk(&self) -> Result<Vec<String>> {
        let mut next = Some(format!("{}/certificates?api-version=7.4", self.vault));
        let mut pages = Vec::new();
        while let Some(url) = next {
            next = self.page(&url).await?["nextLink"].as_str().map(str::to_owned);
            pages.push(url);
        }
        Ok(pages)
    }

    async fn page(&self, url: &str) -> Result<Value> {
        let answer = self.client.get(url).bearer_auth(&self.token).send().await?;
        Ok(serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?)
    }
}

/// `akv-fake` beside this example, built the same way.
fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).ok_or("no folder")?;
    let program = folder.join("akv-fake").with_extension(std::env::consts::EXE_EXTENSION);
    if program.exists() {
        return Ok(program);
    }
    Err(format!(
        "build {} first: cargo build --release -p akv-testkit --features cli",
        program.display()
    )
    .into())
}

const CERTIFICATES: usize = 100_000;
const GETS: usize = 20_000;
const IN_FLIGHT: usize = 64;
