//! The program is killed, or asked to end, at any moment of an addition to a soft-deleted name; the
//! same command run again reaches the desired state.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::time::Duration;

use akv_testkit::pki::{Key, Leaf, TestPki};
use akv_testkit::{FakeCloud, Operation};
use program::Akv;
use program::fake::Fake;
use time::OffsetDateTime;

/// A served cloud and two certificates.
struct Scene {
    fake: Fake,
    old: Leaf,
    pfx: String,
    new: Leaf,
}

impl Scene {
    fn new() -> Self {
        let fake = Fake::new(FakeCloud::builder().vault("contoso"));
        let pki = TestPki::elliptic(OffsetDateTime::now_utc());
        let leaf = |host| pki.leaf(host).key(Key::P256).issue();
        let (old, new) = (leaf("old.example"), leaf("new.example"));
        let pfx = fake.file("new.pfx", new.pfx());
        // Slow enough for a signal to arrive during the job.
        fake.cloud.latency(Duration::from_millis(3));
        Self { fake, old, pfx, new }
    }

    fn in_soft_delete(&self, name: &str) {
        let vault = self.fake.cloud.vault("contoso");
        vault.import(name, &self.old.pfx(), None).expect("imported");
        vault.delete(name);
    }

    fn add(&self, name: &str) -> Akv {
        let add = ["add", "contoso", "--alias", name, "--pfx", &self.pfx, "--tag", "env=prod"];
        self.fake.akv().args(add)
    }

    /// The number of requests for the name.
    fn requests(&self, name: &str) -> usize {
        let entries = self.fake.cloud.journal().entries();
        entries.iter().filter(|entry| entry.path.contains(name)).count()
    }

    fn is_as_asked(&self, name: &str, message: &str) {
        let versions = self.fake.cloud.vault("contoso").versions(name);
        let made = versions.iter().filter(|one| one.thumbprint == self.new.thumbprint()).count();
        assert_eq!(made, 1, "{message}");
        let newest = versions.last().expect("a version");
        assert_eq!(newest.thumbprint, self.new.thumbprint(), "{message}");
        let tags: Vec<_> =
            newest.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(tags, ["env=prod"], "{message}");
    }

    fn marked(&self, name: &str) -> bool {
        let updates = self.fake.cloud.journal().of(Operation::UpdateCertificate);
        updates.iter().any(|entry| entry.path.contains(name) && entry.status == 200)
    }
}

/// Various moments: after this many requests of the job, plus a delay.
fn moments(count: usize) -> impl Iterator<Item = (usize, Duration)> {
    let jitter =
        |number: usize| Duration::from_micros(u64::try_from(number * 977 % 4000).unwrap_or(0));
    (0..count).map(move |number| (number % 6, jitter(number)))
}

#[test]
fn a_killed_addition_completes_when_run_again() {
    let scene = Scene::new();
    for (number, (requests, later)) in moments(36).enumerate() {
        let name = format!("killed{number:02}x");
        scene.in_soft_delete(&name);
        scene.add(&name).killed_when(|| {
            let ready = scene.requests(&name) >= requests;
            if ready {
                std::thread::sleep(later);
            }
            ready
        });
        let marked = scene.marked(&name);
        let again = scene.add(&name).run();
        let message = format!("{name}: {}", again.both());
        if again.code == 0 {
            scene.is_as_asked(&name, &message);
        } else {
            // Between the recovery and its mark.
            assert!(
                !marked && message.contains("already exists in vault contoso, with another"),
                "{message}"
            );
        }
    }
}

#[test]
fn an_addition_that_is_asked_to_end_leaves_nothing_half_done() {
    let scene = Scene::new();
    for (number, (requests, later)) in moments(24).enumerate() {
        // At its first request it handles signals.
        let requests = requests.max(1);
        let name = format!("ended{number:02}x");
        scene.in_soft_delete(&name);
        let run = scene.add(&name).terminated_when(|| {
            let ready = scene.requests(&name) >= requests;
            if ready {
                std::thread::sleep(later);
            }
            ready
        });
        let vault = scene.fake.cloud.vault("contoso");
        let message = format!("{name}: {}", run.both());
        match vault.newest(&name) {
            None => assert_ne!(run.code, 0, "still in soft delete: {message}"),
            Some(_) => scene.is_as_asked(&name, &message),
        }
        let again = scene.add(&name).run();
        assert_eq!(again.code, 0, "{name}: {}", again.both());
        scene.is_as_asked(&name, &message);
    }
}

#[test]
fn hangup_ends_a_job_with_a_result_unless_ignored() {
    for ignored in [false, true] {
        let fake = Fake::new(FakeCloud::builder().vault("contoso"));
        fake.cloud.vault("contoso").seed(300);
        // An inventory that must end by itself takes a second or two; the other one would take a
        // minute.
        fake.cloud.latency(Duration::from_millis(if ignored { 50 } else { 2_000 }));
        let akv = fake.akv().args(["inventory", "contoso", "--output", "jsonl"]);
        let akv = if ignored { akv.through("nohup") } else { akv };
        let ready = || fake.cloud.journal().count(Operation::ListCertificates) > 0;
        let run = akv.signalled_when("HUP", ready);
        let expected = if ignored || ignores_hangups() { 0 } else { 4 };
        assert_eq!(run.code, expected, "ignored: {ignored}: {}", run.both());
    }
}

/// Whether nohup started these tests: child processes inherit that.
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}

/// A terminal and a wrapper can deliver one Ctrl-C twice.
#[test]
fn a_second_signal_within_a_moment_is_the_same() {
    let fake = Fake::new(FakeCloud::builder().vault("contoso"));
    fake.cloud.vault("contoso").seed(300);
    fake.cloud.latency(Duration::from_secs(2));
    let akv = fake.akv().args(["inventory", "contoso", "--output", "jsonl"]);
    let ready = || fake.cloud.journal().count(Operation::ListCertificates) > 0;
    let run = akv.signalled_twice_when("INT", ready);
    assert_eq!(run.code, 4, "{}", run.both());
    assert!(run.stderr.contains("cancelled"), "{}", run.stderr);
}

/// For example `akv inventory … | less`, when a person has stopped reading.
#[test]
fn a_second_signal_ends_a_program_with_a_stuck_reader() {
    let fake = Fake::new(FakeCloud::builder().vault("contoso"));
    fake.cloud.vault("contoso").seed(300);
    let (_reader, mut full) = std::io::pipe().expect("a pipe");
    full.write_all(&vec![b' '; 64 << 10]).expect("room in the pipe");
    let akv = fake.akv().args(["inventory", "contoso", "--output", "jsonl"]);
    let akv = akv.stdout(OwnedFd::from(full).into());
    let ready = || fake.cloud.journal().count(Operation::GetCertificate) > 0;
    let run = akv.signalled_until_it_ends("TERM", ready);
    assert_eq!(run.code, 130, "{}", run.both());
    assert!(run.stderr.contains("interrupted"), "{}", run.stderr);
}
