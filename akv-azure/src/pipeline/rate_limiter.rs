//! The rate limiter: one per vault, shared by all jobs of the process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::exchange::{Deadline, Rest, later};
use crate::options::RateLimit;

/// Limits requests so that no window of the configured length contains more than the budget, and
/// slows all callers down when the service reports that other clients use the budget too.
///
/// A request's slot is released one window after its *answer*, not after it was sent. The service
/// counted the request no later than that, so it never counts more than the budget, however long
/// requests are in transit.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    rate: RateLimit,
    state: Mutex<State>,
    changed: Notify,
    /// Callers wait for a slot in order.
    line: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    answered: VecDeque<Instant>,
    /// When the next request is due while requests are spread out.
    next_due: Option<Instant>,
    slowed: Option<Slowed>,
}

/// The slowdown after throttling.
#[derive(Debug, Clone, Copy)]
struct Slowed {
    at: Instant,
    /// The initial limit per window.
    limit: f64,
    /// All requests pause until this moment.
    paused_until: Instant,
    /// The number of throttled answers in a row, each after the previous one was respected.
    in_a_row: u32,
}

/// A slot in the budget, occupied from the moment it is granted. Dropping it before the request was
/// sent releases it.
#[derive(Debug)]
#[must_use]
pub(crate) struct Permit {
    limiter: Arc<RateLimiter>,
    granted: Instant,
    counted: bool,
}

enum Turn {
    Now,
    At(Instant),
    WhenSomethingChanges,
}

impl RateLimiter {
    pub(crate) fn new(rate: RateLimit) -> Arc<Self> {
        Arc::new(Self {
            rate,
            state: Mutex::default(),
            changed: Notify::new(),
            line: tokio::sync::Mutex::new(()),
        })
    }

    /// Waits for a slot, first come first served. Fails at once if a pause lasts until after the
    /// deadline.
    pub(crate) async fn permit(self: &Arc<Self>, deadline: Deadline) -> Result<Permit, Rest> {
        let _first_in_line = self.line.lock().await;
        loop {
            let changed = self.changed.notified();
            if let Some(rest) = self.rest(deadline) {
                return Err(rest);
            }
            match self.turn(Instant::now()) {
                Turn::Now => {
                    return Ok(Permit {
                        limiter: Arc::clone(self),
                        granted: Instant::now(),
                        counted: false,
                    });
                }
                Turn::At(then) => {
                    futures::future::select(Box::pin(sleep_until(then)), Box::pin(changed)).await;
                }
                Turn::WhenSomethingChanges => changed.await,
            }
        }
    }

    /// Whether a new limiter would behave the same: no request counts against the budget.
    pub(crate) fn is_idle(&self) -> bool {
        let mut state = self.state();
        state.forget(Instant::now(), self.rate.window);
        state.occupied() == 0 && state.slowed.is_none()
    }

    fn rest(&self, deadline: Deadline) -> Option<Rest> {
        Rest::past(deadline, self.state().slowed?.paused_until)
    }

    fn turn(&self, now: Instant) -> Turn {
        let mut state = self.state();
        state.forget(now, self.rate.window);
        let limit = self.limit(&state, now);
        if limit >= f64::from(self.rate.transactions) {
            state.slowed = None;
            state.next_due = None;
        }
        // After throttling, requests are spread out, so that few exceed the remaining budget.
        let mut earliest = now;
        if let Some(slowed) = state.slowed {
            earliest = slowed.paused_until.max(state.next_due.unwrap_or(now));
        }
        if state.occupied() >= whole(limit) {
            match state.answered.front() {
                Some(oldest) => earliest = earliest.max(later(*oldest, self.rate.window)),
                None => return Turn::WhenSomethingChanges,
            }
        }
        if earliest > now {
            return Turn::At(earliest);
        }
        state.under_way += 1;
        if state.slowed.is_some() {
            // Timers are coarser than the gaps between requests, so a small delay is caught up.
            let due = state.next_due.unwrap_or(now).max(now.checked_sub(LAG).unwrap_or(now));
            state.next_due = Some(later(due, self.rate.window.div_f64(limit.max(1.0))));
        }
        Turn::Now
    }

    /// The limit per window: the budget or, after throttling, less, growing back over time.
    fn limit(&self, state: &State, now: Instant) -> f64 {
        let budget = f64::from(self.rate.transactions);
        let Some(slowed) = state.slowed else { return budget };
        let grown = now.saturating_duration_since(slowed.paused_until).as_secs_f64()
            / self.rate.window.as_secs_f64();
        (slowed.limit + grown * budget * GROWTH).min(budget)
    }

    /// The service throttled a request that was granted at `granted`. Requests that were in transit
    /// during the last cut are not new evidence.
    fn slow(&self, granted: Instant, retry_after: Option<Duration>) {
        let now = Instant::now();
        let mut state = self.state();
        state.forget(now, self.rate.window);
        let known = state.slowed.filter(|slowed| granted <= slowed.at);
        let next = if let Some(known) = known {
            let paused_until = known.paused_until.max(later(now, retry_after.unwrap_or_default()));
            Slowed { paused_until, ..known }
        } else {
            let in_a_row = match state.slowed {
                // A request succeeded in the meantime, so this is a new slowdown.
                Some(last) if state.answered.back().is_none_or(|it| *it <= last.at) => {
                    last.in_a_row + 1
                }
                _ => 1,
            };
            let seen = u32::try_from(state.answered.len()).map_or(f64::MAX, f64::from);
            let least = f64::from(self.rate.transactions) * LEAST;
            let limit = (self.limit(&state, now).min(seen) * CUT).max(least).max(1.0);
            let own = PAUSE.saturating_mul(1 << (in_a_row - 1).min(4));
            let paused_until = later(now, retry_after.unwrap_or_default().max(own));
            Slowed { at: now, limit, paused_until, in_a_row }
        };
        state.slowed = Some(next);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between one and a u32, because the budget is"
)]
fn whole(limit: f64) -> usize {
    limit as usize
}

impl State {
    fn occupied(&self) -> usize {
        self.under_way + self.answered.len()
    }

    fn forget(&mut self, now: Instant, window: Duration) {
        while self.answered.front().is_some_and(|at| later(*at, window) <= now) {
            self.answered.pop_front();
        }
    }
}

impl Permit {
    /// The request is being sent.
    pub(crate) fn sent(&mut self) {
        self.counted = true;
    }

    /// The service throttled the request. Such a request does not count against the budget (Key
    /// Vault throttling guide), and it slows all callers down.
    pub(crate) fn refused(mut self, retry_after: Option<Duration>) {
        self.counted = false;
        self.limiter.slow(self.granted, retry_after);
    }

    /// Nothing was sent.
    pub(crate) fn unused(mut self) {
        self.counted = false;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        state.under_way = state.under_way.saturating_sub(1);
        if self.counted {
            state.answered.push_back(Instant::now());
        }
        drop(state);
        self.limiter.changed.notify_one();
    }
}

/// After throttling, the limit becomes this fraction of the successful requests.
const CUT: f64 = 0.8;
/// The limit never falls below this fraction of the budget.
const LEAST: f64 = 0.01;
/// The limit grows by this fraction of the budget per window.
const GROWTH: f64 = 0.1;
/// The first pause after throttling; doubled for each throttled answer in a row, up to 16 times.
const PAUSE: Duration = Duration::from_secs(1);
/// The delay of a spread-out request that does not delay the ones after it.
const LAG: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
