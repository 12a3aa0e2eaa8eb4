//! A certificate as a table row.

use akv_core::bundle::{KeyKind, X509};
use akv_core::job::{InventoryItem, ItemSource};
use akv_core::{Attributes, Exportable, Thumbprint};
use time::{Duration, OffsetDateTime};

use super::moment;
use super::table::{Cell, Tone};

/// The columns of a row.
pub(super) const COLUMNS: [&str; 7] =
    ["name", "subject", "issuer", "expires", "state", "key", "tags"];
/// The additional columns of the wide format.
pub(super) const WIDE: [&str; 5] = ["thumbprint", "version", "dns names", "created", "exportable"];

/// The fields of a certificate in a table.
pub(super) fn row(item: &InventoryItem, now: OffsetDateTime, wide: bool) -> Vec<Cell> {
    let leaf = item.certificates.first().and_then(|der| X509::from_der(der).ok());
    let leaf = leaf.as_ref();
    let last_known = if item.source == ItemSource::LastKnown { " (last known)" } else { "" };
    let expires = if wide { moment::dated } else { moment::relative };
    let state = State::of(item, now);
    let mut cells: Vec<Cell> = vec![
        format!("{}{last_known}", item.name).into(),
        leaf.map(subject).unwrap_or_default().into(),
        leaf.map(issuer).unwrap_or_default().into(),
        Cell {
            text: expires(item.attributes.expires, now, "expired"),
            tone: expiry_tone(item, now),
        },
        Cell { text: state.as_str().to_owned(), tone: state.tone() },
        key(item, leaf).into(),
        item.tags.to_string().into(),
    ];
    if wide {
        let created = item.attributes.created.map(|it| it.date().to_string());
        cells.extend([
            item.thumbprint.as_ref().map(Thumbprint::to_string).unwrap_or_default().into(),
            item.version.as_ref().map(ToString::to_string).unwrap_or_default().into(),
            leaf.map(X509::dns_names).unwrap_or_default().join(", ").into(),
            created.unwrap_or_default().into(),
            exportable(item).to_owned().into(),
        ]);
    }
    cells
}

/// Whether a certificate can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Enabled,
    Disabled,
    Pending,
    Expired,
}

impl State {
    pub(super) fn of(item: &InventoryItem, now: OffsetDateTime) -> Self {
        match item.source {
            ItemSource::Pending => Self::Pending,
            _ => Self::of_version(&item.attributes, now),
        }
    }

    pub(super) fn of_version(attributes: &Attributes, now: OffsetDateTime) -> Self {
        if !attributes.enabled {
            Self::Disabled
        } else if attributes.expires.is_some_and(|expires| expires <= now) {
            Self::Expired
        } else {
            Self::Enabled
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Pending => "pending",
            Self::Expired => "expired",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Enabled => Tone::Plain,
            Self::Disabled | Self::Pending => Tone::Warning,
            Self::Expired => Tone::Bad,
        }
    }
}

fn expiry_tone(item: &InventoryItem, now: OffsetDateTime) -> Tone {
    match item.attributes.expires {
        Some(expires) if expires <= now => Tone::Bad,
        Some(expires) if expires - now < SOON => Tone::Warning,
        _ => Tone::Plain,
    }
}

/// The common name or, if there is none, the first DNS name.
fn subject(leaf: &X509) -> String {
    let first_dns_name = || leaf.dns_names().into_iter().next();
    leaf.common_name().or_else(first_dns_name).unwrap_or_else(|| leaf.subject())
}

fn issuer(leaf: &X509) -> String {
    leaf.issuer_common_name().unwrap_or_else(|| leaf.issuer())
}

/// `RSA 2048`, `EC P-256`; the vault's name of the key type if the certificate cannot be read.
pub(super) fn key(item: &InventoryItem, leaf: Option<&X509>) -> String {
    let stored = item.key.as_ref().and_then(|key| key.kind.as_deref());
    let hsm = if stored.is_some_and(|kind| kind.ends_with("-HSM")) { "-HSM" } else { "" };
    let kind = match leaf.map(X509::key_kind) {
        Some(KeyKind::Rsa { bits }) => format!("RSA{hsm} {bits}"),
        Some(KeyKind::Ec(curve)) => format!("EC{hsm} {curve}"),
        Some(other) => other.to_string(),
        None => stored.unwrap_or_default().to_owned(),
    };
    if item.has_key || kind.is_empty() { kind } else { format!("{kind} (no private key)") }
}

pub(super) fn exportable(item: &InventoryItem) -> &'static str {
    match item.key.as_ref().and_then(|key| key.exportable) {
        Some(Exportable::Yes) => "yes",
        Some(Exportable::No) => "no",
        None => "",
    }
}

/// Expiry within this time is highlighted.
const SOON: Duration = Duration::days(30);

#[cfg(test)]
mod tests {
    use akv_core::{KeyState, Tags};
    use akv_testkit::pki::TestPki;
    use time::macros::datetime;

    use super::*;
    use crate::render::table::lines;

    fn items(now: OffsetDateTime) -> Vec<InventoryItem> {
        let pki = TestPki::elliptic(now);
        let item = |name: &str, days: i64, enabled: bool, kind: &str, source| {
            let mut item = InventoryItem::new(name.parse().expect("a name"), source);
            item.version = "0123456789abcdef0123456789abcdef".parse().ok();
            item.thumbprint = Some(Thumbprint::from_bytes([7; 20]));
            if source != ItemSource::Pending {
                let leaf = pki.leaf(&format!("{name}.contoso.com")).issue();
                item.certificates = vec![leaf.der().into()];
            }
            item.attributes = Attributes::default()
                .with_enabled(enabled)
                .with_expires(now + Duration::days(days))
                .with_created(now);
            item.tags = Tags::as_stored([("owner", "pki")]);
            item.has_key = true;
            let key = KeyState::default().with_exportable(Exportable::No);
            item.key = Some(key.with_kind(kind.to_owned()));
            item
        };
        vec![
            item("web-01", 23, true, "EC", ItemSource::Read),
            item("web-02", -3, true, "EC-HSM", ItemSource::Read),
            item("web-03", 300, false, "EC", ItemSource::LastKnown),
            item("web-04", 300, false, "RSA", ItemSource::Pending),
        ]
    }

    #[test]
    fn rows_are_for_a_person() {
        let now = datetime!(2026-11-26 12:00 UTC);
        let rows = |wide| {
            let rows = items(now).iter().map(|item| row(item, now, wide)).collect();
            let header = [&COLUMNS[..], if wide { &WIDE[..] } else { &[] }].concat();
            (header, rows)
        };
        for (name, wide, width) in
            [("table", false, None), ("table_of_80_columns", false, Some(80)), ("wide", true, None)]
        {
            let (header, rows) = rows(wide);
            insta::assert_snapshot!(name, lines(&header, rows, width).join("\n"));
        }
    }
}
