//! The recorded-style job configurations in `tests/fixtures`, and changes to them.

use serde_json::Value;

/// The fixture with that name, as the bytes of its file.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("read {path}: {error}"))
}

/// Every fixture, by name.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let folder = format!("{}/tests/fixtures", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of fixtures")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
        .collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), fixture(&name))).collect()
}

/// The fixture as parsed JSON.
pub(crate) fn tree(name: &str) -> Value {
    let bytes = fixture(name);
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    serde_json::from_slice(text).expect("a fixture is JSON")
}

/// The fixture with one member set by its JSON pointer.
pub(crate) fn with(name: &str, pointer: &str, value: Value) -> Vec<u8> {
    let mut tree = tree(name);
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    let parent = tree.pointer_mut(parent).expect("a member").as_object_mut().expect("an object");
    parent.insert(member.to_owned(), value);
    tree.to_string().into_bytes()
}

/// The fixture without one member.
pub(crate) fn without(name: &str, pointer: &str) -> Vec<u8> {
    let mut tree = tree(name);
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    let parent = tree.pointer_mut(parent).expect("a member").as_object_mut().expect("an object");
    assert!(parent.remove(member).is_some(), "{pointer} was not there");
    tree.to_string().into_bytes()
}

/// The fixture with one store property set, inside the string that holds the properties.
pub(crate) fn with_property(name: &str, property: &str, value: Value) -> Vec<u8> {
    let text = tree(name)["CertificateStoreDetails"]["Properties"].clone();
    let mut properties: Value =
        serde_json::from_str(text.as_str().expect("text")).expect("properties are JSON");
    properties[property] = value;
    with(name, "/CertificateStoreDetails/Properties", properties.to_string().into())
}
