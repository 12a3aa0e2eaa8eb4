//! `--config FILE`: the allowed options of a file, and the order of precedence.

#![allow(clippy::expect_used, clippy::panic, reason = "a missing prerequisite fails the test")]

mod program;

use std::path::Path;

use program::{Run, akv};
use serde_json::Value;

const JOB: &str = include_str!("../../akv-keyfactor/tests/fixtures/remove.json");

fn settings(folder: &Path, content: impl AsRef<[u8]>) -> String {
    let file = folder.join("akv.toml");
    std::fs::write(&file, content).expect("write the settings");
    file.display().to_string()
}

fn inventory(content: impl AsRef<[u8]>) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    akv().args(["inventory", "contoso", "--config", &settings(folder.path(), content)]).run()
}

#[test]
fn settings_that_cannot_be_used_are_named_with_their_line() {
    for (content, expected) in [
        ("cloud = ", "line 1: invalid TOML"),
        ("\n\ncloud = \"public\"\ncloud = \"china\"", "line 4: invalid TOML"),
        ("cloud = \"germany\"", "line 1: cloud: expected public, government or china"),
        ("# clouds\ncloud_file = \"x\"", "line 2: unknown setting; the nearest one is cloud-file"),
        ("zzz = 1", "line 1: unknown setting"),
        ("[cloud]\na = 1", "line 1: cloud: expected text"),
        ("cloud = [\"public\"]", "cloud: expected one value, not a list"),
        ("cloud = \"public\"\ncloud-file = \"x\"", "line 2: cloud-file: it excludes cloud"),
        ("chain = \"yes\"", "line 1: chain: expected true or false"),
        ("verbose = -1", "line 1: verbose: expected a whole number"),
        ("verbose = true", "line 1: verbose: expected"),
        ("deadline = 5000", "line 1: deadline: invalid value"),
        ("log-format = \"xml\"", "line 1: log-format: expected one of text, json"),
        ("tenant = [\"contoso.com\", \"a/b\"]", "line 1: tenant: expected a GUID"),
    ] {
        let run = inventory(content);
        assert_eq!(run.code, 2, "{content}: {}", run.stderr);
        assert!(run.stderr.contains("cannot read the settings from"), "{content}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{content}: {}", run.stderr);
    }
    let run = akv().args(["inventory", "contoso", "--config", env!("CARGO_MANIFEST_DIR")]).run();
    assert!(run.stderr.contains("not a regular file"), "{}", run.stderr);
    let run = akv().args(["inventory", "contoso", "--config", "/no/such/akv.toml"]).run();
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("/no/such/akv.toml"), "{}", run.stderr);
}

#[test]
fn command_options_are_rejected_by_name() {
    for name in [
        "overwrite",
        "purge",
        "alias",
        "tag",
        "pfx",
        "pem",
        "password-file",
        "preserve-tags",
        "non-exportable",
        "since",
        "sku",
        "region",
        "access-policy",
        "purge-protection",
        "retention",
        "no-public-access",
        "config",
        "output",
    ] {
        let run = inventory(format!("{name} = true"));
        let expected = format!("line 1: {name} can only be given on the command line");
        assert_eq!(run.code, 2, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(&expected), "{name}: {}", run.stderr);
    }
}

#[test]
fn no_content_of_the_file_is_shown() {
    let secret = "kU3nt8QzR5vX1pLw7sYd";
    for content in [
        secret.to_owned(),
        format!("cloud = \"{secret}\""),
        format!("cloud = {secret}"),
        format!("{secret} = 1"),
        format!("tenant = [\"{secret}/\"]"),
        format!("deadline = \"{secret}\""),
        format!("resource-manager = [\"{secret}\"]"),
        format!("log-format = \"{secret}\""),
        format!("identity = \"{secret}\"\n"),
    ] {
        let run = inventory(&content);
        assert_eq!(run.code, 2, "{content}: {}", run.stderr);
        assert!(!run.both().contains(secret), "{content}: {}", run.both());
    }
}

