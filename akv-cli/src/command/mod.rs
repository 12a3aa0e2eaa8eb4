//! The commands, one per file.

mod add;
mod cancel;
mod check;
mod completions;
mod contents;
mod create;
#[cfg(feature = "demo")]
mod demo;
mod discover;
mod dispatch;
mod inventory;
mod job;
mod lifeline;
mod man;
mod merge;
mod remove;
mod report;
mod request;
mod runtime;
mod show;
mod signal;
mod soft_delete;
mod store_type;
mod tags;

pub(crate) use dispatch::run;
