//! Azure Arc's agent: a challenge, a key in a file, a token.

use std::path::{Path, PathBuf};

use akv_testkit::{Challenge, Delivery, FakeCloud, Fault, Operation, Request, Response};
use serde_json::json;
use tempfile::TempDir;

const QUERY: &str = "?api-version=2020-06-01&resource=https://vault.azure.net";

/// A machine with an agent, and a temporary folder for its keys.
struct Machine {
    cloud: FakeCloud,
    endpoint: String,
    dir: TempDir,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let cloud = FakeCloud::builder().start();
        let endpoint = cloud.arc_agent(&dir.path().join("tokens")).expect("a folder of keys");
        Self { cloud, endpoint, dir }
    }

    fn ask(&self, more: &str, authorization: Option<&str>) -> Response {
        ask(&self.cloud, &format!("{}{QUERY}{more}", self.endpoint), authorization)
    }

    /// The file that a new challenge names.
    fn challenged(&self) -> PathBuf {
        key_file(&self.ask("", None))
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("tokens")
    }
}

fn ask(cloud: &FakeCloud, url: &str, authorization: Option<&str>) -> Response {
    let request = Request::new("GET", &url.parse().expect("a URL")).header("Metadata", "true");
    cloud.handle(&match authorization {
        Some(value) => request.header("Authorization", value),
        None => request,
    })
}

fn key_file(answer: &Response) -> PathBuf {
    assert_eq!(answer.status(), 401);
    let header = answer.find_header("WWW-Authenticate").expect("a challenge");
    PathBuf::from(header.strip_prefix("Basic realm=").expect("Basic"))
}

fn content(file: &Path) -> String {
    std::fs::read_to_string(file).expect("a key")
}

#[test]
fn key_of_the_file_opens() {
    let machine = Machine::new();
    let file = machine.challenged();
    assert_eq!(file.parent(), Some(machine.folder().as_path()));
    assert_eq!(file.extension().and_then(|it| it.to_str()), Some("key"));
    let key = content(&file);
    assert!((1..=4096).contains(&key.len()), "{}", key.len());
    let answer = machine.ask("", Some(&format!("Basic {key}")));
    assert_eq!(answer.status(), 200);
    let body = answer.body_json();
    for name in ["access_token", "expires_in", "expires_on", "resource", "token_type"] {
        assert!(body[name].is_string(), "{name}");
    }
    let journal = machine.cloud.journal().of(Operation::ArcToken);
    let seen: Vec<_> = journal.iter().map(|entry| (entry.status, entry.bearer)).collect();
    assert_eq!(seen, [(401, false), (200, true)]);
    assert_eq!(journal[0].host, "localhost");
}

#[cfg(unix)]
#[test]
fn key_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let machine = Machine::new();
    let mode = std::fs::metadata(machine.challenged()).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn every_challenge_has_a_key_of_its_own_and_each_serves_once() {
    let machine = Machine::new();
    let (first, second) = (machine.challenged(), machine.challenged());
    assert_ne!(first, second);
    let keys = [content(&first), content(&second)].map(|key| format!("Basic {key}"));
    assert_ne!(keys[0], keys[1]);
    for key in &keys {
        assert_eq!(machine.ask("", Some(key)).status(), 200);
        assert_eq!(machine.ask("", Some(key)).status(), 401);
    }
    assert!(!first.exists(), "a key that has served is taken away");
}

#[test]
fn sixteen_keys_wait_and_the_oldest_makes_room() {
    let machine = Machine::new();
    let files: Vec<PathBuf> = (0..17).map(|_| machine.challenged()).collect();
    let there = |folder: &Path| std::fs::read_dir(folder).expect("the folder").count();
    assert_eq!(there(&machine.folder()), 16);
    assert!(!files[0].exists(), "the oldest has gone");
    let second = format!("Basic {}", content(&files[1]));
    assert_eq!(machine.ask("", Some(&second)).status(), 200);
    // A used key makes room; the other keys keep their order.
    machine.challenged();
    machine.challenged();
    assert!(!files[2].exists() && files[3].exists());
    assert_eq!(there(&machine.folder()), 16);
}