#[test]
fn a_settings_file_is_decoded_like_every_small_text() {
    let expected = "line 1: cloud: expected public";
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend("cloud = \"nowhere\"\r\n".encode_utf16().flat_map(u16::to_le_bytes));
    for content in [b"\xef\xbb\xbfcloud = \"nowhere\"".to_vec(), utf16] {
        let run = inventory(content);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
    let run = inventory(b"cloud = \"\xe4\"");
    assert!(run.stderr.contains("not UTF-8"), "{}", run.stderr);
    let run = inventory("#".repeat(100 << 10));
    assert!(run.stderr.contains("larger than"), "{}", run.stderr);
}

#[test]
fn command_line_and_environment_take_precedence() {
    let folder = tempfile::tempdir().expect("a folder");
    // The error about the cloud of the file proves that it is used.
    let file = settings(
        folder.path(),
        "cloud-file = \"none.json\"\ntenant = [\"a.example\", \"b.example\"]",
    );
    let secret = |run: program::Akv| {
        run.env("AZURE_CLIENT_ID", "99999999-8888-7777-6666-555555555555")
            .env("AZURE_CLIENT_SECRET", "secret")
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
    };
    let run = secret(akv().args(["inventory", "contoso", "--config", &file])).run();
    assert!(run.stderr.contains("more than one --tenant"), "a list of the file: {}", run.stderr);
    let one =
        secret(akv().args(["inventory", "contoso", "--config", &file, "--tenant", "c.example"]));
    let run = one.run();
    let expected = folder.path().join("none.json").display().to_string();
    assert!(run.stderr.contains(&expected), "relative to the file: {}", run.stderr);
    let run = secret(akv().args(["inventory", "contoso", "--config", &file]))
        .env("AZURE_TENANT_ID", "c.example")
        .run();
    assert!(run.stderr.contains(&expected), "the environment's tenant: {}", run.stderr);
    let run = secret(akv().args([
        "inventory",
        "contoso",
        "--tenant",
        "c.example",
        "--cloud",
        "china",
        "--deadline",
        "1",
    ]))
    .env("AKV_CONFIG", &file)
    .run();
    assert!(!run.stderr.contains("none.json"), "another cloud is given: {}", run.stderr);
}

#[test]
fn a_setting_of_another_command_is_ignored() {
    let run = inventory("soft-deleted = \"refuse\"\nskip-unchanged = true\nchain = true\n");
    assert!(run.stderr.contains("no credential is set"), "{}", run.stderr);
}

#[test]
fn a_job_reports_bad_settings_in_its_result() {
    let folder = tempfile::tempdir().expect("a folder");
    for (content, expected) in [
        ("overwrite = true", "overwrite can only be given on the command line"),
        ("cloud-file = \"none.json\"", "none.json"),
        ("client-id = \"99999999-8888-7777-6666-555555555555\"", "a job has its own credential"),
        ("tenant = [\"a.example\", \"b.example\"]", "a job accepts one --tenant"),
    ] {
        let file = settings(folder.path(), content);
        let run = akv().args(["job", "-"]).env("AKV_CONFIG", &file).stdin(JOB).run();
        assert_eq!(run.code, 4, "{content}: {}", run.both());
        let document: Value = serde_json::from_str(&run.stdout).expect("a document");
        let result = &document["JobResult"];
        assert_eq!(result["JobHistoryId"], 26009, "{content}: {document}");
        let message = result["FailureMessage"].as_str().expect("a message");
        assert!(message.contains(expected), "{content}: {message}");
    }
}

#[test]
fn a_log_file_gets_a_line_a_job_beside_standard_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = settings(folder.path(), "log-file = \"akv.log\"\n");
    let job = JOB.replace("CertStores.AKV.Management", "CertStores.AKV.Reenrollment");
    for _ in 0..2 {
        let run = akv().args(["job", "--config", &file]).stdin(job.clone()).run();
        assert_eq!(run.code, 4, "{}", run.both());
    }
    let log = std::fs::read_to_string(folder.path().join("akv.log")).expect("the log");
    assert_eq!(log.lines().filter(|line| line.contains("26009")).count(), 2, "{log}");
    let run = akv().args(["job", "--log-file", "/no/such/folder/akv.log"]).stdin(job).run();
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("cannot open the log file"), "{}", run.stderr);
    assert!(run.stdout.contains("26009"), "{}", run.stdout);
}

/// The parent is killed, so it cannot send a signal.
#[cfg(unix)]
#[test]
fn job_ends_after_its_parent_is_killed() {
    use std::io::Read;
    use std::net::TcpListener;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let folder = tempfile::tempdir().expect("a folder");
    let job = folder.path().join("job.json");
    std::fs::write(&job, JOB).expect("write the job");
    // A proxy that accepts connections and never answers.
    let proxy = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("http://{}", proxy.local_addr().expect("an address"));
    let mut parent = Command::new("sh")
        .args(["-c", "\"$0\" job --exit-with-parent --deadline 60 \"$1\" & wait"])
        .arg(env!("CARGO_BIN_EXE_akv"))
        .arg(&job)
        .env("HTTPS_PROXY", url)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .stdout(Stdio::piped())
        .spawn()
        .expect("start");
    let connection = proxy.accept().expect("the job is under way");
    let mut output = parent.stdout.take().expect("an output");
    parent.kill().expect("kill");
    parent.wait().expect("wait");
    let killed = Instant::now();
    let mut document = String::new();
    output.read_to_string(&mut document).expect("akv ends and closes its output");
    drop(connection);
    assert!(killed.elapsed() < Duration::from_secs(20), "{:?}: {document}", killed.elapsed());
    assert!(document.contains("\"Result\":4"), "{document}");
}
