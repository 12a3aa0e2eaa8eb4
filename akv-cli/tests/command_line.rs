//! The program without any cloud, for a person or a script.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use program::{FIXTURES, Run, akv};
use serde_json::{Value, json};

fn check(file: &str, password: &str) -> Run {
    akv()
        .args(["check", "--output", "json", "--password-env", "PFX_PASSWORD"])
        .args(["--pfx", &format!("{FIXTURES}/{file}")])
        .env("PFX_PASSWORD", password)
        .run()
}

#[test]
fn help_and_version_are_printed() {
    let help = akv().arg("--help").run();
    assert_eq!(help.code, 0);
    // A feature may add the demo.
    let demo = |line: &&str| line.trim_start().starts_with("demo ");
    let lines: Vec<&str> = help.stdout.lines().filter(|line| !demo(line)).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let version = akv().arg("--version").run();
    assert_eq!(version.stdout.trim(), concat!("akv ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn arguments_that_are_rejected_are_shown_inert() {
    let odd = "x\u{1b}[2J\u{9b}\u{202e}\r\nFORGED";
    let option = format!("--{odd}");
    for arguments in [
        ["inventory", odd],
        ["inventory", &option],
        [odd, "contoso"],
        ["show", odd],
        ["store-type", odd],
    ] {
        let run = akv().args(arguments).run();
        assert_eq!(run.code, 2, "{}", run.both());
        assert!(!run.stderr.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\r']), "{:?}", run.stderr);
        assert!(!run.stderr.lines().any(|line| line.starts_with("FORGED")), "{}", run.stderr);
    }
}

#[test]
fn help_of_each_command_is_printed() {
    let commands = [
        "job",
        "inventory",
        "show",
        "add",
        "remove",
        "list-deleted",
        "recover",
        "purge",
        "request",
        "merge",
        "cancel",
        "report",
        "create",
        "discover",
        "check",
        "doctor",
        "store-type",
        "completions",
        "man",
    ];
    let help = akv().arg("--help").run().stdout;
    let listed = help.split("Commands:\n").nth(1).expect("commands").lines();
    let listed = listed.map_while(|line| line.strip_prefix("  "));
    let demo = usize::from(cfg!(feature = "demo"));
    assert_eq!(listed.count(), commands.len() + demo + 1, "one is the help itself");
    for command in commands {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        let help = akv().args([command, "--help"]).run();
        assert_eq!(help.code, 0);
        // The common options are the same in all commands, and are in the program's help.
        let own = help.stdout.split("\nCommon options:").next().expect("a text");
        insta::assert_snapshot!(format!("help_{command}"), own);
    }
}

#[test]
fn option_of_another_tool_gets_a_hint() {
    for (args, expected) in [
        (vec!["add", "contoso", "--pfx", "x", "--force"], "tip: --overwrite replaces it"),
        (vec!["add", "contoso", "--pfx", "x", "--password", "hunter2"], "tip: use --password-file"),
        (vec!["-v", "remove", "contoso", "--name=web"], "tip: use --alias for the name"),
        (vec!["inventory", "--vault-name", "contoso"], "tip: use the argument STORE"),
        (vec!["inventory", "contoso", "--tenent", "x"], "--tenant"),
    ] {
        let run = akv().args(&args).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    }
}

#[test]
fn completions_and_man_pages_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        // Invalid settings must not break the start of a shell.
        let run = akv().args(["completions", shell]).env("AKV_CONFIG", "/none").run();
        assert_eq!(run.code, 0, "{}", run.stderr);
        for word in ["list-deleted", "password-file", "allow-endpoint"] {
            assert!(run.stdout.contains(word), "{shell}: {word}");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("share/man1");
    let run = akv().arg("man").arg("--dir").arg(&dir).run();
    assert_eq!((run.code, run.both().trim()), (0, ""));
    let page = |name: &str| std::fs::read_to_string(dir.join(name)).expect(name);
    assert!(page("akv.1").contains("akv\\-inventory(1)"));
    assert!(page("akv-list-deleted.1").contains("STORE"));
    let taken = folder.path().join("file");
    std::fs::write(&taken, "").expect("written");
    let run = akv().arg("man").arg("--dir").arg(&taken).run();
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("cannot write the man pages"), "{}", run.stderr);
}

#[test]
fn usage_error_exits_2_with_the_expected_value() {
    for (args, expected) in [
        (vec!["no-such-command"], "unrecognized subcommand"),
        (vec!["inventory"], "--all"),
        (vec!["inventory", "contoso", "--all"], "cannot be used with"),
        (vec!["inventory", "contoso", "--vault", "x*"], "--all"),
        (vec!["inventory", "a--b"], "3 to 24 letters, digits and single hyphens"),
        (vec!["inventory", "contoso", "--cloud", "germany"], "closed on 29 October 2021"),
        (vec!["add", "contoso", "--alias", "a/b", "--pfx", "x"], "A-Z, a-z, 0-9 and hyphen"),
        (vec!["add", "contoso"], "--pfx"),
        (vec!["check"], "--pem"),
        (vec!["check", "--pfx", "x", "--pem", "y"], "--pem"),
        (vec!["add", "contoso", "--pfx", "-", "--tag", "a=1", "--tag", "a=2"], "given twice"),
        (vec!["remove", "contoso"], "--alias"),
        (vec!["create", "contoso", "--retention", "3"], "7 to 90 days"),
        (vec!["inventory", "contoso", "--tenant", "a/b"], "a GUID or a domain name"),
    ] {
        let run = akv().args(&args).run();
        assert_eq!(run.code, 2, "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "data goes to standard output, and there is none");
    }
}

#[test]
fn missing_credential_uses_no_other_identity() {
    let run = akv().args(["inventory", "contoso"]).run();
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("no credential is set"), "{}", run.stderr);
    assert!(run.stderr.contains("--identity azure-cli"), "{}", run.stderr);
}

#[test]
fn check_shows_the_bundle_from_leaf_to_last() {
    let run = check("ossl-modern-rsa2048.pfx", "Pässw0rd!");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let shown: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((&shown["accepted"], &shown["keyKind"]), (&json!(true), &json!("RSA-2048")));
    assert_eq!(shown["subjects"].as_array().map(Vec::len), Some(3));
    assert_eq!(shown["thumbprints"].as_array().map(Vec::len), Some(3));
    assert!(shown["findings"].is_array());
}

#[test]
fn check_exits_4_if_an_add_would_fail() {
    for (file, password, expected) in [
        ("ossl-modern-rsa2048.pfx", "wrong", "password"),
        ("ossl-certonly.pfx", "Pässw0rd!", "key"),
        ("hostile-trunc.pfx", "Pässw0rd!", ""),
        ("hostile-mac-100M.pfx", "Pässw0rd!", "iterations"),
    ] {
        let run = check(file, password);
        assert_eq!(run.code, 4, "{file}");
        let shown: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(shown["accepted"], json!(false), "{file}");
        let error = shown["error"].as_str().expect("an error");
        assert!(error.contains(expected), "{file}: {error}");
        assert!(!run.both().contains("Pässw0rd!") && !run.both().contains("\"wrong\""), "{file}");
    }
}

#[test]
fn a_job_always_ends_in_a_result_document() {
    for (configuration, expected) in [
        ("", "JSON"),
        ("not json", "JSON"),
        ("{}", "Capability"),
        (
            r#"{"JobHistoryId": 42, "Capability": "CertStores.AKV.Inventory"}"#,
            "CertificateStoreDetails",
        ),
    ] {
        let run = akv().arg("job").stdin(configuration).run();
        assert_eq!(run.code, 4, "{configuration}: {}", run.both());
        let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(document["JobResult"]["Result"], json!(4));
        let message = document["JobResult"]["FailureMessage"].as_str().expect("a message");
        assert!(message.contains(expected), "{configuration}: {message}");
        if configuration.contains("42") {
            assert_eq!(document["JobResult"]["JobHistoryId"], json!(42));
        }
    }
}

#[test]
fn the_store_type_is_json_and_its_csv_header_a_line() {
    for reader in ["kfutil", "command"] {
        let run = akv().args(["store-type", "--for", reader]).run();
        assert_eq!(run.code, 0, "{}", run.stderr);
        let _: Value = serde_json::from_str(&run.stdout).expect("JSON");
    }
    let run = akv().args(["store-type", "--csv"]).run();
    assert!(run.stdout.starts_with("ContainerId,ClientMachine,StorePath,"), "{}", run.stdout);
}

#[test]
#[cfg(feature = "demo")]
fn demo_checks_every_step_and_exits_0() {
    let run = akv().arg("demo").run();
    assert_eq!(run.code, 0, "{}", run.both());
    for step in
        ["Create", "Discover", "Add", "Inventory", "without overwrite", "with overwrite", "Remove"]
    {
        assert!(run.stdout.contains(step), "{step}: {}", run.stdout);
    }
    assert_eq!(run.stderr, "");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_is_lost_is_not_a_success() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    for args in [
        vec!["check", "--output", "json", "--password-env", "PFX_PASSWORD", "--pfx"],
        vec!["check", "--password-env", "PFX_PASSWORD", "--pfx"],
    ] {
        let run = akv()
            .args(args)
            .arg(format!("{FIXTURES}/ossl-modern-rsa2048.pfx"))
            .env("PFX_PASSWORD", "Pässw0rd!")
            .stdout(full())
            .run();
        assert_eq!(run.code, 4, "{}", run.stderr);
    }
    assert_eq!(akv().arg("store-type").stdout(full()).run().code, 4);
}

#[test]
fn job_rejects_options_that_it_would_ignore() {
    for args in [
        vec!["job", "--client-id", "00000000-0000-0000-0000-000000000000"],
        vec!["job", "--tenant", "a.example,b.example"],
    ] {
        let run = akv().args(&args).stdin("{}").run();
        assert_eq!(run.code, 2, "{args:?}: {}", run.both());
    }
}
