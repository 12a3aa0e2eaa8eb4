//! `akv store-type`

use akv_keyfactor::store_type;
use anyhow::Result;

use crate::args::{Reader, StoreTypeArgs};
use crate::exit::Exit;
use crate::render;

pub(super) fn run(args: &StoreTypeArgs) -> Result<Exit> {
    let text = match (args.csv, args.reader) {
        (true, _) => store_type::csv_header(),
        (false, Reader::Kfutil) => store_type::manifest(),
        (false, Reader::Command) => store_type::command_body(),
    };
    render::print(text.trim_end())?;
    Ok(Exit::Success)
}
