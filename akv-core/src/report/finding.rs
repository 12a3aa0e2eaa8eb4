//! Findings, and the checks of a single record or vault.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};

use super::builder::ReportOptions;
use super::code::Code;
use super::record::Record;
use super::vault::VaultFacts;
use crate::bundle::{Curve, KeyKind};
use crate::directory::{PublicAccess, PurgeProtection};

/// A finding of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Its code, for programs.
    pub code: Code,
    /// Its subject.
    pub subject: Subject,
    /// Its text, for people: a lower-case fragment. It can contain text of a certificate.
    pub message: String,
    /// Other records with the same key or certificate: the first few, as indexes into the report's
    /// records.
    pub others: Vec<usize>,
}

/// The subject of a finding, as an index into the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// One of the report's records.
    Certificate(usize),
    /// One of the report's vaults.
    Vault(usize),
}

/// The codes that the input allowed to check. A code counts as checked if every subject had the
/// necessary data.
#[derive(Debug, Default)]
pub(super) struct Checked {
    decided: BTreeSet<Code>,
    undecided: BTreeSet<Code>,
}

impl Checked {
    /// Records whether a value is known, and returns it.
    pub(super) fn fact<T>(&mut self, code: Code, fact: Option<T>) -> Option<T> {
        if fact.is_some() {
            self.decided.insert(code)
        } else {
            self.undecided.insert(code)
        };
        fact
    }

    pub(super) fn is_checked(&self, code: Code) -> bool {
        self.decided.contains(&code) && !self.undecided.contains(&code)
    }
}

/// Adds findings about one subject.
pub(super) struct Judge<'a> {
    pub(super) options: &'a ReportOptions,
    pub(super) now: OffsetDateTime,
    pub(super) findings: Vec<Finding>,
    pub(super) checked: Checked,
}

impl Judge<'_> {
    fn add(&mut self, code: Code, subject: Subject, message: impl Into<String>) {
        self.findings.push(Finding { code, subject, message: message.into(), others: Vec::new() });
    }

    pub(super) fn record(&mut self, index: usize, record: &Record) {
        let subject = Subject::Certificate(index);
        if record.is_request() {
            return self.add(Code::Pending, subject, "a certificate request is pending");
        }
        self.expiry(subject, record);
        if !record.attributes.enabled {
            self.add(Code::Disabled, subject, "the newest version is disabled");
        }
        self.key_and_signature(subject, record);
        if let Some(created) = self.checked.fact(Code::Stale, record.attributes.created)
            && self.now - created > days(self.options.stale)
        {
            let message = format!("the newest version was created {}", ago(created, self.now));
            self.add(Code::Stale, subject, message);
        }
        self.policy(subject, record);
        for tag in &self.options.required_tags {
            if record.tag(tag).is_none_or(|value| value.trim().is_empty()) {
                self.add(Code::MissingTag, subject, format!("the tag {tag} is missing"));
            }
        }
    }

    fn expiry(&mut self, subject: Subject, record: &Record) {
        self.checked.fact(Code::Expired, record.attributes.expires);
        let Some(expires) = self.checked.fact(Code::ExpiresSoon, record.attributes.expires) else {
            return;
        };
        if expires < self.now {
            self.add(Code::Expired, subject, format!("it expired {}", ago(expires, self.now)));
        } else if expires - self.now <= days(self.options.within) {
            let message = format!("it expires in {}", span(expires - self.now));
            self.add(Code::ExpiresSoon, subject, format!("{message}, on {}", minute(expires)));
        }
    }

    fn key_and_signature(&mut self, subject: Subject, record: &Record) {
        if let Some(key) = self.checked.fact(Code::WeakKey, record.key.as_ref())
            && is_weak(key)
        {
            self.add(Code::WeakKey, subject, format!("the key is {key}"));
        }
        if let Some(signature) = self.checked.fact(Code::WeakSignature, record.signature.as_ref())
            && signature.weak
        {
            let message = format!("the certificate is signed with {}", signature.algorithm);
            self.add(Code::WeakSignature, subject, message);
        }
    }

    fn policy(&mut self, subject: Subject, record: &Record) {
        if self.checked.fact(Code::AutoRenew, record.auto_renew) == Some(true) {
            self.add(Code::AutoRenew, subject, "the vault renews the certificate itself");
        }
        if self.checked.fact(Code::Pending, record.pending) == Some(true) {
            self.add(Code::Pending, subject, "a certificate request is pending");
        }
        let older = self.checked.fact(Code::OldVersionEnabled, record.older_versions);
        if let Some(count) = older.map(|older| older.enabled).filter(|count| *count > 0) {
            let (what, verb) =
                if count == 1 { ("older version", "is") } else { ("older versions", "are") };
            self.add(Code::OldVersionEnabled, subject, format!("{count} {what} {verb} enabled"));
        }
    }

    pub(super) fn vault(&mut self, index: usize, vault: &VaultFacts) {
        let subject = Subject::Vault(index);
        let purge = self.checked.fact(Code::PurgeProtectionOff, vault.purge_protection);
        if purge == Some(PurgeProtection::Off) {
            self.add(Code::PurgeProtectionOff, subject, "purge protection is off");
        }
        let access = self.checked.fact(Code::PublicAccess, vault.public_access);
        if access == Some(PublicAccess::Enabled) {
            self.add(Code::PublicAccess, subject, "public network access is enabled");
        }
    }
}

/// NIST SP 800-131A: the minimum is 112 bits of security, which RSA-2048 has. Public CAs no longer
/// use curves below P-256, and DSA is withdrawn.
fn is_weak(key: &KeyKind) -> bool {
    match key {
        KeyKind::Rsa { bits } => *bits < 2048,
        KeyKind::Ec(Curve::P256 | Curve::P384 | Curve::P521 | Curve::P256K) => false,
        KeyKind::Other(name) => matches!(name.as_str(), "EC P-192" | "EC P-224" | "DSA"),
    }
}

fn days(count: u32) -> Duration {
    Duration::days(count.into())
}

/// `3 days ago, on 2026-11-23 10:00 UTC`.
fn ago(moment: OffsetDateTime, now: OffsetDateTime) -> String {
    format!("{} ago, on {}", span(now - moment), minute(moment))
}

fn span(span: Duration) -> String {
    match span.whole_days() {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

fn minute(moment: OffsetDateTime) -> String {
    format!("{} {:02}:{:02} UTC", moment.date(), moment.hour(), moment.minute())
}
