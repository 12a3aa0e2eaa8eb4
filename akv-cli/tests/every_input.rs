//! Input in every encoding, output that cannot be written, and machines without resources.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::time::Duration;

use akv_testkit::pki::openssl_pfx;
use akv_testkit::{FakeCloud, Operation};
use program::fake::Fake;
use program::{FIXTURES, akv};
use serde_json::{Value, json};

fn utf16(text: &str) -> Vec<u8> {
    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

fn job(fake: &Fake) -> Value {
    json!({
        "Capability": "CertStores.AKV.Inventory",
        "JobHistoryId": 42,
        "ServerUsername": fake.cloud.client_id(),
        "ServerPassword": fake.cloud.client_secret(),
        "CertificateStoreDetails": { "ClientMachine": fake.cloud.tenant_id(), "StorePath": "contoso" },
    })
}

fn message(document: &str) -> String {
    let document: Value = serde_json::from_str(document).expect("JSON");
    document["JobResult"]["FailureMessage"].as_str().expect("a message").to_owned()
}

#[test]
fn client_secret_is_read_without_quotes_and_line_ends() {
    let fake = Fake::with_vault();
    let secret = fake.cloud.client_secret();
    for (value, has_warning) in [
        (format!("{secret}\n"), false),
        (format!("{secret}\r\n"), false),
        (format!("\"{secret}\""), true),
        (format!("'{secret}'\n"), true),
        (format!("\u{feff}{secret}"), false),
    ] {
        let run =
            fake.akv().args(["inventory", "contoso"]).env("AZURE_CLIENT_SECRET", &value).run();
        assert_eq!(run.code, 0, "{value:?}: {}", run.both());
        assert_eq!(run.stderr.contains("quotation marks"), has_warning, "{}", run.stderr);
        assert!(!run.both().contains(&secret), "{}", run.both());
    }
    for content in [utf16(&format!("{secret}\r\n")), format!("\u{feff}{secret}\n").into_bytes()] {
        let file = fake.file("secret", content);
        let run = fake
            .akv()
            .args(["inventory", "contoso", "--client-secret-file", &file])
            .env("AZURE_CLIENT_SECRET", "")
            .run();
        assert_eq!(run.code, 0, "{}", run.both());
    }
    let empty = fake.file("secret", "\u{feff}\r\n");
    let run = fake.akv().args(["inventory", "contoso", "--client-secret-file", &empty]).run();
    assert!(run.code == 4 && run.stderr.contains("it is empty"), "{}", run.both());
    let quoted = format!("\"{}\"\n", fake.cloud.tenant_id());
    let run = fake.akv().args(["inventory", "contoso"]).env("AZURE_TENANT_ID", &quoted).run();
    assert_eq!(run.code, 0, "{}", run.both());
}

#[test]
fn passwords_are_read_in_every_encoding() {
    let pfx = format!("{FIXTURES}/ossl-modern-rsa2048.pfx");
    let password = "Pässw0rd!";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    let line = format!("{password}\r\n");
    for content in [
        password.as_bytes().to_vec(),
        line.clone().into_bytes(),
        format!("\u{feff}{line}").into_bytes(),
        utf16(&line),
        utf16(password),
    ] {
        std::fs::write(&file, &content).expect("written");
        let check = || akv().args(["check", "--pfx", &pfx]);
        let run = check().arg("--password-file").arg(&file).run();
        assert_eq!(run.code, 0, "{content:?}: {}", run.both());
        let run = check().arg("--password-stdin").stdin([&content[..], b""].concat()).run();
        assert_eq!(run.code, 0, "{content:?}: {}", run.both());
    }
    let run = akv()
        .args(["check", "--pfx", &pfx, "--password-env", "THE_PASSWORD"])
        .env("THE_PASSWORD", &line)
        .run();
    assert_eq!(run.code, 0, "{}", run.both());
    std::fs::write(&file, b"P\xe4ssw0rd!").expect("written");
    let run = akv().args(["check", "--pfx", &pfx, "--password-file"]).arg(&file).run();
    assert!(run.code == 4 && run.stderr.contains("ANSI"), "{}", run.both());
}

#[test]
fn cloud_file_and_previous_inventory_are_read_in_utf_16() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(3);
    let inventory = |more: &[&str]| {
        let run = fake.akv().args(["inventory", "contoso", "-o", "jsonl"]).args(more).run();
        assert_eq!(run.code, 0, "{}", run.both());
        run.stdout
    };
    let full = inventory(&[]);
    let fetched = || fake.cloud.journal().count(Operation::GetCertificate);
    let before = fetched();
    let since = fake.file("since.jsonl", utf16(&full.replace('\n', "\r\n")));
    assert_eq!(inventory(&["--since", &since]), full);
    assert_eq!(fetched(), before, "none was fetched");
    let cloud = std::fs::read_to_string(fake.path("cloud.json")).expect("a cloud");
    fake.file("cloud.json", utf16(&cloud));
    assert_eq!(inventory(&[]), full);
    let run = fake.akv().args(["job"]).stdin(utf16(&job(&fake).to_string())).run();
    assert_eq!(run.code, 0, "{}", run.both());
}

