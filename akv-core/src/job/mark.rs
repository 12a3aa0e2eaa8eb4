//! The mark on a certificate that was recovered from soft delete for an addition. Until the new
//! version exists, it allows a retry of the same addition to continue.

use crate::certificate::Thumbprint;
use crate::tags::Tags;

/// The tags of a live certificate, with the mark separated from them.
///
/// Only the domain uses the mark: no inventory contains it, and it is never merged into the tags of
/// a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The thumbprint of the certificate for whose addition the name was recovered.
    pub(super) recovered_for: Option<Thumbprint>,
    /// All other tags, as before the mark was set.
    pub(super) tags: Tags,
}

impl Mark {
    /// Parses these tags.
    pub(super) fn read(stored: &Tags) -> Self {
        let Some((thumbprint, displaced)) = stored.get(NAME).and_then(parse) else {
            return Self { recovered_for: None, tags: stored.clone() };
        };
        let others = stored.iter().filter(|(name, _)| *name != NAME);
        let tags = Tags::as_stored(others.chain(displaced));
        Self { recovered_for: Some(thumbprint), tags }
    }

    /// These tags with the mark. If there is no room for another tag, the shortest tag is moved
    /// into the mark's value, unless it is too long for that.
    pub(super) fn set(tags: &Tags, thumbprint: Thumbprint) -> Tags {
        let length = |(name, value): &(&str, &str)| name.chars().count() + value.chars().count();
        let displaced =
            if tags.len() < Tags::MAX_COUNT { None } else { tags.iter().min_by_key(length) };
        let mut mark = thumbprint.to_string();
        if let Some((name, value)) = displaced {
            let kept = format!("{mark}:{}:{name}{value}", name.len());
            if kept.chars().count() <= Tags::MAX_LENGTH {
                mark = kept;
            }
        }
        let stay = tags.iter().filter(|tag| Some(*tag) != displaced);
        Tags::as_stored(stay.chain([(NAME, mark.as_str())]))
    }
}

impl Mark {
    /// Whether a change of tags is a step of a recovery and not a requested change: it sets the
    /// mark, or removes it from a certificate that was just recovered.
    pub(crate) fn is_part_of_recovery(recovered: bool, from: &Tags, to: &Tags) -> bool {
        let (from, to) = (Self::read(from), Self::read(to));
        let removed = from.recovered_for.is_some() && from.tags == to.tags;
        to.recovered_for.is_some() || (recovered && removed)
    }
}

/// `THUMBPRINT`, or `THUMBPRINT:LENGTH:NAMEVALUE` with the length of the name in bytes.
fn parse(mark: &str) -> Option<(Thumbprint, Option<(&str, &str)>)> {
    match mark.split_once(':') {
        None => Some((mark.parse().ok()?, None)),
        Some((thumbprint, displaced)) => {
            let (length, tag) = displaced.split_once(':')?;
            Some((thumbprint.parse().ok()?, Some(tag.split_at_checked(length.parse().ok()?)?)))
        }
    }
}

/// The name of the tag.
const NAME: &str = "akv-recovered-for";

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize, value: &str) -> Tags {
        Tags::new((0..count).map(|number| (format!("tag{number:02}"), value))).expect("tags")
    }

    #[test]
    fn a_mark_is_read_back_beside_any_number_of_tags() {
        let thumbprint = Thumbprint::of(b"new");
        let odd = Tags::new(numbered(14, "long enough").iter().chain([("a:1=ü", ":5:")]));
        for tags in [numbered(0, ""), numbered(14, "x"), numbered(15, "x"), odd.expect("tags")] {
            let marked = Mark::set(&tags, thumbprint);
            Tags::new(marked.iter()).expect("within the limits");
            assert_eq!(Mark::read(&marked), Mark { recovered_for: Some(thumbprint), tags });
        }
    }

    #[test]
    fn tag_too_long_for_the_mark_is_dropped() {
        let tags = numbered(15, &"x".repeat(Tags::MAX_LENGTH));
        let marked = Mark::set(&tags, Thumbprint::of(b"new"));
        Tags::new(marked.iter()).expect("within the limits");
        assert_eq!(Mark::read(&marked).recovered_for, Some(Thumbprint::of(b"new")));
    }

    #[test]
    fn a_tag_of_that_name_with_another_value_is_a_tag() {
        for value in
            ["", "yes", "0123", ":", "x:1:ab", "7037807198C22A7D2B0807371D763779A84FDFCF:9:ab"]
        {
            let tags = Tags::new([(NAME, value)]).expect("tags");
            assert_eq!(Mark::read(&tags), Mark { recovered_for: None, tags });
        }
    }
}
