//! One page of a list, with the same form in Key Vault and Resource Manager.
//!
//! Memory is bounded by the parsed items and not by the size of the page: unused fields are
//! skipped, and parsing stops at a page with too many items.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::value::RawValue;

#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<Item<T>>,
    pub(crate) next_link: Option<String>,
}

/// An item of a list. A malformed item must not hide the other items.
#[derive(Debug, Hash)]
pub(crate) enum Item<T> {
    Read(T),
    /// A malformed item, with its ID if it has one.
    Other(String),
}

impl<T: DeserializeOwned> Page<T> {
    /// Reads a page of at most `most` items.
    pub(crate) fn read(body: &[u8], most: usize) -> serde_json::Result<Self> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let page = json.deserialize_map(PageVisitor { most, items: PhantomData })?;
        json.end()?;
        Ok(page)
    }
}

struct PageVisitor<T> {
    most: usize,
    items: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> Visitor<'de> for PageVisitor<T> {
    type Value = Page<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of a listing")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page<T>, A::Error> {
        let (mut value, mut next_link) = (None, None);
        while let Some(member) = map.next_key::<Member>()? {
            match member {
                Member::Value if value.is_none() => {
                    value =
                        Some(map.next_value_seed(Items { most: self.most, items: self.items })?);
                }
                Member::NextLink => next_link = map.next_value()?,
                Member::Value => return Err(A::Error::duplicate_field("value")),
                Member::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // A page without a list is not an empty list.
        let value = value.ok_or_else(|| A::Error::missing_field("value"))?;
        Ok(Page { value, next_link })
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Member {
    Value,
    NextLink,
    #[serde(other)]
    Other,
}

struct Items<T> {
    most: usize,
    items: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Items<T> {
    type Value = Vec<Item<T>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Items<T> {
    type Value = Vec<Item<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the items of a page")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        // Borrowed from the body, so that a dropped item takes no memory.
        while let Some(item) = seq.next_element::<&RawValue>()? {
            if items.len() == self.most {
                return Err(A::Error::custom("more items than a page has"));
            }
            items.push(match serde_json::from_str(item.get()) {
                Ok(item) => Item::Read(item),
                Err(_) => Item::Other(id(item)),
            });
        }
        Ok(items)
    }
}

fn id(item: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        id: String,
    }
    serde_json::from_str(item.get()).map(|named: Named| named.id).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Numbered {
        id: String,
        n: u8,
    }

    fn read(body: &str) -> serde_json::Result<Page<Numbered>> {
        Page::read(body.as_bytes(), 3)
    }

    #[test]
    fn reads_items_of_another_form_by_their_id() {
        let page =
            read(r#"{"x":[{}],"value":[{"id":"a","n":1,"y":0},{"id":"b","n":"?"},0,{"n":1}],"#);
        assert!(page.is_err(), "four items, and no end");
        let page = read(
            r#"{"x":[{}],"value":[{"id":"a","n":1,"y":0},{"id":"b","n":"?"},0],"nextLink":"l"}"#,
        )
        .expect("a page");
        assert_eq!(page.next_link.as_deref(), Some("l"));
        let ids: Vec<_> = page
            .value
            .iter()
            .map(|item| match item {
                Item::Read(Numbered { id, n }) => format!("{id}{n}"),
                Item::Other(id) => format!("{id}?"),
            })
            .collect();
        assert_eq!(ids, ["a1", "b?", "?"]);
    }

    #[test]
    fn rejects_a_non_page() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"value":null}"#,
            r#"{"value":{}}"#,
            r#"{"value":[],"value":[]}"#,
            r#"{"value":[]} {}"#,
            r#"{"value":[],"nextLink":5}"#,
            r#"{"value":[0,0,0,0]}"#,
        ] {
            assert!(read(body).is_err(), "{body}");
        }
        for body in [r#"{"value":[]}"#, r#"{"value":[],"nextLink":null}"#, r#"{"value":[0,0,0]}"#] {
            assert!(read(body).is_ok(), "{body}");
        }
    }
}