#[test]
fn tags_arrive_unchanged_as_ascii_json() {
    let fake = Fake::with_vault();
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let pfx = fake.file("web.pfx", fixture.pfx);
    let tag = "Größe\u{202e}日本\u{1b}[2J";
    let run = fake
        .akv()
        .args(["add", "contoso", "--alias", "web", "--pfx", &pfx, "--password-stdin", "--tag"])
        .arg(format!("owner={tag}"))
        .stdin(fixture.password)
        .run();
    assert_eq!(run.code, 0, "{}", run.both());
    let shown = |args: &[&str]| {
        let run = fake.akv().args(args).stdin(job(&fake).to_string()).run();
        assert_eq!(run.code, 0, "{}", run.both());
        run.stdout
    };
    for format in ["json", "jsonl"] {
        let text = shown(&["inventory", "contoso", "-o", format]);
        assert!(text.chars().all(|c| matches!(c, ' '..='~' | '\n')), "{text}");
        let read: Value = serde_json::from_str(&text).expect("JSON");
        let item = if format == "json" { &read["certificates"][0] } else { &read };
        assert_eq!(item["tags"]["owner"], json!(tag));
    }
    let text = shown(&["job"]);
    assert!(text.chars().all(|c| matches!(c, ' '..='~' | '\n')), "{text}");
    let read: Value = serde_json::from_str(&text).expect("JSON");
    let tags = read["Inventory"][0]["Parameters"]["CertificateTags"].as_str().expect("tags");
    assert_eq!(serde_json::from_str::<Value>(tags).expect("JSON"), json!({ "owner": tag }));
    let csv = shown(&["inventory", "contoso", "-o", "csv"]);
    assert!(csv.contains(tag), "{csv}");
    let table = shown(&["inventory", "contoso", "-o", "table"]);
    assert!(!table.contains(['\u{1b}', '\u{202e}']) && table.contains("Größe"), "{table}");
}

