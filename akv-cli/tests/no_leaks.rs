//! Damaged input of every kind, to every command and to jobs: no output contains a part of a
//! secret.
//!
//! A part of a secret is a run of 16 characters of a key, a password, a token, a block's body or an
//! unreadable line, as in the input or encoded. Names of options and members, aliases, paths,
//! subjects and thumbprints are not secret.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use akv_azure::{Azure, AzureJobs, AzureOptions};
use akv_keyfactor::Options;
use akv_testkit::FakeCloud;
use akv_testkit::pki::{TestPki, openssl_pfx};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use program::fake::Fake;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tracing_subscriber::layer::SubscriberExt;

const RUN: usize = 16;
const PASSWORD: &str = "MARKER-of-a-long-password-5d0c1e";
const CLIENT_SECRET: &str = "MARKER~of.a-long_client-secret.77aa";

/// Every run of 16 bytes of the secrets.
#[derive(Default)]
struct Secrets(HashSet<Vec<u8>>);

impl Secrets {
    fn text(&mut self, text: &str) {
        self.0.extend(text.as_bytes().windows(RUN).map(<[u8]>::to_vec));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.text(&STANDARD.encode(bytes));
        let mut hex = String::new();
        for byte in bytes {
            write!(hex, "{byte:02x}").expect("written");
        }
        self.text(&hex);
        self.text(&hex.to_uppercase());
        self.text(&format!("{bytes:?}"));
    }

    /// The bodies of PEM blocks, as lines and joined.
    fn blocks(&mut self, pem: &str) {
        let bodies = pem.lines().filter(|line| !line.starts_with("-----"));
        bodies.clone().for_each(|line| self.text(line));
        self.text(&bodies.collect::<String>());
    }

    #[track_caller]
    fn are_not_in(&self, output: &str, case: &str) {
        let shown = output.as_bytes().windows(RUN).find(|run| self.0.contains(*run));
        if let Some(run) = shown {
            panic!("{case} shows {:?} in {output}", String::from_utf8_lossy(run));
        }
    }
}

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }
}

/// Typical damage to files in transfer.
fn damaged(original: &[u8], kind: usize, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = original.to_vec();
    let at = chance.below(bytes.len());
    let line = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    match kind {
        0 => bytes.truncate(at),
        1 => drop(bytes.remove(at)),
        2 => bytes[at] ^= 1 << chance.below(8),
        3 => bytes.insert(at, b'\n'),
        4 => bytes.splice(line..line, *b"\n").for_each(drop),
        5 => bytes.splice(line..line, *b" \t").for_each(drop),
        6 => bytes.retain(|byte| *byte != b'\n'),
        7 => bytes.insert(at, 0),
        8 => bytes.insert(at, 0xe4),
        9 => bytes.splice(at..at, *b"-----").for_each(drop),
        10 => {
            let dash = bytes.iter().position(|byte| *byte == b'-').unwrap_or(at);
            bytes.remove(dash);
        }
        11 => bytes.drain(..at).for_each(drop),
        12 => bytes.insert(at, b'"'),
        13 => bytes.insert(at, b'\\'),
        14 => bytes = String::from_utf8_lossy(original).replace('\n', "\\n").into_bytes(),
        _ => bytes.iter_mut().skip(at).take(3).for_each(|byte| *byte = b'}'),
    }
    bytes
}

const KINDS: usize = 16;

/// A certificate in both formats, its file's password, and their secrets.
fn material() -> (String, Vec<u8>, String, Secrets) {
    let leaf = TestPki::elliptic(OffsetDateTime::now_utc()).leaf("shop.example.test").issue();
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let mut secrets = Secrets::default();
    secrets.blocks(&leaf.pem());
    secrets.bytes(leaf.key_pkcs8());
    secrets.bytes(fixture.pfx);
    secrets.text(PASSWORD);
    secrets.text(CLIENT_SECRET);
    secrets.bytes(PASSWORD.as_bytes());
    secrets.bytes(CLIENT_SECRET.as_bytes());
    (leaf.pem(), fixture.pfx.to_vec(), fixture.password.to_owned(), secrets)
}