#[test]
fn the_keys_go_with_the_cloud() {
    let Machine { cloud, endpoint, dir } = Machine::new();
    let file = key_file(&ask(&cloud, &format!("{endpoint}{QUERY}"), None));
    assert!(file.exists());
    drop(cloud);
    assert!(!file.exists());
    assert!(dir.path().join("tokens").exists(), "the folder may belong to another program");
}

#[test]
fn wrong_key_gets_another_challenge() {
    let machine = Machine::new();
    let key = content(&machine.challenged());
    for wrong in ["Basic wrong", "Basic ", "Basic", &key, &format!("Bearer {key}")] {
        assert_eq!(machine.ask("", Some(wrong)).status(), 401, "{wrong}");
    }
    assert_eq!(machine.ask("", Some(&format!("basic {key}\n"))).status(), 200);
}

#[test]
fn it_knows_one_identity() {
    let machine = Machine::new();
    for id in ["client_id", "object_id", "msi_res_id", "mi_res_id"] {
        let named = machine.ask(&format!("&{id}={}", machine.cloud.user_identity()), None);
        assert_eq!(named.status(), 400, "{id}");
        assert_eq!(named.body_json()["error"], "invalid_request");
    }
    let key = format!("Basic {}", content(&machine.challenged()));
    machine.cloud.remove_system_identity();
    let answer = machine.ask("", Some(&key));
    assert_eq!(answer.body_json()["error_description"], "Identity not found");
}

#[test]
fn it_is_as_picky_as_the_metadata_service() {
    let machine = Machine::new();
    let url = format!("{}{QUERY}", machine.endpoint);
    let without_header = Request::new("GET", &url.parse().expect("a URL"));
    assert_eq!(machine.cloud.handle(&without_header).status(), 400);
    for (version, status) in [("2018-02-01", 400), ("2019-11-01", 401), ("2021-02-01", 401)] {
        let url = url.replace("2020-06-01", version);
        assert_eq!(ask(&machine.cloud, &url, None).status(), status, "{version}");
    }
    let key = format!("Basic {}", content(&machine.challenged()));
    let answer = ask(&machine.cloud, &url.replace("azure.net", "example"), Some(&key));
    assert_eq!(answer.body_json()["error"], "invalid_resource");
}

#[test]
fn challenge_can_name_a_file_that_clients_must_reject() {
    let machine = Machine::new();
    let outside = machine.dir.path().join("outside.key");
    let not_a_key = machine.folder().join("key.txt");
    for file in [&outside, &not_a_key] {
        let named = Challenge::KeyFile(file.display().to_string());
        machine.cloud.fault(Fault::on(Operation::ArcToken).nth(1).challenge(named));
        assert_eq!(&machine.challenged(), file);
        machine.cloud.clear_faults();
    }
    let fault = json!({
        "operation": "ArcToken",
        "effect": { "challenge": { "key_file": "/etc/shadow" } },
    });
    machine.cloud.fault(serde_json::from_value(fault).expect("a fault"));
    assert_eq!(machine.challenged(), Path::new("/etc/shadow"));
}

#[test]
fn metadata_port_is_closed_without_an_agent() {
    let machine = Machine::new();
    let cloud = FakeCloud::builder().start();
    let answer = ask(&cloud, &format!("{}{QUERY}", machine.endpoint), None);
    assert_eq!(answer.delivery(), &Delivery::Unreachable);
}

#[test]
fn a_key_that_cannot_be_written_is_reported() {
    let machine = Machine::new();
    std::fs::remove_dir_all(machine.folder()).expect("removed");
    let answer = machine.ask("", None);
    assert_eq!(answer.status(), 500);
    assert!(answer.body_json()["error_description"].to_string().contains("cannot be written"));
}

#[test]
fn it_can_fail_as_the_others_can() {
    let machine = Machine::new();
    machine.cloud.fault(Fault::on(Operation::ArcToken).nth(2).status(503));
    let key = format!("Basic {}", content(&machine.challenged()));
    assert_eq!(machine.ask("", Some(&key)).status(), 503);
    assert_eq!(machine.ask("", Some(&key)).status(), 200, "the key has not served yet");
}
