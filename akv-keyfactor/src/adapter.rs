//! Converts a job configuration into a domain call, and the outcome into a job result.

use akv_core::job::{Effect, InventoryOutcome, Jobs, Outcome, Status};
use akv_core::text::printable;
use tracing::{info, warn};

use crate::config::{
    Capability, Discovery, Inventory, Management, Operation, Reenrollment, Step, check_may_start,
    job_history_id,
};
use crate::document::{Document, Object};
use crate::inventory_item::{InventorySink, Translated};
use crate::options::Options;
use crate::problem::Problem;
use crate::result::{JobOutput, JobResult, JobStatus};
use crate::scan::salvaged_job_history_id;

/// Runs the job that `configuration` (JSON in UTF-8) describes.
///
/// Never returns an error: every problem becomes a Failure, with the job history ID if it could be
/// read. The jobs, and not this function, handle retries and cancellation.
pub async fn run(configuration: &[u8], jobs: &dyn Jobs, options: &Options) -> JobOutput {
    let mut items = Vec::new();
    let (result, found) = Box::pin(answer(configuration, jobs, options, &mut items)).await;
    let inventory = matches!(found, Found::Items).then_some(items);
    found.with(result).with_inventory(inventory)
}

/// Like [`run`], but passes the inventory's items to `sink` one by one instead of collecting them.
///
/// If the result is a Failure, the items in the sink are invalid and must not be uploaded.
pub async fn run_into(
    configuration: &[u8],
    jobs: &dyn Jobs,
    options: &Options,
    sink: &mut dyn InventorySink,
) -> JobOutput {
    let (result, found) = Box::pin(answer(configuration, jobs, options, sink)).await;
    found.with(result)
}

/// The result of a job that failed for a reason outside its configuration: a Failure with the job
/// history ID. If the configuration cannot be read, the result reports that problem instead.
pub fn failure(configuration: &[u8], why: &str) -> JobOutput {
    let id = Document::read(configuration).and_then(|document| job_history_id(&document.root()?));
    let (id, why) = match id {
        Ok(id) => (id, why.to_owned()),
        Err(problem) => (salvaged_job_history_id(configuration).unwrap_or(0), problem.to_string()),
    };
    warn!(job_history_id = id, "job ended: {}", printable(&why));
    JobOutput::new(JobResult::new(id, JobStatus::Failure, why))
}

/// The data of a job beside its result.
enum Found {
    Nothing,
    Items,
    Stores(Vec<String>),
    /// A request in PEM.
    Request(String),
}

impl Found {
    fn with(self, result: JobResult) -> JobOutput {
        let output = JobOutput::new(result);
        match self {
            Self::Stores(stores) => JobOutput { discovery: Some(stores), ..output },
            Self::Request(csr) => JobOutput { request: Some(csr), ..output },
            Self::Nothing | Self::Items => output,
        }
    }
}

/// The outcome of a job, before its ID is added.
struct Ending {
    status: JobStatus,
    message: String,
    found: Found,
}

async fn answer(
    configuration: &[u8],
    jobs: &dyn Jobs,
    options: &Options,
    sink: &mut dyn InventorySink,
) -> (JobResult, Found) {
    let salvaged = || salvaged_job_history_id(configuration).unwrap_or(0);
    let (id, ending) = match Document::read(configuration) {
        Err(problem) => (salvaged(), Err(problem.into())),
        Ok(document) => match document.root() {
            Err(problem) => (salvaged(), Err(problem.into())),
            Ok(job) => match job_history_id(&job) {
                Err(problem) => (0, Err(problem.into())),
                Ok(id) => (id, start(&job, jobs, options, sink).await),
            },
        },
    };
    let Ending { status, message, found } = ending.unwrap_or_else(Stopped::ending);
    let message = printable(&message).into_owned();
    if status == JobStatus::Success {
        info!(job_history_id = id, "job succeeded: {message}");
    } else {
        warn!(job_history_id = id, ?status, "job ended: {message}");
    }
    (JobResult::new(id, status, message), found)
}

/// Why a job failed before it ran: its configuration, or a requirement for reaching Azure.
struct Stopped(String);

impl Stopped {
    fn ending(self) -> Ending {
        Ending { status: JobStatus::Failure, message: self.0, found: Found::Nothing }
    }
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self(problem.to_string())
    }
}

