//! Runs `akv` as a child process, without the developer's environment.

#![allow(dead_code, reason = "each test program uses only a part")]

pub(crate) mod fake;

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// PKCS#12 files of other tools.
pub(crate) const FIXTURES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../akv-core/tests/fixtures/pfx");

pub(crate) fn akv() -> Akv {
    let mut command = Command::new(env!("CARGO_BIN_EXE_akv"));
    command.env_clear();
    for kept in ["PATH", "SYSTEMROOT", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command.stdout(Stdio::piped());
    Akv { command, stdin: Vec::new() }
}

/// The text with every value that differs between runs replaced by its kind, for a snapshot.
pub(crate) fn normalized(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let belongs = |c: char| c.is_ascii_alphanumeric() || "-:.+".contains(c);
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        if length == 0 {
            shown.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(length);
        if word.len() >= "2026-11-26T10:00:00Z".len() && word.ends_with('Z') && word.contains('T') {
            shown.push_str("TIME");
        } else {
            shown.push_str(&word.split(':').map(kind).collect::<Vec<_>>().join(":"));
        }
        rest = after;
    }
    shown
}

fn kind(word: &str) -> &str {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = word.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    match lengths.as_slice() {
        [8, 4, 4, 4, 12] if parts.iter().all(|part| is_hex(part)) => "GUID",
        [32] if is_hex(word) => "VERSION",
        [40] if is_hex(word) => "THUMBPRINT",
        [4, 2, 2] if parts.iter().all(|part| digits(part)) => "DATE",
        _ => word,
    }
}

pub(crate) struct Akv {
    command: Command,
    stdin: Vec<u8>,
}

#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn both(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

impl Akv {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    pub(crate) fn stdout(mut self, file: std::fs::File) -> Self {
        self.command.stdout(file);
        self
    }

    pub(crate) fn run(self) -> Run {
        let child = self.start();
        ended(child)
    }

    /// Sends SIGTERM as soon as `ready` returns true.
    pub(crate) fn terminated_when(self, ready: impl Fn() -> bool) -> Run {
        terminated(self.start(), ready)
    }

    /// The same as soon as it handles signals, while its standard input is open and empty.
    pub(crate) fn terminated_in_silence(mut self) -> Run {
        let mut child = self.spawned();
        let _silent = child.stdin.take();
        let status = format!("/proc/{}/status", child.id());
        terminated(child, || {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
            caught.is_some_and(|mask| mask & SIGTERM != 0)
        })
    }

    /// Sends that signal as soon as `ready` returns true.
    pub(crate) fn signalled_when(self, signal: &str, ready: impl Fn() -> bool) -> Run {
        signalled(self.start(), &[signal], ready)
    }

    /// The same twice in quick succession.
    pub(crate) fn signalled_twice_when(self, signal: &str, ready: impl Fn() -> bool) -> Run {
        signalled(self.start(), &[signal, signal], ready)
    }

    /// The same again and again until it ends.
    pub(crate) fn signalled_until_it_ends(self, signal: &str, ready: impl Fn() -> bool) -> Run {
        let mut child = self.start();
        while !ready() {
            std::thread::yield_now();
        }
        while child.try_wait().expect("a child").is_none() {
            std::thread::sleep(Duration::from_millis(300));
            // It may have ended meanwhile.
            let _ = Command::new("kill")
                .args([&format!("-{signal}"), &child.id().to_string()])
                .output();
        }
        ended(child)
    }

    /// Kills it as soon as `ready` returns true.
    pub(crate) fn killed_when(self, ready: impl Fn() -> bool) {
        let mut child = self.start();
        while !ready() && child.try_wait().expect("a child").is_none() {
            std::thread::yield_now();
        }
        // It may have already ended.
        let _ = child.kill();
        child.wait().expect("akv ends");
    }

    /// Starts it through another program that runs its arguments.
    pub(crate) fn through(self, program: &str) -> Self {
        let mut command = Command::new(program);
        command.arg(self.command.get_program()).args(self.command.get_args()).env_clear();
        for (name, value) in self.command.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.stdout(Stdio::piped());
        Self { command, ..self }
    }

    fn start(mut self) -> Child {
        let mut child = self.spawned();
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read its input may have already ended.
        let _ = stdin.write_all(&self.stdin);
        child
    }

    fn spawned(&mut self) -> Child {
        self.command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("akv starts")
    }
}

fn terminated(child: Child, ready: impl Fn() -> bool) -> Run {
    signalled(child, &["TERM"], ready)
}

fn signalled(mut child: Child, signals: &[&str], ready: impl Fn() -> bool) -> Run {
    while !ready() && child.try_wait().expect("a child").is_none() {
        std::thread::yield_now();
    }
    for signal in signals {
        // It may have already ended, and its process ID is free then.
        if child.try_wait().expect("a child").is_some() {
            break;
        }
        let kill =
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
    }
    ended(child)
}

fn ended(child: Child) -> Run {
    let output = child.wait_with_output().expect("akv ends");
    Run {
        code: output.status.code().expect("an exit code"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Its bit in a mask of signals.
const SIGTERM: u64 = 1 << 14;
