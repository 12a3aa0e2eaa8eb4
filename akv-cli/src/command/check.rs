//! `akv check`

use akv_core::bundle::Severity;
use anyhow::Result;
use time::OffsetDateTime;

use crate::args::{CheckArgs, Common};
use crate::exit::Exit;
use crate::render;

pub(super) fn run(common: &Common, args: &CheckArgs) -> Result<Exit> {
    let (contents, password) = args.contents.read()?;
    let issuers = args.issuers.read()?;
    let now = OffsetDateTime::now_utc();
    let bundle = match contents.open(&password, issuers, now) {
        Ok(bundle) => bundle,
        Err(error) => {
            render::unreadable_bundle(common.output, &error)?;
            return Ok(Exit::Failure);
        }
    };
    let findings = bundle.findings(now);
    let exit = if findings.iter().any(|finding| finding.severity == Severity::Error) {
        Exit::Failure
    } else {
        Exit::Success
    };
    render::bundle(common.output, &bundle, &findings, exit)?;
    Ok(exit)
}