/// Collects log lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend(piece);
        Ok(piece.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn add_job(cloud: &FakeCloud, contents: &str, format: &str, password: &str) -> Value {
    json!({
        "Capability": "CertStores.AKV.Management",
        "JobHistoryId": 42,
        "OperationType": 2,
        "Overwrite": true,
        "ServerUsername": cloud.client_id(),
        "ServerPassword": CLIENT_SECRET,
        "CertificateStoreDetails": { "ClientMachine": cloud.tenant_id(), "StorePath": "contoso" },
        "JobCertificate": {
            "Alias": "shop",
            "Contents": contents,
            "ContentsFormat": format,
            "PrivateKeyPassword": password,
        },
    })
}

#[test]
fn no_job_shows_a_part_of_a_secret() {
    let (pem, pfx, password, secrets) = material();
    let cloud = FakeCloud::builder().vault("contoso").start();
    let azure = Azure::new(AzureOptions::default().with_transport(cloud.transport()));
    let jobs = AzureJobs::new(azure.expect("Azure"), Arc::new(cloud.clock().clone()));
    let log = Log::default();
    let own = log.clone();
    let lines = tracing_subscriber::fmt::layer().with_writer(move || own.clone()).json();
    let ours = tracing_subscriber::filter::Targets::new().with_targets(
        ["akv_core", "akv_azure", "akv_keyfactor"].map(|it| (it, tracing::Level::TRACE)),
    );
    let subscriber = tracing_subscriber::registry().with(ours).with(lines);
    let _guard = tracing::subscriber::set_default(subscriber);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");

    let mut chance = Chance(7);
    let mut failures = 0;
    for kind in 0..KINDS {
        for _ in 0..6 {
            let bad_pem = damaged(pem.as_bytes(), kind, &mut chance);
            let as_text = String::from_utf8_lossy(&bad_pem).into_owned();
            let bad_pfx = STANDARD.encode(damaged(&pfx, kind, &mut chance));
            let whole = STANDARD.encode(&pfx);
            let jobs_to_run = [
                add_job(&cloud, &as_text, "PEM", "").to_string().into_bytes(),
                add_job(&cloud, &STANDARD.encode(&bad_pem), "PEM", "").to_string().into_bytes(),
                add_job(&cloud, &as_text, "PFX", "").to_string().into_bytes(),
                add_job(&cloud, &bad_pfx, "PFX", &password).to_string().into_bytes(),
                add_job(&cloud, &whole, "PFX", PASSWORD).to_string().into_bytes(),
                damaged(
                    add_job(&cloud, &whole, "PFX", PASSWORD).to_string().as_bytes(),
                    kind,
                    &mut chance,
                ),
            ];
            for (number, job) in jobs_to_run.iter().enumerate() {
                let output = runtime.block_on(akv_keyfactor::run(job, &jobs, &Options::default()));
                failures += usize::from(u8::from(output.job_result.result) == 4);
                let document = serde_json::to_string(&output).expect("JSON");
                let said = std::mem::take(&mut *log.0.lock().expect("the log"));
                let said = String::from_utf8_lossy(&said).into_owned();
                assert!(said.contains("job"), "the log is on");
                let case = format!("damage {kind} to job {number}");
                secrets.are_not_in(&(document + &said), &case);
            }
        }
    }
    assert!(failures > 400, "{failures} failures");
}

/// An unreadable line of a file counts as a secret, because its content is unknown.
#[test]
fn no_command_shows_a_part_of_a_secret() {
    let (pem, pfx, password, mut secrets) = material();
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(2);
    let since = fake.akv().args(["inventory", "contoso", "-o", "jsonl"]).run().stdout;
    let cloud = std::fs::read_to_string(fake.path("cloud.json")).expect("a cloud");
    let cloud =
        cloud.replacen('{', "{\"MARKER-of-an-unknown-member\":\"MARKER-of-a-cloud-value\",", 1);
    secrets.text("MARKER-of-an-unknown-member");
    secrets.text("MARKER-of-a-cloud-value");
    let since = since.replace("\"tags\":", "\"keyType\":{\"MARKER-of-a-since-line\":1},\"tags\":");
    secrets.text("MARKER-of-a-since-line");
    let pfx_file = fake.file("whole.pfx", &pfx);

    let mut chance = Chance(11);
    for kind in 0..KINDS {
        let mut file =
            |name: &str, content: &[u8]| fake.file(name, damaged(content, kind, &mut chance));
        let (bad_pem, bad_pfx) = (file("bad.pem", pem.as_bytes()), file("bad.pfx", &pfx));
        let bad_cloud = file("bad-cloud.json", cloud.as_bytes());
        let bad_since = file("bad.jsonl", since.as_bytes());
        let bad_secret = file("bad-secret", CLIENT_SECRET.as_bytes());
        let bad_password = file("bad-password", PASSWORD.as_bytes());
        let bad_ca = file("bad-ca.pem", pem.as_bytes());
        let job = add_job(&fake.cloud, &STANDARD.encode(&pfx), "PFX", PASSWORD).to_string();
        let bad_job = file("bad-job.json", job.as_bytes());
        let reference = json!({ "file": bad_secret });
        let mut referring = add_job(&fake.cloud, &STANDARD.encode(&pfx), "PFX", PASSWORD);
        referring["ServerPassword"] = reference;
        let referring = fake.file("referring.json", referring.to_string());
        let folder = fake.path(".").to_string_lossy().into_owned();
        for args in [
            vec!["check", "--pem", &bad_pem],
            vec!["check", "--pfx", &bad_pfx, "--password-env", "PFX_PASSWORD"],
            vec!["check", "--pfx", &bad_pem],
            vec!["check", "--pem", &bad_pfx],
            vec!["check", "--pfx", &pfx_file, "--password-file", &bad_password],
            vec!["add", "contoso", "--alias", "x", "--pem", &bad_pem],
            vec!["inventory", "contoso", "--cloud-file", &bad_cloud],
            vec!["inventory", "contoso", "--since", &bad_since],
            vec!["inventory", "contoso", "--client-secret-file", &bad_secret],
            vec!["discover", "--ca-file", &bad_ca],
            vec!["job", &bad_job],
            vec!["job", &referring, "--secret-dir", &folder],
            vec!["job", &bad_job, "--cloud-file", &bad_cloud],
        ] {
            let mut akv = if args.contains(&"--cloud-file") { program::akv() } else { fake.akv() };
            akv = akv.args(&args).args(["-vv", "-o", "json", "--deadline", "5"]);
            if kind % 2 == 0 {
                akv = akv.args(["--log-format", "json"]);
            }
            let run = akv.env("PFX_PASSWORD", &password).run();
            secrets.are_not_in(&run.both(), &format!("damage {kind}: {args:?}"));
        }
        let run = program::akv()
            .args(["inventory", "contoso", "--identity", "certificate", "-vv"])
            .env("AZURE_TENANT_ID", &fake.cloud.tenant_id())
            .env("AZURE_CLIENT_ID", &fake.cloud.client_id())
            .env("AZURE_CLIENT_CERTIFICATE_PATH", &bad_pem)
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .args(["--deadline", "1"])
            .run();
        secrets.are_not_in(&run.both(), &format!("damage {kind}: a client certificate"));
    }
}
