//! `akv job`

use std::fs;
use std::path::Path;
use std::sync::Arc;

use akv_core::job::{Coverage, DiscoveryJob, InventoryJob, Jobs, ManagementJob, Unchanged};
use akv_core::{Cloud, Credential, Error, ErrorKind, StoreAddress};
use akv_keyfactor::{
    EnvironmentSecrets, FileSecrets, JobOutput, JobResult, JobStatus, Options, run as run_job,
};
use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{Usage, lifeline};
use crate::args::{Common, JobArgs};
use crate::aside::aside;
use crate::exit::Exit;
use crate::render;
use crate::wiped::read_wiped;
use crate::wiring::Wiring;

/// A job ends in a result document, under its own id even where Azure cannot be set up, and under 0
/// where the configuration cannot be read. Only a wrong command line ends without one.
pub(super) async fn run(
    common: &Common,
    args: &JobArgs,
    wiring: Result<Wiring>,
    cancellation: &CancellationToken,
) -> Result<Exit> {
    let file = args.file.clone();
    let parent = args.exit_with_parent.then(|| lifeline::follow_parent(cancellation));
    let output = match aside(cancellation, move || configuration(file.as_deref(), parent)).await {
        Err(error) => JobOutput {
            job_result: JobResult::new(0, JobStatus::Failure, format!("{error:#}")),
            inventory: None,
            discovery: None,
        },
        Ok(configuration) => match prepared(common, args, wiring).await {
            Ok((wiring, options)) => run_job(&configuration, &wiring.jobs, &options).await,
            Err(error) if error.is::<Usage>() && common.config.is_none() => return Err(error),
            Err(error) => run_job(&configuration, &Unprepared(error), &Options::default()).await,
        },
    };
    render::print_json_line(&output)?;
    Ok(match output.job_result.result {
        JobStatus::Success => Exit::Success,
        JobStatus::Warning => Exit::Warning,
        JobStatus::Failure => Exit::Failure,
    })
}

async fn prepared(
    common: &Common,
    args: &JobArgs,
    wiring: Result<Wiring>,
) -> Result<(Wiring, Options)> {
    if common.identity.is_none()
        && (common.client_id.is_some() || common.client_secret_file.is_some())
    {
        return Err(Usage::new(
            "a job brings its own credential: say with --identity that another is to be used",
        )
        .into());
    }
    let tenant = match common.tenants.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => return Err(Usage::new("a job takes one --tenant").into()),
    };
    let wiring = wiring?;
    let options = Options {
        secrets: Arc::new((EnvironmentSecrets, FileSecrets)),
        // What the operator says on the command line takes the place of what the job says;
        // nothing is taken from the environment.
        credential: match common.identity {
            Some(_) => Some(wiring.credential(common).await?),
            None => None,
        },
        cloud: wiring.cloud(common).await?,
        tenant,
        private_endpoint: common.private_endpoint.clone(),
        coverage: if args.chain { Coverage::Chain } else { Coverage::Leaf },
        unchanged: if args.skip_unchanged { Unchanged::Skip } else { Unchanged::Fetch },
        soft_deleted: args.soft_deleted.meaning(),
        ..Options::default()
    };
    Ok((wiring, options))
}

fn configuration(
    file: Option<&Path>,
    parent: Option<lifeline::Parent>,
) -> Result<Zeroizing<Vec<u8>>> {
    match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => fs::File::open(file)
            .and_then(|file| read_wiped(file, LARGEST))
            .with_context(|| format!("read the job configuration from {}", file.display())),
        None => lifeline::input(parent, |input| read_wiped(input, LARGEST))
            .context("read the job configuration from standard input"),
    }
}

/// The jobs of a program that could not be set up: each tells why.
struct Unprepared(anyhow::Error);

impl Unprepared {
    fn why<T>(&self) -> akv_core::Result<T> {
        Err(Error::new(ErrorKind::Invalid, "prepare the job", format!("{:#}", self.0)))
    }
}

impl Jobs for Unprepared {
    fn inventory(
        &self,
        _: &StoreAddress,
        _: &Credential,
    ) -> akv_core::Result<Box<dyn InventoryJob>> {
        self.why()
    }

    fn management(
        &self,
        _: &StoreAddress,
        _: &Credential,
    ) -> akv_core::Result<Box<dyn ManagementJob>> {
        self.why()
    }

    fn discovery(&self, _: &Cloud, _: &Credential) -> akv_core::Result<Box<dyn DiscoveryJob>> {
        self.why()
    }
}

/// Configurations hold certificates and a last inventory; more than this is not one.
const LARGEST: usize = 256 << 20;