#[test]
fn servers_error_writes_no_log_line_of_its_own() {
    let fake = Fake::with_vault();
    let mut job = job(&fake);
    job["ServerError"] = json!("broken\r\nFORGED line\u{1b}[2J\u{9b}\u{202e}");
    for more in [&["-v"][..], &["-v", "--log-format", "json"]] {
        let run = fake.akv().arg("job").args(more).stdin(job.to_string()).run();
        assert_eq!(run.code, 4, "{}", run.both());
        let both = run.both();
        assert!(!both.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\r']), "{both:?}");
        assert!(!both.lines().any(|line| line.starts_with("FORGED")), "{both}");
    }
}

#[test]
fn reference_needs_an_option_and_setup_errors_come_first() {
    let fake = Fake::with_vault();
    let mut job = job(&fake);
    job["ServerPassword"] = json!({ "env": "AKV_TEST_SECRET" });
    let run = |more: &[&str]| {
        let run = fake
            .akv()
            .arg("job")
            .args(more)
            .env("AKV_TEST_SECRET", &fake.cloud.client_secret())
            .stdin(job.to_string())
            .run();
        (message(&run.stdout), run)
    };
    let (failure, ran) = run(&[]);
    assert!(
        failure.contains("--secret-env-prefix") && ran.stderr.contains("are disabled"),
        "{}",
        ran.both()
    );
    assert_eq!(run(&["--secret-env-prefix", "AKV_TEST_"]).1.code, 0);
    let (failure, _) = run(&["--ca-file", "/no/such/file"]);
    assert!(failure.contains("/no/such/file"), "{failure}");
}

#[test]
fn endpoint_of_a_job_needs_an_option() {
    let fake = Fake::with_vault();
    let mut job = job(&fake);
    job["CertificateStoreDetails"]["Properties"] = json!({ "PrivateEndpoint": "evil.localhost:9" });
    job["ServerPassword"] = json!({ "env": "AKV_TEST_SECRET" });
    let run = |more: &[&str], allowed: &str| {
        fake.akv()
            .args(["job", "--deadline", "1", "--secret-env-prefix", "AKV_TEST_"])
            .args(more)
            .env("AKV_TEST_SECRET", &fake.cloud.client_secret())
            .env("AKV_ALLOWED_ENDPOINTS", allowed)
            .stdin(job.to_string())
            .run()
    };
    let refused = run(&[], " ,other.example");
    assert!(message(&refused.stdout).contains("--allow-endpoint"), "{}", refused.both());
    assert!(refused.stderr.contains("WARN"), "{}", refused.stderr);
    assert_eq!(fake.cloud.journal().count(Operation::Token), 0, "no credential was used");
    for allowed in
        [run(&["--allow-endpoint", "evil.localhost:9"], ""), run(&[], "a.b, evil.localhost:9")]
    {
        let failure = message(&allowed.stdout);
        assert!(!failure.contains("--allow-endpoint"), "{failure}");
    }
    assert_eq!(run(&[], "net").code, 2, "no suffix");
    let cloud = std::fs::read_to_string(fake.path("cloud.json")).expect("a cloud");
    let cloud: Value = serde_json::from_str(&cloud).expect("JSON");
    let suffix = cloud["vault_suffix"].as_str().expect("a suffix");
    let run = run(&["--private-endpoint", suffix], "");
    assert_eq!(run.code, 0, "the operator's own wins: {}", run.both());
}

#[cfg(target_os = "linux")]
#[test]
fn change_with_unwritten_result_ends_5() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        std::fs::File::from(std::os::fd::OwnedFd::from(writer))
    };
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(4);
    let mut names = (1..=4).map(|at| format!("cert-{at:06}"));
    for (format, out) in [("table", full()), ("table", closed()), ("json", full())] {
        let name = names.next().expect("a name");
        let run = fake
            .akv()
            .args(["remove", "contoso", "--alias", &name, "-o", format])
            .stdout(out)
            .run();
        assert_eq!(run.code, 5, "{}", run.both());
        assert!(run.stderr.contains("removed") && run.stderr.contains(&name), "{}", run.stderr);
    }
    for format in ["table", "json", "jsonl", "csv"] {
        let run = fake.akv().args(["inventory", "contoso", "-o", format]).stdout(full()).run();
        let error = "error: cannot write to standard output: No space left on device";
        assert!(run.code == 4 && run.stderr.contains(error), "{format}: {}", run.both());
    }
    let mut remove = job(&fake);
    let name = names.next().expect("a name");
    remove["Capability"] = "CertStores.AKV.Management".into();
    remove["OperationType"] = 3.into();
    remove["JobCertificate"] = json!({ "Alias": name });
    let run = fake.akv().arg("job").stdin(remove.to_string()).stdout(closed()).run();
    assert_eq!(run.code, 5, "{}", run.both());
    assert!(run.stderr.contains("job 42 ended in Success"), "{}", run.stderr);
    assert!(fake.cloud.vault("contoso").names().is_empty());
    // A read can be repeated.
    let run = fake.akv().args(["inventory", "contoso", "-o", "json"]).stdout(closed()).run();
    assert_eq!((run.code, run.stderr.contains("written")), (4, false), "{}", run.both());
}

