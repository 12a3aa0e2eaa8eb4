//! `akv job`

use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use akv_core::job::{CertificateScope, Unchanged};
use akv_core::text::read_bounded;
use akv_core::{EndpointSuffix, KeyProtection};
use akv_keyfactor::{
    JobId, JobOutput, JobResult, JobStatus, LARGEST_CONFIGURATION, LocalSecrets, Options, failure,
    run as run_job,
};
use anyhow::{Context, Result};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::lifeline;
use super::runtime::in_runtime;
use crate::args::{Common, JobArgs};
use crate::blocking::blocking;
use crate::changes::Changes;
use crate::exit::Exit;
use crate::render;
use crate::secret_input::variable;
use crate::usage::Usage;
use crate::wiring::Wiring;

/// A job always prints a result document: with its own ID, or with 0 if the configuration cannot be
/// read. Only a usage error prints none.
pub(super) fn run(common: &Common, args: &JobArgs, settings: Result<()>) -> Result<Exit> {
    let input = Input::new(args);
    let changes = Changes::new(common, &args.change);
    let ran = panic::catch_unwind(AssertUnwindSafe(|| {
        in_runtime(common, async |wiring, cancellation| {
            output(common, args, settings.and(wiring), &cancellation, &input, &changes).await
        })
    }));
    let output = match ran {
        Ok(Ok(output)) => output,
        // With a settings file, the fault may be in the file and not on the command line.
        Ok(Err(error)) if error.is::<Usage>() && common.config.is_none() => return Err(error),
        Ok(Err(error)) => input.failure(&format!("{error:#}")),
        Err(_) => input.failure(PANICKED),
    };
    match changes.planned(&output) {
        Some(planned) => {
            render::print_json_line(&planned)?;
            Ok(exit(planned.job_result.result))
        }
        None => print(&output),
    }
}

async fn output(
    common: &Common,
    args: &JobArgs,
    wiring: Result<Wiring>,
    cancellation: &CancellationToken,
    input: &Input,
    changes: &Changes,
) -> Result<JobOutput> {
    if args.exit_with_parent {
        input.follow(lifeline::follow_parent(cancellation));
    }
    let own = input.clone();
    // The job's result reports an invalid input.
    let read = blocking(cancellation, move || own.read().map(|_| ())).await;
    if let Err(error) = read {
        return Ok(unread(&error));
    }
    let configuration = input.read()?;
    match prepared(common, args, wiring).await {
        Ok((wiring, options)) => {
            if tracing::enabled!(target: "akv::job", tracing::Level::DEBUG) {
                let JobId { job_history_id, capability, .. } = JobId::read(configuration);
                tracing::debug!(target: "akv::job", job_history_id, capability, "job");
            }
            let changes = changes.clone().of_job(configuration);
            let jobs = changes.by(&wiring.jobs);
            let job = run_job(configuration, &jobs, &options);
            let deadline = Duration::from_secs(args.job_deadline);
            let output = within(deadline, cancellation, Box::pin(job)).await;
            Ok(changes.with_audit_warning(output.unwrap_or_else(|| input.failure(NOT_ENDED))))
        }
        Err(error) if error.is::<Usage>() => Err(error),
        Err(error) => Ok(input.failure(&format!("{error:#}"))),
    }
}

/// The job's output; after the deadline, the output at the next safe point. `None` if the job does
/// not reach one.
async fn within(
    deadline: Duration,
    cancellation: &CancellationToken,
    mut job: impl Future<Output = JobOutput> + Unpin,
) -> Option<JobOutput> {
    tokio::select! {
        output = &mut job => return Some(output),
        () = sleep(deadline) => {}
    }
    render::say("the deadline of the job has passed: ending at the next safe point");
    cancellation.cancel();
    let mut output = timeout(TO_A_SAFE_POINT, job).await.ok()?;
    let JobResult { result, job_history_id, failure_message, .. } = output.job_result;
    let message = match result {
        JobStatus::Failure => format!(
            "the job was ended after {} seconds (--job-deadline): {failure_message}",
            deadline.as_secs()
        ),
        JobStatus::Success | JobStatus::Warning => failure_message,
    };
    output.job_result = JobResult::new(job_history_id, result, message);
    Some(output)
}

