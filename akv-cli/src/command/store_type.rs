//! `akv store-type`

use akv_keyfactor::store_type::{self, Enrollment, PrivateKey};
use anyhow::Result;

use crate::args::{PrivateKeyChoice, Reader, StoreTypeArgs};
use crate::exit::Exit;
use crate::render;

pub(super) fn run(args: &StoreTypeArgs) -> Result<Exit> {
    let private_key = match args.private_key {
        PrivateKeyChoice::Optional => PrivateKey::Optional,
        PrivateKeyChoice::Required => PrivateKey::Required,
    };
    let enrollment = if args.reenrollment { Enrollment::Yes } else { Enrollment::No };
    let text = match (args.csv, args.reader) {
        (true, _) => store_type::csv_header(),
        (false, Reader::Kfutil) => store_type::manifest(private_key, enrollment),
        (false, Reader::Command) => store_type::command_body(private_key, enrollment),
    };
    render::print(text.trim_end())?;
    Ok(Exit::Success)
}
