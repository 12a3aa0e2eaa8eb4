//! The program `akv-fake` as a child process.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::tls::{client, json_of, token};

/// A running `akv-fake`, ended when it is dropped.
struct Program {
    child: Child,
    environment: BTreeMap<String, String>,
    ca_pem: String,
}

impl Program {
    fn start(dir: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_akv-fake"))
            .arg("--dir")
            .arg(dir)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let stdout = child.stdout.take().expect("a pipe");
        let line = BufReader::new(stdout).lines().next().expect("a line").expect("a line");
        assert!(line.starts_with("ready "), "{line}");
        let text = std::fs::read_to_string(dir.join("env.sh")).expect("env.sh");
        let environment = text
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
            .collect();
        let ca_pem = std::fs::read_to_string(dir.join("ca.pem")).expect("ca.pem");
        Self { child, environment, ca_pem }
    }

    fn of(&self, name: &str) -> &str {
        self.environment.get(name).unwrap_or_else(|| panic!("{name} is in env.sh"))
    }

    fn address(&self) -> std::net::SocketAddr {
        let (_, port) = self.of("AKV_FAKE_CONTROL_URL").rsplit_once(':').expect("a port");
        format!("127.0.0.1:{port}").parse().expect("an address")
    }

    async fn get(&self, path: &str) -> (u16, serde_json::Value) {
        let client = client(&self.ca_pem, self.address());
        let vault = self.of("AKV_FAKE_VAULT_URL").to_owned();
        let audience = vault.replacen("fake-vault.", "", 1);
        let token = token(
            &client,
            self.of("AZURE_AUTHORITY_HOST"),
            self.of("AZURE_TENANT_ID"),
            (self.of("AZURE_CLIENT_ID"), self.of("AZURE_CLIENT_SECRET")),
            &audience,
        )
        .await;
        let url = format!("{vault}{path}?api-version=7.4");
        let answer = client.get(url).bearer_auth(token).send().await.expect("an answer");
        (answer.status().as_u16(), json_of(answer).await)
    }

    /// Ends it as a service manager would.
    #[cfg(unix)]
    fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().expect("kill");
        self.child.wait().expect("an end").code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has already ended if the test succeeded.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn program_serves_ends_on_sigterm_and_saves_its_state() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state.json");
    let state = state.to_str().expect("a path");
    let program = Program::start(dir.path(), &["--certificates", "3", "--state", state]);
    let (status, first) = program.get("/certificates/cert-000002").await;
    assert_eq!(status, 200);
    let secret = program.of("AZURE_CLIENT_SECRET").to_owned();
    let cloud = std::fs::read_to_string(dir.path().join("cloud.json")).expect("cloud.json");
    let cloud: akv_core::Cloud = serde_json::from_str(&cloud).expect("a cloud");
    assert_eq!(cloud.authority, program.of("AZURE_AUTHORITY_HOST"));
    assert!(cloud.ca_file.is_some_and(|file| file.is_absolute()));
    assert_eq!(program.terminate(), Some(0));

    let again = Program::start(dir.path(), &["--state", state]);
    assert_eq!(again.of("AZURE_CLIENT_SECRET"), secret);
    let (status, second) = again.get("/certificates/cert-000002").await;
    assert_eq!((status, &second["cer"]), (200, &first["cer"]));
    assert_eq!(second["attributes"]["created"], first["attributes"]["created"]);
    assert_eq!(again.terminate(), Some(0));
    for file in ["state.json", "env.sh"] {
        let mode = std::fs::metadata(dir.path().join(file)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file} holds secrets");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_read_from_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("faults.json");
    let faults = r#"[{"operation":"GetCertificate","effect":{"body":{"status":502,"text":"{}"}}}]"#;
    std::fs::write(&file, faults).expect("a file");
    let program = Program::start(
        dir.path(),
        &["--certificates", "1", "--faults", file.to_str().expect("a path")],
    );
    assert_eq!(program.get("/certificates/cert-000001").await.0, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_arcs_agent_writes_its_keys_to_the_given_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let keys = dir.path().join("keys");
    let program = Program::start(dir.path(), &["--arc-keys", keys.to_str().expect("a path")]);
    let host = program.of("AKV_FAKE_CONTROL_URL").replace("localhost", "arc.localhost");
    let query = "api-version=2020-06-01&resource=https://vault.azure.net";
    let answer = client(&program.ca_pem, program.address())
        .get(format!("{host}/metadata/identity/oauth2/token?{query}"))
        .header("Metadata", "true")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 401);
    assert_eq!(std::fs::read_dir(keys).expect("the folder").count(), 1);
}

#[test]
fn invalid_client_certificate_file_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("client.pem");
    let run = || {
        let program = Command::new(env!("CARGO_BIN_EXE_akv-fake"))
            .arg("--dir")
            .arg(dir.path())
            .arg("--client-certificate")
            .arg(&file)
            .output()
            .expect("a process");
        assert_eq!(program.status.code(), Some(1));
        String::from_utf8_lossy(&program.stderr).into_owned()
    };
    // The operating system's text states the reason.
    let absent = run();
    assert!(absent.contains("client.pem: ") && absent.contains("(os error 2)"), "{absent}");
    std::fs::write(&file, "nonsense").expect("written");
    assert!(run().contains("client.pem: no certificate can be read"), "{}", run());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("a-file");
    std::fs::write(&file, "").expect("written");
    let taken = dir.path().join("taken");
    std::fs::create_dir_all(taken.join("ca.pem")).expect("a folder");
    for (dir, part) in [
        (file.clone(), "cannot make the folder"),
        (file.join("deeper"), "deeper"),
        (taken, "cannot write"),
    ] {
        let program = Command::new(env!("CARGO_BIN_EXE_akv-fake"))
            .arg("--dir")
            .arg(&dir)
            .output()
            .expect("a process");
        let message = String::from_utf8_lossy(&program.stderr).into_owned();
        assert_eq!(program.status.code(), Some(1), "{message}");
        assert!(message.contains(part), "{message}");
        assert!(message.contains(&dir.display().to_string()), "{message}");
    }
}

