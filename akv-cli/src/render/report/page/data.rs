//! The certificates of a page, as JSON for the page's script.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use akv_core::report::{Code, Report, Severity, Store, Subject, Summary};
use akv_core::text::printable;
use anyhow::Result;
use serde::Serialize;

/// Values that many rows share are stored once, and rows contain their numbers.
#[derive(Serialize)]
pub(super) struct Data<'a> {
    /// Seconds since 1970.
    now: i64,
    codes: Vec<CodeText>,
    stores: Vec<Cow<'a, str>>,
    /// The names of the vaults, in the order of their stores.
    vaults: Vec<String>,
    issuers: Vec<Cow<'a, str>>,
    keys: Vec<Cow<'a, str>>,
    owners: Vec<Cow<'a, str>>,
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct CodeText {
    code: &'static str,
    severity: Severity,
    meaning: &'static str,
    hint: &'static str,
}

/// In the order of the script: name, title, store, issuer, seconds of expiration, state, key,
/// owner, severity, thumbprint, DNS names, tags, findings.
#[derive(Serialize)]
struct Row<'a>(
    &'a str,
    Cow<'a, str>,
    usize,
    usize,
    Option<i64>,
    State,
    usize,
    usize,
    u8,
    String,
    String,
    String,
    Vec<(usize, Cow<'a, str>)>,
);

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum State {
    Enabled,
    Disabled,
    Expired,
}

impl<'a> Data<'a> {
    pub(super) fn of(report: &'a Report, summary: &Summary, owner_tag: &str) -> Self {
        let mut findings: Vec<Vec<(usize, Cow<'a, str>)>> = vec![Vec::new(); report.records.len()];
        for finding in &report.findings {
            if let Subject::Certificate(index) = finding.subject
                && let Some(own) = findings.get_mut(index)
                && let Some(code) = Code::ALL.iter().position(|code| *code == finding.code)
            {
                own.push((code, printable(&finding.message)));
            }
        }
        let mut texts: [Numbers<'a>; 4] = Default::default();
        let [stores, issuers, keys, owners] = &mut texts;
        let rows = report.records.iter().zip(findings).zip(&summary.worst);
        let rows = rows
            .map(|((record, findings), worst)| {
                let expires = record.attributes.expires;
                let state = match expires {
                    _ if !record.attributes.enabled => State::Disabled,
                    Some(expires) if expires < report.now => State::Expired,
                    _ => State::Enabled,
                };
                let tags = record.tags.iter();
                Row(
                    record.name.as_str(),
                    printable(record.title().unwrap_or_default()),
                    stores.number(Cow::Borrowed(record.store.as_ref().map_or("", Store::as_str))),
                    issuers.number(Cow::Borrowed(record.issuer.as_deref().unwrap_or_default())),
                    expires.map(time::OffsetDateTime::unix_timestamp),
                    state,
                    keys.number(
                        record.key.as_ref().map_or(Cow::Borrowed(""), |key| key.to_string().into()),
                    ),
                    owners.number(Cow::Borrowed(record.tag(owner_tag).unwrap_or_default())),
                    match worst {
                        None => 0,
                        Some(Severity::Info) => 1,
                        Some(Severity::Warning) => 2,
                        Some(Severity::Error) => 3,
                    },
                    record.thumbprint.map(|thumbprint| thumbprint.to_string()).unwrap_or_default(),
                    listed(record.dns_names.iter().map(|name| printable(name))),
                    listed(tags.map(|(name, value)| {
                        Cow::Owned(format!("{}={}", printable(name), printable(value)))
                    })),
                    findings,
                )
            })
            .collect();
        let [stores, issuers, keys, owners] = texts.map(|texts| texts.all);
        let codes = Code::ALL.iter().map(|code| CodeText {
            code: code.as_str(),
            severity: code.severity(),
            meaning: code.meaning(),
            hint: code.hint(),
        });
        let vaults = stores.iter().map(|store| Store::new(store).vault().to_owned()).collect();
        let now = report.now.unix_timestamp();
        Self { now, codes: codes.collect(), stores, vaults, issuers, keys, owners, rows }
    }

    /// JSON in ASCII without characters that are special in HTML: it cannot close the surrounding
    /// element.
    pub(super) fn to_script(&self) -> Result<String> {
        let json = serde_json::to_string(self)?;
        let mut script = String::with_capacity(json.len() + json.len() / 16);
        for c in json.chars() {
            match c {
                '<' | '>' | '&' | '\'' | '\u{7f}'.. => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        write!(script, "\\u{unit:04x}")?;
                    }
                }
                _ => script.push(c),
            }
        }
        Ok(script)
    }
}

/// Numbered texts.
#[derive(Default)]
struct Numbers<'a> {
    all: Vec<Cow<'a, str>>,
    known: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Numbers<'a> {
    fn number(&mut self, text: Cow<'a, str>) -> usize {
        if let Some(number) = self.known.get(&text) {
            return *number;
        }
        let number = self.all.len();
        self.all.push(Cow::Owned(printable(&text).into_owned()));
        self.known.insert(text, number);
        number
    }
}

/// A truncated list for people; a certificate can have hundreds of names.
fn listed<'a>(all: impl ExactSizeIterator<Item = Cow<'a, str>>) -> String {
    let more = all.len().saturating_sub(LISTED);
    let text = all.take(LISTED).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{text}, and {more} more") } else { text }
}

const LISTED: usize = 30;
