//! Scripted failures, and a log of calls.

use std::fmt::Debug;

use crate::{Error, Result};

/// Failures on demand and a log of calls, each with its target.
#[derive(Debug, Clone)]
pub(super) struct Script<C> {
    failures: Vec<Failure<C>>,
    calls: Vec<(C, String)>,
}

impl<C> Default for Script<C> {
    fn default() -> Self {
        Self { failures: Vec::new(), calls: Vec::new() }
    }
}

#[derive(Debug, Clone)]
struct Failure<C> {
    call: C,
    about: Option<String>,
    error: Error,
    often: Often,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Often {
    Once,
    Always,
}

impl<C: Copy + PartialEq + Debug> Script<C> {
    pub(super) fn fail(&mut self, call: C, about: Option<String>, error: Error, often: Often) {
        self.failures.push(Failure { call, about, error, often });
    }

    pub(super) fn heal(&mut self) {
        self.failures.clear();
    }

    pub(super) fn calls(&self) -> Vec<(C, String)> {
        self.calls.clone()
    }

    /// The calls that fail.
    pub(super) fn failing(&self) -> Vec<C> {
        self.failures.iter().map(|failure| failure.call).collect()
    }

    pub(super) fn forget_calls(&mut self) {
        self.calls.clear();
    }

    /// Records a call; `Err` is its scripted failure.
    pub(super) fn enter(&mut self, call: C, about: &str) -> Result<()> {
        self.calls.push((call, about.to_owned()));
        let met = |failure: &Failure<C>| {
            failure.call == call
                && failure.about.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(about))
        };
        let Some(at) = self.failures.iter().position(met) else { return Ok(()) };
        let error = self.failures.get(at).map(|failure| failure.error.clone());
        if self.failures.get(at).is_some_and(|failure| failure.often == Often::Once) {
            self.failures.remove(at);
        }
        error.map_or(Ok(()), Err)
    }
}
