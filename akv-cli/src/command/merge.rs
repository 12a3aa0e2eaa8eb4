//! `akv merge`

use akv_core::Tags;
use akv_core::job::{ExistingTags, Jobs, MergeRequest};
use anyhow::Result;

use super::contents::bytes;
use super::tags::each_once;
use crate::args::{Common, MergeArgs};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::usage::Usage;
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &MergeArgs, wiring: Wiring) -> Result<Exit> {
    let tags = Tags::new(each_once(&args.tags)?).map_err(|error| Usage::new(error.to_string()))?;
    // The content decides the format.
    let Some(file) = args.pem.clone().or_else(|| args.p7b.clone()) else {
        return Err(Usage::new("provide --pem or --p7b").into());
    };
    let issuers = args.issuers.clone();
    let read = wiring.blocking(move || Ok((bytes(&file)?, issuers.read()?)));
    let (issued, issuers) = read.await?;
    let request = MergeRequest::new(args.alias.clone(), issued.to_vec());
    let mut request = request.with_issuers(issuers);
    if !tags.is_empty() {
        request = request.with_tags(tags, ExistingTags::Replace);
    }
    let address = wiring.address(common, &args.store).await?;
    let credential = wiring.credential(common).await?;
    let changes = Changes::new(common, &args.change);
    let jobs = changes.by(&wiring.jobs);
    let outcome = jobs.requests(&address, &credential)?.merge(&request).await;
    changes.report(common.output, &outcome)
}