async fn prepared(
    common: &Common,
    args: &JobArgs,
    wiring: Result<Wiring>,
) -> Result<(Wiring, Options)> {
    if common.identity.is_none()
        && (common.client_id.is_some() || common.client_secret_file.is_some())
    {
        return Err(Usage::new("a job has its own credential: use --identity to replace it").into());
    }
    let tenant = match common.tenants.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => return Err(Usage::new("a job accepts one --tenant").into()),
    };
    let allowed_endpoints = allowed_endpoints(args)?;
    let wiring = wiring?;
    let issuers = args.issuers.clone();
    let secrets = LocalSecrets::default()
        .with_directory(args.secret_dir.clone())
        .with_variable_prefix(args.secret_env_prefix.clone());
    // The operator's command line overrides the job's values; of the environment, only the
    // variables for jobs do.
    let credential = match common.identity {
        Some(_) => Some(wiring.credential(common).await?),
        None => None,
    };
    let options = Options::default()
        .with_secrets(Arc::new(secrets))
        .with_credential(credential)
        .with_cloud(wiring.cloud(common).await?)
        .with_tenant(tenant)
        .with_private_endpoint(common.private_endpoint.clone())
        .with_allowed_endpoints(allowed_endpoints)
        .with_scope(if args.chain { CertificateScope::Chain } else { CertificateScope::Leaf })
        .with_unchanged(if args.skip_unchanged { Unchanged::Skip } else { Unchanged::Fetch })
        .with_issuers(wiring.blocking(move || issuers.read()).await?)
        .with_requested_key_protection(if args.hsm_keys {
            KeyProtection::Hsm
        } else {
            KeyProtection::Software
        })
        .with_via(args.via.resolved())
        .with_soft_deleted(args.soft_deleted.resolved());
    Ok((wiring, options))
}

/// From the command line and the environment.
fn allowed_endpoints(args: &JobArgs) -> Result<Vec<EndpointSuffix>> {
    let mut allowed = args.allowed_endpoints.clone();
    let listed = variable(ALLOWED_ENDPOINTS)?.unwrap_or_default();
    for suffix in listed.split(',').map(str::trim).filter(|suffix| !suffix.is_empty()) {
        let suffix = suffix.parse();
        allowed.push(suffix.map_err(|error| Usage::new(format!("{ALLOWED_ENDPOINTS}: {error}")))?);
    }
    Ok(allowed)
}

/// The job configuration: read once, kept for the ID of the result, and zeroized with its last
/// clone.
#[derive(Clone)]
struct Input {
    /// `None`: standard input.
    file: Option<PathBuf>,
    content: Arc<OnceLock<Zeroizing<Vec<u8>>>>,
    /// The parent, whose end is detected on standard input.
    parent: Arc<OnceLock<lifeline::Parent>>,
}

impl Input {
    fn new(args: &JobArgs) -> Self {
        let file = args.file.clone().filter(|file| file.as_os_str() != "-");
        Self { file, content: Arc::default(), parent: Arc::default() }
    }

    fn follow(&self, parent: lifeline::Parent) {
        let _ = self.parent.set(parent);
    }

    fn read(&self) -> Result<&[u8]> {
        if self.content.get().is_none() {
            let content = match &self.file {
                Some(file) => content_of(file).with_context(|| {
                    format!("cannot read the job configuration from {}", file.display())
                }),
                None => lifeline::input(self.parent.get(), |input| {
                    read_bounded(input, LARGEST_CONFIGURATION)
                })
                .context("cannot read the job configuration from standard input"),
            }?;
            return Ok(self.content.get_or_init(|| content));
        }
        Ok(self.content.get().map(|content| content.as_slice()).unwrap_or_default())
    }

    fn failure(&self, why: &str) -> JobOutput {
        match self.read() {
            Ok(configuration) => failure(configuration, why),
            Err(error) => unread(&error),
        }
    }
}

fn content_of(file: &std::path::Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = fs::File::open(file)?;
    // A pipe has no length, and is read up to the limit.
    if file.metadata()?.len() > LARGEST_CONFIGURATION as u64 {
        let why = format!("it is larger than {LARGEST_CONFIGURATION} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    read_bounded(file, LARGEST_CONFIGURATION)
}

/// The result of a job whose configuration could not be read.
fn unread(error: &anyhow::Error) -> JobOutput {
    JobOutput::new(JobResult::new(0, JobStatus::Failure, format!("{error:#}")))
}

fn print(output: &JobOutput) -> Result<Exit> {
    let JobResult { result, job_history_id, failure_message, .. } = &output.job_result;
    match render::print_json_line(output) {
        Ok(()) => Ok(exit(*result)),
        // A read can be repeated.
        Err(error) if output.inventory.is_some() || output.discovery.is_some() => Err(error),
        Err(error) => {
            let done = format!("job {job_history_id} ended in {result:?}: {failure_message}");
            Ok(render::unwritten(&done, &error))
        }
    }
}

fn exit(result: JobStatus) -> Exit {
    match result {
        JobStatus::Success => Exit::Success,
        JobStatus::Warning => Exit::Warning,
        JobStatus::Failure => Exit::Failure,
    }
}

/// Longer than any started change takes.
const TO_A_SAFE_POINT: Duration = Duration::from_secs(90);
const ALLOWED_ENDPOINTS: &str = "AKV_ALLOWED_ENDPOINTS";
const PANICKED: &str = "internal error: the job ended before its result was known; the change may \
                        have been made (see standard error for the source line)";
const NOT_ENDED: &str = "the job was ended at its deadline (--job-deadline) during a request; the \
                         change may have been made";
