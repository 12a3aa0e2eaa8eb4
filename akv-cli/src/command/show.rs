//! `akv show`

use std::io::{self, IsTerminal};

use akv_core::job::{CertificateScope, ShowRequest, Versions};
use anyhow::Result;

use crate::args::{Common, Output, ShowArgs};
use crate::exit::Exit;
use crate::render;
use crate::usage::Usage;
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &ShowArgs, wiring: Wiring) -> Result<Exit> {
    check(common.output, args)?;
    let request = ShowRequest::new(args.alias.clone())
        .with_scope(if args.chain { CertificateScope::Chain } else { CertificateScope::Leaf })
        .with_versions(if args.versions { Versions::All } else { Versions::Current });
    let address = wiring.address(common, &args.store).await?;
    let credential = wiring.credential(common).await?;
    let shown = wiring.jobs.show(&address, &credential)?.show(&request).await?;
    render::certificate(common.output, &args.store, &shown)
}

/// One DER contains one certificate, and neither DER nor PEM can contain data about versions.
fn check(output: Output, args: &ShowArgs) -> Result<()> {
    let problem = match output {
        Output::Der if args.chain => "--chain requires --output pem, json or table",
        Output::Der if io::stdout().is_terminal() => {
            "cannot print DER to a terminal: redirect standard output to a file"
        }
        Output::Der | Output::Pem | Output::Csv if args.versions => {
            "--versions requires --output json or table"
        }
        _ => return Ok(()),
    };
    Err(Usage::new(problem).into())
}
