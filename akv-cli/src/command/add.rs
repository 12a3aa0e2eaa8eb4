//! `akv add`

use akv_core::Exportable;
use akv_core::Tags;
use akv_core::job::{AddRequest, Effect, ExistingTags, Jobs, Overwrite, SoftDeleted};
use anyhow::Result;

use super::tags::each_once;
use crate::args::{AddArgs, Common, SoftDeletedArgs, SoftDeletedChoice};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::render;
use crate::usage::Usage;
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &AddArgs, wiring: Wiring) -> Result<Exit> {
    let tags = Tags::new(each_once(&args.tags)?).map_err(|error| Usage::new(error.to_string()))?;
    let (given, issuers) = (args.contents.clone(), args.issuers.clone());
    let read = wiring.blocking(move || Ok((given.read()?, issuers.read()?)));
    let ((contents, password), issuers) = read.await?;
    let request = AddRequest::new(contents, password)
        .with_name(args.alias.clone())
        .with_issuers(issuers)
        .with_overwrite(if args.overwrite { Overwrite::Yes } else { Overwrite::No })
        .with_tags(tags)
        .with_existing_tags(if args.preserve_tags {
            ExistingTags::Preserve
        } else {
            ExistingTags::Replace
        })
        .with_exportable(if args.non_exportable { Exportable::No } else { Exportable::Yes })
        .with_soft_deleted(args.soft_deleted.resolved());
    let address = wiring.address(common, &args.store).await?;
    let credential = wiring.credential(common).await?;
    let changes = Changes::new(common, &args.change);
    let jobs = changes.by(&wiring.jobs);
    let outcome = jobs.management(&address, &credential)?.add(&request).await;
    let exit = changes.report(common.output, &outcome)?;
    let exists = exit == Exit::Warning && *outcome.effect() == Effect::Nothing;
    if exists && !args.overwrite {
        render::hint("--overwrite replaces it");
    }
    Ok(exit)
}

impl SoftDeletedArgs {
    pub(super) fn resolved(&self) -> SoftDeleted {
        match self.soft_deleted {
            SoftDeletedChoice::Recover => SoftDeleted::Recover,
            SoftDeletedChoice::Refuse => SoftDeleted::Refuse,
        }
    }
}
