//! `akv inventory`

use akv_core::Pending;
use akv_core::job::{Coverage, InventoryRequest, Jobs, LastInventory, Unchanged};
use anyhow::Result;

use crate::args::{Common, InventoryArgs};
use crate::exit::Exit;
use crate::render::{self, InventoryWriter, previous};
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &InventoryArgs, wiring: Wiring) -> Result<Exit> {
    let coverage = if args.chain { Coverage::Chain } else { Coverage::Leaf };
    let (last, unchanged) = match &args.since {
        Some(file) => {
            let file = file.clone();
            let store = args.store.clone();
            let read = move || previous::read(&file, &store, coverage);
            (wiring.blocking(read).await?, Unchanged::Skip)
        }
        None => (LastInventory::default(), Unchanged::Fetch),
    };
    let request = InventoryRequest::default()
        .with_coverage(coverage)
        .with_last(last)
        .with_unchanged(unchanged)
        .with_concurrency(args.concurrency)
        .with_pending(Pending::Include);
    let address = wiring.address(common, &args.store).await?;
    let credential = wiring.credential(common).await?;
    let job = wiring.jobs.inventory(&address, &credential)?;
    let mut writer = InventoryWriter::new(common.output, args.store.clone());
    let outcome = job.inventory(&request, &mut writer).await;
    writer.finish(&outcome)?;
    render::say(&outcome.message());
    Ok(outcome.status.into())
}
