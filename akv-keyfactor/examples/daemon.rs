//! A daemon that runs jobs: it takes job configurations from a folder, runs up to eight at a time,
//! and writes each answer beside its configuration.
//!
//! `cargo run -p akv-keyfactor --example daemon -- FOLDER`
//!
//! `NAME.json` becomes `NAME.running` and finally `NAME.answer`. Ctrl-C lets the running jobs end
//! at a safe point and writes their answers too. The job of a killed daemon stays `NAME.running`;
//! rename the file to run it again: the same job reaches the desired state.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use akv_azure::{Azure, AzureJobs, AzureOptions, CancellationToken};
use akv_core::SystemClock;
use akv_keyfactor::{LARGEST_CONFIGURATION, LocalSecrets, Options, run};
use tokio::task::JoinSet;

const SIDE_BY_SIDE: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: daemon FOLDER")?);
    let cancelled = CancellationToken::new();
    let azure = Azure::new(AzureOptions::default().with_cancellation(cancelled.clone()))?;
    // One `AzureJobs` for all: its jobs share connections, tokens and each vault's rate limit, and
    // wait for each other on the same name.
    let jobs = AzureJobs::new(azure, Arc::new(SystemClock));
    // This daemon makes the secrets in one folder available to jobs, and no variables.
    let secrets = LocalSecrets::default().with_directory(PathBuf::from("/run/secrets/akv"));
    let options = Options::default().with_secrets(Arc::new(secrets));

    let mut running = JoinSet::new();
    let mut look = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            Some(_) = running.join_next() => {}
            _ = look.tick() => {}
        }
        while running.len() < SIDE_BY_SIDE
            && let Some(job) = take(&folder)?
        {
            let (jobs, options) = (jobs.clone(), options.clone());
            running.spawn(async move { answer(&job, &jobs, &options).await });
        }
    }
    cancelled.cancel();
    while running.join_next().await.is_some() {}
    Ok(())
}

/// Takes the next configuration by renaming it, so that two daemons can share a folder.
fn take(folder: &Path) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let taken = path.with_extension("running");
            match fs::rename(&path, &taken) {
                Ok(()) => return Ok(Some(taken)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(None)
}

async fn answer(job: &Path, jobs: &AzureJobs, options: &Options) {
    let answered = async {
        let output = run(&read(job)?, jobs, options).await;
        // A reader never sees a partial answer.
        let unfinished = job.with_extension("unfinished");
        fs::write(&unfinished, serde_json::to_vec(&output)?)?;
        fs::rename(unfinished, job.with_extension("answer"))?;
        fs::remove_file(job)
    };
    if let Err(error) = answered.await {
        complain(&format!("cannot answer {}: {error}", job.display()));
    }
}

fn read(job: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(job)?.len() > LARGEST_CONFIGURATION as u64 {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read(job)
}

#[expect(clippy::print_stderr, reason = "a daemon's log")]
fn complain(line: &str) {
    eprintln!("{line}");
}
