//! `akv remove`

use akv_core::job::{Jobs, Purge, RemoveRequest};
use anyhow::Result;

use crate::args::{Common, RemoveArgs};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &RemoveArgs, wiring: Wiring) -> Result<Exit> {
    let request = RemoveRequest::new(args.alias.clone()).with_purge(if args.purge {
        Purge::Yes
    } else {
        Purge::No
    });
    let address = wiring.address(common, &args.store).await?;
    let credential = wiring.credential(common).await?;
    let changes = Changes::new(common, &args.change);
    let jobs = changes.by(&wiring.jobs);
    let outcome = jobs.management(&address, &credential)?.remove(&request).await;
    changes.report(common.output, &outcome)
}