#[test]
fn job_ends_at_its_deadline_with_a_document() {
    let fake = Fake::new(FakeCloud::builder().vault("contoso"));
    fake.cloud.vault("contoso").seed(2000);
    fake.cloud.latency(Duration::from_millis(400));
    let run = fake.akv().args(["job", "--job-deadline", "2"]).stdin(job(&fake).to_string()).run();
    assert_eq!(run.code, 4, "{}", run.both());
    assert!(message(&run.stdout).contains("--job-deadline"), "{}", run.stdout);
    assert!(run.stdout.contains("\"JobHistoryId\":42"), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn job_without_descriptors_ends_in_a_document() {
    for limit in ["4", "5", "6", "8", "10"] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("job.json");
        std::fs::write(&file, "{\"JobHistoryId\":42,\"x\":1}").expect("written");
        let output = std::process::Command::new("sh")
            .args(["-c", "ulimit -n $0 && exec \"$1\" job", limit])
            .arg(env!("CARGO_BIN_EXE_akv"))
            .stdin(std::fs::File::open(&file).expect("a file"))
            .output()
            .expect("sh runs");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(4), "{limit}: {output:?}");
        assert!(stdout.contains("\"Result\":4,\"JobHistoryId\":42"), "{limit}: {stdout}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn core_dumps_are_off_unless_asked_for() {
    let core_limit = |process: &str| {
        let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).expect("limits");
        let line = limits.lines().find(|line| line.starts_with("Max core file size"));
        line.and_then(|line| line.split_whitespace().nth(4)).expect("a limit").to_owned()
    };
    for (more, expected) in
        [(None, "0".to_owned()), (Some("--allow-core-dumps"), core_limit("self"))]
    {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_akv"))
            .arg("job")
            .args(more)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("akv starts");
        let process = child.id().to_string();
        // Once it handles SIGINT and SIGTERM, its initialization is complete.
        let listens = |status: &str| {
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("one");
            u64::from_str_radix(caught.trim(), 16).expect("a mask") & 0x4002 == 0x4002
        };
        let status = || std::fs::read_to_string(format!("/proc/{process}/status")).expect("status");
        while !listens(&status()) {
            std::thread::yield_now();
        }
        let limit = core_limit(&process);
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert_eq!(limit, expected, "{more:?}");
    }
}

/// The document of a job, and the peak memory of the process in MiB.
#[cfg(target_os = "linux")]
fn job_with_peak(configuration: String) -> (String, usize) {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let mut child = Command::new(env!("CARGO_BIN_EXE_akv"))
        .arg("job")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("akv starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A rejected configuration is not read to its end.
    std::thread::spawn(move || stdin.write_all(configuration.as_bytes()));
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().expect("akv ends");
    (String::from_utf8(output.stdout).expect("text"), peak >> 10)
}

#[cfg(target_os = "linux")]
#[test]
fn rejected_configuration_takes_at_most_64_mib() {
    let cut_off = |bytes: usize| {
        let items = "{\"\":0},".repeat(bytes / 7);
        format!("{{\"JobHistoryId\":42,\"CertificateStoreDetails\":[{items}")
    };
    for (bytes, expected) in [(31 << 20, "ends before the object does"), (64 << 20, "larger than")]
    {
        let (document, peak) = job_with_peak(cut_off(bytes));
        println!("a configuration of {} MiB that is refused: {peak} MiB", bytes >> 20);
        assert!(message(&document).contains(expected), "{document}");
        assert!(peak > 0 && peak < 64, "{bytes} bytes: {peak} MiB");
    }
    let entries: Vec<_> = (0..100_000)
        .map(|at| json!({ "Alias": format!("certificate-{at}"), "Thumbprints": [format!("{at:040X}")] }))
        .collect();
    let job = json!({
        "Capability": "CertStores.AKV.Inventory",
        "JobHistoryId": 42,
        "CertificateStoreDetails": { "StorePath": "contoso" },
        "ServerPassword": "without a user",
        "LastInventory": entries,
    });
    let (document, peak) = job_with_peak(job.to_string());
    println!("a LastInventory of 100,000: {peak} MiB");
    assert!(message(&document).contains("ServerUsername"), "{document}");
    assert!(peak > 0 && peak < 96, "{peak} MiB");
}
