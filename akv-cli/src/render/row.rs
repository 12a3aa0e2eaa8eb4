//! A certificate as a person reads it.

use akv_core::bundle::{KeyKind, X509};
use akv_core::job::{InventoryItem, ItemSource};
use akv_core::{Exportable, Thumbprint};
use time::{Duration, OffsetDateTime};

use super::moment;
use super::table::{Cell, Tone};

/// The columns of a row.
pub(super) const COLUMNS: [&str; 7] =
    ["name", "subject", "issuer", "expires", "state", "key", "tags"];
/// The columns that follow where everything is asked for.
pub(super) const WIDE: [&str; 5] = ["thumbprint", "version", "dns names", "created", "exportable"];

/// What a table shows of a certificate.
pub(super) struct Row {
    cells: [Cell; 7],
    wide: [Cell; 5],
}

impl Row {
    pub(super) fn new(item: &InventoryItem, now: OffsetDateTime) -> Self {
        let leaf = item.certificates.first().and_then(|der| X509::from_der(der).ok());
        let leaf = leaf.as_ref();
        let last_known = if item.source == ItemSource::LastKnown { " (last known)" } else { "" };
        let state = State::of(item, now);
        let created = item.attributes.created.map(|it| it.date().to_string());
        Self {
            cells: [
                format!("{}{last_known}", item.name).into(),
                leaf.map(subject).unwrap_or_default().into(),
                leaf.map(issuer).unwrap_or_default().into(),
                Cell {
                    text: moment::future(item.attributes.expires, now, "expired"),
                    tone: expiry_tone(item, now),
                },
                Cell { text: state.as_str().to_owned(), tone: state.tone() },
                key(item, leaf).into(),
                item.tags.to_string().into(),
            ],
            wide: [
                item.thumbprint.as_ref().map(Thumbprint::to_string).unwrap_or_default().into(),
                item.version.as_ref().map(ToString::to_string).unwrap_or_default().into(),
                leaf.map(X509::dns_names).unwrap_or_default().join(", ").into(),
                created.unwrap_or_default().into(),
                exportable(item).to_owned().into(),
            ],
        }
    }

    pub(super) fn into_cells(self, wide: bool) -> Vec<Cell> {
        let more = self.wide.into_iter().take(if wide { WIDE.len() } else { 0 });
        self.cells.into_iter().chain(more).collect()
    }
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
        if item.source == ItemSource::Pending {
            Self::Pending
        } else if !item.attributes.enabled {
            Self::Disabled
        } else if item.attributes.expires.is_some_and(|expires| expires <= now) {
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

/// The common name or, where there is none, the first DNS name.
fn subject(leaf: &X509) -> String {
    let first_dns_name = || leaf.dns_names().into_iter().next();
    leaf.common_name().or_else(first_dns_name).unwrap_or_else(|| leaf.subject())
}

fn issuer(leaf: &X509) -> String {
    leaf.issuer_common_name().unwrap_or_else(|| leaf.issuer())
}

/// `RSA 2048`, `EC P-256`; as the vault names it where there is no certificate to read.
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

/// What expires within this time is worth a look.
const SOON: Duration = Duration::days(30);