impl From<akv_core::Error> for Stopped {
    fn from(error: akv_core::Error) -> Self {
        Self(error.to_string())
    }
}

async fn start(
    job: &Object<'_>,
    jobs: &dyn Jobs,
    options: &Options,
    sink: &mut dyn InventorySink,
) -> Result<Ending, Stopped> {
    check_may_start(job)?;
    match Capability::of(job)? {
        Capability::Inventory => inventory(job, jobs, options, sink).await,
        Capability::Management => management(job, jobs, options).await,
        Capability::Discovery => discovery(job, jobs, options).await,
        Capability::Reenrollment => reenrollment(job, jobs, options).await,
    }
}

async fn inventory(
    job: &Object<'_>,
    jobs: &dyn Jobs,
    options: &Options,
    sink: &mut dyn InventorySink,
) -> Result<Ending, Stopped> {
    let Inventory { store, request } = Inventory::of(job, options).await?;
    let inventory = jobs.inventory(&store.address, &store.credential)?;
    let outcome = inventory.inventory(&request, &mut Translated(sink)).await;
    Ok(Ending {
        status: outcome.status.into(),
        message: inventory_message(&outcome),
        found: match outcome.status {
            Status::Failure => Found::Nothing,
            Status::Success | Status::Warning => Found::Items,
        },
    })
}

/// The message of an inventory; empty if it is complete and has no findings.
fn inventory_message(outcome: &InventoryOutcome) -> String {
    if outcome.status == Status::Success
        && outcome.unchanged == 0
        && outcome.without_chain.is_empty()
    {
        String::new()
    } else {
        outcome.message()
    }
}

async fn management(
    job: &Object<'_>,
    jobs: &dyn Jobs,
    options: &Options,
) -> Result<Ending, Stopped> {
    let Management { store, operation } = Management::of(job, options).await?;
    let management = jobs.management(&store.address, &store.credential)?;
    let (status, message) = match &operation {
        Operation::Add(request) => status_and_message(&management.add(request).await),
        Operation::Remove(request) => status_and_message(&management.remove(request).await),
        Operation::Create(request) => status_and_message(&management.create(request).await),
        Operation::CreateAdd(create, add) => {
            status_and_message(&management.create_and_add(create, add).await)
        }
    };
    Ok(Ending { status: status.into(), message, found: Found::Nothing })
}

/// Two steps without local state: the first call creates a request from the configuration; the
/// second call has the same configuration with the issued certificate, and merges it.
async fn reenrollment(
    job: &Object<'_>,
    jobs: &dyn Jobs,
    options: &Options,
) -> Result<Ending, Stopped> {
    let Reenrollment { store, step } = Reenrollment::of(job, options).await?;
    let requests = jobs.requests(&store.address, &store.credential)?;
    let outcome = match &step {
        Step::Request(request) => requests.request(request).await,
        Step::Merge(request) => requests.merge(request).await,
    };
    let (status, message) = status_and_message(&outcome);
    let found = match outcome.effect() {
        Effect::Requested { csr: Some(csr), .. } if status == Status::Success => {
            Found::Request(csr.to_pem())
        }
        _ => Found::Nothing,
    };
    Ok(Ending { status: status.into(), message, found })
}

fn status_and_message(outcome: &Outcome) -> (Status, String) {
    (outcome.status(), outcome.message())
}

async fn discovery(
    job: &Object<'_>,
    jobs: &dyn Jobs,
    options: &Options,
) -> Result<Ending, Stopped> {
    let Discovery { cloud, credential, request, misnamed } = Discovery::of(job, options).await?;
    let outcome = jobs.discovery(&cloud, &credential)?.discover(&request).await;
    let status = match outcome.status {
        Status::Success if !misnamed.is_empty() => Status::Warning,
        status => status,
    };
    let messages: Vec<String> = std::iter::once(outcome.message()).chain(misnamed).collect();
    Ok(Ending {
        status: status.into(),
        message: messages.join("; "),
        found: match outcome.status {
            Status::Failure => Found::Nothing,
            Status::Success | Status::Warning => {
                Found::Stores(outcome.stores.iter().map(ToString::to_string).collect())
            }
        },
    })
}
