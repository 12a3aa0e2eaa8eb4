//! `akv list-deleted`, `akv recover` and `akv purge`

use akv_core::StorePath;
use akv_core::job::SoftDeleteJobs;
use anyhow::Result;

use crate::args::{Common, DeletedArgs, ListDeletedArgs};
use crate::exit::Exit;
use crate::render;
use crate::wiring::Wiring;

pub(super) async fn list(common: &Common, args: &ListDeletedArgs, wiring: Wiring) -> Result<Exit> {
    let outcome = jobs(common, &args.store, &wiring).await?.list().await;
    render::deleted(common.output, &outcome)
}

pub(super) async fn recover(common: &Common, args: &DeletedArgs, wiring: Wiring) -> Result<Exit> {
    let outcome = jobs(common, &args.store, &wiring).await?.recover(&args.alias).await;
    render::outcome(common.output, &outcome)
}

pub(super) async fn purge(common: &Common, args: &DeletedArgs, wiring: Wiring) -> Result<Exit> {
    let outcome = jobs(common, &args.store, &wiring).await?.purge(&args.alias).await;
    render::outcome(common.output, &outcome)
}

async fn jobs(common: &Common, store: &StorePath, wiring: &Wiring) -> Result<SoftDeleteJobs> {
    let address = wiring.address(common, store).await?;
    let credential = wiring.credential(common).await?;
    Ok(wiring.jobs.soft_delete(&address, &credential)?)
}
