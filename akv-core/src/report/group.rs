//! Findings that compare certificates with each other.

use std::collections::HashMap;
use std::hash::Hash;

use super::code::Code;
use super::finding::{Checked, Finding, Subject};
use super::record::Record;

/// Adds the findings of records that share their key or the whole certificate.
pub(super) fn compare(records: &[Record], checked: &mut Checked, findings: &mut Vec<Finding>) {
    let same = groups(records, checked, Code::Duplicate, |record| record.thumbprint);
    for indexes in &same {
        for index in indexes {
            let others = indexes.iter().copied().filter(|other| other != index);
            findings.push(shared(records, Code::Duplicate, *index, others, indexes.len() - 1));
        }
    }
    let keys = groups(records, checked, Code::SharedKey, |record| record.public_key);
    for indexes in &keys {
        // Copies of one certificate always share their key, which is not a finding.
        let mut copies: HashMap<_, usize> = HashMap::new();
        for index in indexes {
            *copies.entry(thumbprint(records, *index)).or_default() += 1;
        }
        if copies.len() < 2 {
            continue;
        }
        for index in indexes {
            let own = thumbprint(records, *index);
            let others = indexes.iter().copied().filter(|other| thumbprint(records, *other) != own);
            let count = indexes.len() - copies.get(&own).copied().unwrap_or_default();
            findings.push(shared(records, Code::SharedKey, *index, others, count));
        }
    }
}

fn thumbprint(records: &[Record], index: usize) -> Option<crate::certificate::Thumbprint> {
    records.get(index).and_then(|record| record.thumbprint)
}

/// The groups of at least two records with equal values, in the order of their first record.
fn groups<K: Eq + Hash>(
    records: &[Record],
    checked: &mut Checked,
    code: Code,
    fact: impl Fn(&Record) -> Option<K>,
) -> Vec<Vec<usize>> {
    let mut by_fact: HashMap<K, Vec<usize>> = HashMap::with_capacity(records.len());
    for (index, record) in records.iter().enumerate().filter(|(_, record)| !record.is_request()) {
        if let Some(fact) = checked.fact(code, fact(record)) {
            by_fact.entry(fact).or_default().push(index);
        }
    }
    let mut groups: Vec<_> = by_fact.into_values().filter(|group| group.len() > 1).collect();
    groups.sort_unstable();
    groups
}

/// `others` is limited to the displayed part: every certificate of a fleet can have the same key.
fn shared(
    records: &[Record],
    code: Code,
    index: usize,
    others: impl Iterator<Item = usize>,
    count: usize,
) -> Finding {
    let others: Vec<usize> = others.take(NAMED).collect();
    let names: Vec<String> = others
        .iter()
        .filter_map(|other| records.get(*other))
        .map(|record| match &record.store {
            Some(store) => format!("{} in {}", record.name, store.vault()),
            None => record.name.to_string(),
        })
        .collect();
    let more = match count.saturating_sub(others.len()) {
        0 => String::new(),
        1 => " and 1 more".to_owned(),
        more => format!(" and {more} more"),
    };
    let what = match code {
        Code::Duplicate => "the same certificate is stored as",
        _ => "the same key belongs to",
    };
    let message = format!("{what} {}{more}", names.join(", "));
    Finding { code, subject: Subject::Certificate(index), message, others }
}

/// The number of others that a finding names.
const NAMED: usize = 5;
