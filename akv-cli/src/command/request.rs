//! `akv request`

use akv_core::job::{CertificateSpec, ExistingTags, Jobs, KeyRequest, Overwrite};
use akv_core::{Exportable, KeyProtection, RequestedCertificate, Tags};
use anyhow::Result;

use super::tags::each_once;
use crate::args::{Common, RequestArgs};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::usage::Usage;
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &RequestArgs, wiring: Wiring) -> Result<Exit> {
    let tags = Tags::new(each_once(&args.tags)?).map_err(|error| Usage::new(error.to_string()))?;
    let overwrite = if args.overwrite { Overwrite::Yes } else { Overwrite::No };
    let existing_tags = if args.like { ExistingTags::Preserve } else { ExistingTags::Replace };
    let request = KeyRequest::new(args.alias.clone(), certificate_spec(args))
        .with_overwrite(overwrite)
        .with_tags(tags, existing_tags);
    let address = wiring.address(common, &args.store).await?;
    let credential = wiring.credential(common).await?;
    let changes = Changes::new(common, &args.change);
    let jobs = changes.by(&wiring.jobs);
    let outcome = jobs.requests(&address, &credential)?.request(&request).await;
    changes.report(common.output, &outcome)
}

fn certificate_spec(args: &RequestArgs) -> CertificateSpec {
    if args.like {
        return CertificateSpec::LikeNewest;
    }
    let names = [&args.dns, &args.email, &args.upn, &args.ip, &args.uri];
    let protection = if args.hsm { KeyProtection::Hsm } else { KeyProtection::Software };
    let kept = args.hsm || args.non_exportable;
    CertificateSpec::Explicit(
        RequestedCertificate::new(args.subject.clone().unwrap_or_default())
            .with_names(names.into_iter().flatten().cloned())
            .with_key(args.key.clone())
            .with_protection(protection)
            .with_exportable(if kept { Exportable::No } else { Exportable::Yes }),
    )
}
