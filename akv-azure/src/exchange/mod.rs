//! One exchange with a service: its target, deadline, answer, failure and retry. The module
//! `classify` decides what a failure means.

mod answer;
mod challenge;
mod deadline;
mod distrust;
mod error_response;
mod failed_exchange;
mod failure;
mod no_connection;
mod origin;
mod retry;
mod retry_after;
mod token_error_response;
mod traced;

pub(crate) use answer::Answer;
pub(crate) use deadline::{Deadline, Rest, later};
pub(crate) use distrust::{Distrust, ProxySpeaksNoTls};
pub(crate) use error_response::ErrorResponse;
pub(crate) use failed_exchange::FailedExchange;
pub(crate) use failure::Failure;
pub(crate) use no_connection::{NoConnection, Unresolved};
pub(crate) use origin::Origin;
pub(crate) use retry::Retry;
pub(crate) use retry_after::{retry_after, user_quota_resets_after};
pub(crate) use token_error_response::TokenErrorResponse;
pub(crate) use traced::{trace_request, trace_throttling};
