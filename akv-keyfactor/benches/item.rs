//! The cost of an inventory item: from the domain's form to a line of Command's JSON.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to say")]

use akv_core::job::{InventoryItem, ItemSource};
use akv_core::{Exportable, KeyState, Tags, Thumbprint};
use akv_keyfactor::CurrentInventoryItem;

fn main() {
    divan::main();
}

/// A certificate of 1,500 bytes with two tags.
fn item() -> InventoryItem {
    let der = vec![0x30; 1500];
    let mut item = InventoryItem::new("web-01".parse().expect("a name"), ItemSource::Read);
    item.version = "0123456789abcdef0123456789abcdef".parse().ok();
    item.thumbprint = Some(Thumbprint::of(&der));
    item.certificates = vec![der.into()];
    item.tags = Tags::as_stored([("owner", "pki"), ("env", "prod")]);
    item.has_key = true;
    item.key =
        Some(KeyState::default().with_exportable(Exportable::Yes).with_kind("RSA".to_owned()));
    item
}

#[divan::bench]
fn rendered(bencher: divan::Bencher<'_, '_>) {
    bencher
        .with_inputs(item)
        .bench_values(|item| serde_json::to_vec(&CurrentInventoryItem::from(item)).expect("JSON"));
}
