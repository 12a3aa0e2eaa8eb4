//! Selects the faults that affect a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault::{Calls, Effect, Fault, Stage};
use crate::operation::Operation;
use crate::permission::is;

/// Counts the calls that a fault has affected.
#[derive(Debug, Clone)]
pub struct HitCounter(Arc<AtomicU64>);

impl HitCounter {
    /// The number of affected calls.
    pub fn hits(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The properties of a request that a fault matches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation,
    pub(crate) vault: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) subscription: Option<&'a str>,
}

/// The moment at which faults are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Arrival,
    Authenticated,
}

/// All current faults.
#[derive(Debug, Default)]
pub(crate) struct Script(Vec<Scripted>);

#[derive(Debug)]
struct Scripted {
    fault: Fault,
    seen: u64,
    chance: fastrand::Rng,
    hits: Arc<AtomicU64>,
}

impl Script {
    pub(crate) fn add(&mut self, mut fault: Fault) -> HitCounter {
        if let Err(why) = fault.effect.check() {
            // Reported in the response: code that sets a fault cannot handle an error.
            let text = format!("the configured fault cannot be applied: {why}");
            fault.effect = Effect::Body { status: 500, text, headers: Vec::new() };
        }
        let seed = match fault.calls {
            Calls::Chance { seed, .. } => seed,
            _ => 0,
        };
        let hits = Arc::new(AtomicU64::new(0));
        self.0.push(Scripted {
            fault,
            seen: 0,
            chance: fastrand::Rng::with_seed(seed),
            hits: Arc::clone(&hits),
        });
        HitCounter(hits)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn faults(&self) -> Vec<Fault> {
        self.0.iter().map(|scripted| scripted.fault.clone()).collect()
    }

    /// The effects on this call, in the order in which the faults were set.
    pub(crate) fn meet(&mut self, call: Call<'_>, moment: Moment) -> Vec<(Stage, Effect)> {
        let due = self.0.iter_mut().filter(|s| s.fault.effect.moment() == moment);
        due.filter_map(|scripted| scripted.meets(call)).collect()
    }
}

impl Scripted {
    fn meets(&mut self, call: Call<'_>) -> Option<(Stage, Effect)> {
        let fault = &self.fault;
        let fits = fault.operation.is_none_or(|operation| operation == call.operation)
            && is(fault.vault.as_deref(), call.vault)
            && is(fault.name.as_deref(), call.name)
            && is(fault.subscription.as_deref(), call.subscription);
        if !fits {
            return None;
        }
        self.seen += 1;
        let picked = match fault.calls {
            Calls::All => true,
            Calls::Nth(nth) => self.seen == nth,
            Calls::First(calls) => self.seen <= calls,
            Calls::Every(nth) => nth > 0 && self.seen.is_multiple_of(nth),
            Calls::Chance { probability, .. } => self.chance.f64() < probability,
        };
        picked.then(|| {
            self.hits.fetch_add(1, Ordering::SeqCst);
            (fault.stage, fault.effect.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(fault: Fault, calls: usize) -> Vec<usize> {
        let mut script = Script::default();
        script.add(fault);
        let call = Call {
            operation: Operation::GetCertificate,
            vault: Some("contoso"),
            name: Some("web"),
            subscription: None,
        };
        let meets = |_: &usize| !script.meet(call, Moment::Authenticated).is_empty();
        (1..=calls).filter(meets).collect()
    }

    #[test]
    fn calls_are_selected_as_configured() {
        let get = || Fault::on(Operation::GetCertificate);
        assert_eq!(met(get().nth(3), 6), [3]);
        assert_eq!(met(get().first(2), 6), [1, 2]);
        assert_eq!(met(get().every(2), 6), [2, 4, 6]);
        assert_eq!(met(get(), 2), [1, 2]);
        assert!(met(Fault::on(Operation::ListCertificates), 6).is_empty());
        assert_eq!(met(get().in_vault("CONTOSO").named("Web").nth(1), 2), [1]);
        assert!(met(get().named("other"), 2).is_empty());
    }

    #[test]
    fn chance_is_the_same_in_every_run() {
        let fault = || Fault::on(Operation::GetCertificate).with_probability(0.25, 7);
        let once = met(fault(), 1000);
        assert_eq!(once, met(fault(), 1000));
        assert!((200..300).contains(&once.len()), "{} of 1000", once.len());
    }

    #[test]
    fn a_fault_survives_json() {
        let text = r#"{"operation":"ImportCertificate","calls":{"nth":1},
            "stage":"after_change","effect":"close"}"#;
        let fault: Fault = serde_json::from_str(text).expect("a fault");
        assert_eq!(fault.calls, Calls::Nth(1));
        assert_eq!(fault.stage, Stage::AfterChange);
        assert_eq!(fault.effect, Effect::Close);
        let again = serde_json::to_string(&fault).expect("JSON");
        assert!(serde_json::from_str::<Fault>(&again).is_ok());
    }
}
