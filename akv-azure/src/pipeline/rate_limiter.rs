//! The rate limiter: one a vault, shared by every job of the process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::exchange::{Deadline, Rest, later};
use crate::options::RateLimit;

/// Lets requests through so that no stretch of time of the window's length sees more of them than
/// the budget, and slows down for everybody when the service says that others use the budget too.
///
/// A request's place in the budget is given back one window after its *answer*, not after its
/// sending: the service saw it no later than that, so however long requests are on their way, the
/// service never counts more than the budget.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    rate: RateLimit,
    state: Mutex<State>,
    changed: Notify,
    /// Whoever waits for a place waits in line.
    line: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    answered: VecDeque<Instant>,
    /// Where requests are spread out: when the next one is due.
    next_due: Option<Instant>,
    slowed: Option<Slowed>,
}

/// What a refusal taught.
#[derive(Debug, Clone, Copy)]
struct Slowed {
    at: Instant,
    /// How many a window are let through at first.
    limit: f64,
    /// Until when nothing is let through.
    paused_until: Instant,
    /// How many refusals there were in a row, each after the last was heeded.
    in_a_row: u32,
}

/// A place in the budget, taken from the moment it is granted. Dropped before the request was sent
/// it is free again.
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

    /// Waits for a place, in the order of asking. Nobody queues for a place that cannot come before
    /// the deadline because everybody rests until after it.
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

    /// Whether a new one would do the same: nothing counts against the budget any more.
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
        // After a refusal requests are spread out, so that probing past what is left costs few.
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
            // Timers are coarser than the spaces between requests, so a little lag is made up for.
            let due = state.next_due.unwrap_or(now).max(now.checked_sub(LAG).unwrap_or(now));
            state.next_due = Some(later(due, self.rate.window.div_f64(limit.max(1.0))));
        }
        Turn::Now
    }

    /// What is let through in a window: the budget, or after a refusal less, growing back with time.
    fn limit(&self, state: &State, now: Instant) -> f64 {
        let budget = f64::from(self.rate.transactions);
        let Some(slowed) = state.slowed else { return budget };
        let grown = now.saturating_duration_since(slowed.paused_until).as_secs_f64()
            / self.rate.window.as_secs_f64();
        (slowed.limit + grown * budget * GROWTH).min(budget)
    }

    /// The service refused a request that was let through at `granted`. Requests that were on their
    /// way when the pace was last cut say nothing new about it.
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
                // Something got through since, so this is a new encounter.
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
    /// The request is sent now.
    pub(crate) fn sent(&mut self) {
        self.counted = true;
    }

    /// The service refused the request because of its budget. Such a request does not count against
    /// it (Key Vault throttling guide), and it slows down everybody.
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

/// After a refusal the limit is this part of what got through.
const CUT: f64 = 0.8;
/// It never falls below this part of the budget.
const LEAST: f64 = 0.01;
/// It grows by this part of the budget every window.
const GROWTH: f64 = 0.1;
/// The first pause after a refusal; doubled for each refusal in a row, up to 16 times.
const PAUSE: Duration = Duration::from_secs(1);
/// How late a spread-out request may be and still not delay the ones after it.
const LAG: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