#[test]
fn impossible_options_fail_at_the_start() {
    let dir = tempfile::tempdir().expect("a folder");
    let faults = dir.path().join("faults.json");
    std::fs::write(&faults, r#"[{"effect":"close","calls":{"every":0}}]"#).expect("a file");
    let broken = dir.path().join("broken.json");
    std::fs::write(&broken, "{}").expect("a file");
    let path = |name: &str| dir.path().join(name).display().to_string();
    for (flag, file, part) in [
        ("--state", path("absent/state.json"), "absent"),
        ("--state", dir.path().display().to_string(), "directory"),
        ("--state", path("broken.json"), "not a saved state"),
        ("--faults", path("faults.json"), "fault 1: calls: "),
        ("--faults", path("none.json"), "none.json"),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_akv-fake"))
            .arg("--dir")
            .arg(dir.path())
            .args([flag, &file])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a process");
        let stdout = child.stdout.take().expect("a pipe");
        let ready = BufReader::new(stdout).lines().next();
        // A serving program does not end by itself.
        let _ = child.kill();
        let output = child.wait_with_output().expect("an end");
        assert!(ready.is_none(), "{flag} {file}: it serves");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{flag} {file}: {message}");
        assert!(message.contains(part), "{flag} {file}: {message}");
    }
    assert_eq!(std::fs::read_to_string(&broken).expect("a file"), "{}", "it was left alone");
}

#[test]
fn usage_error_exits_2_with_a_reason() {
    let output = Command::new(env!("CARGO_BIN_EXE_akv-fake"))
        .args(["--dir", "x", "--listen", "0.0.0.0:1"])
        .output()
        .expect("a process");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"));
}

#[cfg(unix)]
#[test]
fn files_are_replaced_and_links_not_followed() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().expect("a folder");
    let victim = dir.path().join("victim");
    std::fs::write(&victim, "precious").expect("a file");
    let fake = dir.path().join("fake");
    std::fs::create_dir(&fake).expect("a folder");
    let state = dir.path().join("state.json");
    for name in ["ca.pem", "cloud.json", "env.sh", "env.ps1"] {
        symlink(&victim, fake.join(name)).expect("a link");
        symlink(&victim, fake.join(format!("{name}.unfinished"))).expect("a link");
    }
    symlink(&victim, dir.path().join("state.json.unfinished")).expect("a link");
    let program = Program::start(&fake, &["--state", state.to_str().expect("a path")]);
    assert_eq!(program.terminate(), Some(0));
    assert_eq!(std::fs::read_to_string(&victim).expect("a file"), "precious");
    for name in ["ca.pem", "cloud.json", "env.sh", "env.ps1"] {
        let kind = std::fs::symlink_metadata(fake.join(name)).expect("a file").file_type();
        assert!(kind.is_file(), "{name}");
    }
    for (name, mode) in [("env.ps1", 0o600), ("env.sh", 0o600)] {
        let file = std::fs::metadata(fake.join(name)).expect("a file");
        assert_eq!(file.permissions().mode() & 0o777, mode, "{name}");
    }
    let text = std::fs::read_to_string(fake.join("env.ps1")).expect("a file");
    assert!(text.contains("$env:AKV_FAKE_VAULT_URL = 'https://fake-vault.vault.localhost:"));
}

#[test]
fn too_many_connections_are_closed_and_places_given_back() {
    use std::io::{ErrorKind, Read as _};
    use std::net::TcpStream;
    let dir = tempfile::tempdir().expect("a folder");
    let program = Program::start(dir.path(), &[]);
    let connect = || TcpStream::connect(program.address()).expect("a connection");
    let is_closed = |mut stream: &TcpStream| {
        let wait = Some(std::time::Duration::from_millis(500));
        stream.set_read_timeout(wait).expect("a timeout");
        match stream.read_exact(&mut [0]) {
            Ok(()) => true,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    };
    let idle: Vec<TcpStream> = (0..780).map(|_| connect()).collect();
    assert!(!is_closed(&idle[0]), "the first one has its place");
    assert!(is_closed(&idle[779]), "the last one has none");
    drop(idle);
    assert!((0..20).any(|_| !is_closed(&connect())), "what is closed gives its place back");
}
