//! The report over a fleet: findings about the certificates of many vaults, and the changes since
//! an earlier inventory.
//!
//! Its input is a stream of [`Record`]s of certificates, [`VaultFacts`] and [`FailedStore`]s, in
//! any order and from any source. A value that the source lacks is `None`, and the codes that
//! depend on it are listed as not checked: nothing is guessed. The time is an argument.
//!
//! ```
//! use akv_core::report::{Code, Record, ReportBuilder, ReportOptions, Store};
//! use time::{Duration, OffsetDateTime};
//!
//! let now = OffsetDateTime::UNIX_EPOCH;
//! let mut record = Record::new(Some(Store::new("contoso")), "web-01".parse()?);
//! record.attributes.expires = Some(now + Duration::days(3));
//! let mut builder = ReportBuilder::default();
//! builder.add(record);
//! let report = builder.finish(&ReportOptions::default(), now);
//! assert_eq!(report.findings[0].code, Code::ExpiresSoon);
//! assert!(report.not_checked.contains(&Code::AutoRenew));
//! # Ok::<(), akv_core::InvalidValue>(())
//! ```

mod builder;
mod change;
mod code;
mod fail_on;
mod finding;
mod group;
mod record;
mod store;
mod summary;
mod vault;

pub use crate::bundle::Severity;
pub use builder::{Report, ReportBuilder, ReportOptions};
pub use change::{Change, ChangeKind, Earlier, EarlierRecord, Snapshot, StoreMismatch};
pub use code::Code;
pub use fail_on::FailOn;
pub use finding::{Finding, Subject};
pub use record::{OlderVersions, Record, SignatureFacts};
pub use store::Store;
pub use summary::{Count, Month, Summary, Timeline};
pub use vault::{FailedStore, VaultFacts};
