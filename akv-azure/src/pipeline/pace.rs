//! The pacer: one a vault, shared by every job of the process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::deadline::{Deadline, Rest, later};
use crate::options::Pace;

/// Lets requests through so that no stretch of time of the window's length sees more of them than
/// the budget, and slows down for everybody when the service says that others use the budget too.
///
/// A request's place in the budget is given back one window after its *answer*, not after its
/// sending: the service saw it no later than that, so however long requests are on their way, the
/// service never counts more than the budget.
#[derive(Debug)]
pub(crate) struct Pacer {
    pace: Pace,
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
    pacer: Arc<Pacer>,
    granted: Instant,
    counted: bool,
}

enum Turn {
    Now,
    At(Instant),
    WhenSomethingChanges,
}

impl Pacer {
    pub(crate) fn new(pace: Pace) -> Arc<Self> {
        Arc::new(Self {
            pace,
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
                        pacer: Arc::clone(self),
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

    fn rest(&self, deadline: Deadline) -> Option<Rest> {
        Rest::past(deadline, self.state().slowed?.paused_until)
    }

    fn turn(&self, now: Instant) -> Turn {
        let mut state = self.state();
        state.forget(now, self.pace.window);
        let limit = self.limit(&state, now);
        if limit >= f64::from(self.pace.transactions) {
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
                Some(oldest) => earliest = earliest.max(later(*oldest, self.pace.window)),
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
            state.next_due = Some(later(due, self.pace.window.div_f64(limit.max(1.0))));
        }
        Turn::Now
    }

    /// What is let through in a window: the budget, or after a refusal less, growing back with time.
    fn limit(&self, state: &State, now: Instant) -> f64 {
        let budget = f64::from(self.pace.transactions);
        let Some(slowed) = state.slowed else { return budget };
        let grown = now.saturating_duration_since(slowed.paused_until).as_secs_f64()
            / self.pace.window.as_secs_f64();
        (slowed.limit + grown * budget * GROWTH).min(budget)
    }

    /// The service refused a request that was let through at `granted`. Requests that were on their
    /// way when the pace was last cut say nothing new about it.
    fn slow(&self, granted: Instant, wish: Option<Duration>) {
        let now = Instant::now();
        let mut state = self.state();
        state.forget(now, self.pace.window);
        let known = state.slowed.filter(|slowed| granted <= slowed.at);
        let next = if let Some(known) = known {
            let paused_until = known.paused_until.max(later(now, wish.unwrap_or_default()));
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
            let least = f64::from(self.pace.transactions) * LEAST;
            let limit = (self.limit(&state, now).min(seen) * CUT).max(least).max(1.0);
            let own = PAUSE.saturating_mul(1 << (in_a_row - 1).min(4));
            let paused_until = later(now, wish.unwrap_or_default().max(own));
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
    pub(crate) fn refused(mut self, wish: Option<Duration>) {
        self.counted = false;
        self.pacer.slow(self.granted, wish);
    }

    /// Nothing was sent.
    pub(crate) fn unused(mut self) {
        self.counted = false;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.pacer.state();
        state.under_way = state.under_way.saturating_sub(1);
        if self.counted {
            state.answered.push_back(Instant::now());
        }
        drop(state);
        self.pacer.changed.notify_one();
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
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use futures::StreamExt;

    use super::*;

    /// A service that counts what it accepts in any window, at the moment a request arrives.
    #[derive(Default)]
    struct Vault {
        accepted: VecDeque<Instant>,
        refused: u32,
        most_in_a_window: usize,
    }

    impl Vault {
        fn take(&mut self, budget: usize) -> bool {
            let now = Instant::now();
            while self.accepted.front().is_some_and(|at| *at + WINDOW <= now) {
                self.accepted.pop_front();
            }
            let fits = self.accepted.len() < budget;
            if fits {
                self.accepted.push_back(now);
                self.most_in_a_window = self.most_in_a_window.max(self.accepted.len());
            } else {
                self.refused += 1;
            }
            fits
        }
    }

    /// The place of a request that is sent at once.
    async fn granted(pacer: &Arc<Pacer>) -> Permit {
        let deadline = Deadline::after(Duration::MAX);
        let mut permit = pacer.permit(deadline).await.expect("before the deadline");
        permit.sent();
        permit
    }

    /// Sends so many requests, 64 at a time; how long each is on its way there is for `way` to say.
    async fn send(
        pacer: &Arc<Pacer>,
        requests: u32,
        budget: usize,
        way: impl Fn(u32) -> u64,
    ) -> (Vault, Duration) {
        let vault = Rc::new(RefCell::new(Vault::default()));
        let start = Instant::now();
        futures::stream::iter(0..requests)
            .for_each_concurrent(64, |number| {
                let vault = Rc::clone(&vault);
                let way = Duration::from_millis(way(number));
                async move {
                    loop {
                        let permit = granted(pacer).await;
                        tokio::time::sleep(way).await;
                        let accepted = vault.borrow_mut().take(budget);
                        tokio::time::sleep(way / 2).await;
                        if accepted {
                            return;
                        }
                        permit.refused(None);
                    }
                }
            })
            .await;
        (vault.take(), start.elapsed())
    }

    fn uneven(number: u32) -> u64 {
        u64::from(number * 7919 % 37)
    }

    #[tokio::test(start_paused = true)]
    async fn alone_it_is_never_refused_and_near_the_floor() {
        let (vault, took) = send(&Pacer::new(Pace::default()), 10_400, 4000, uneven).await;
        assert_eq!(vault.refused, 0);
        assert_eq!(vault.most_in_a_window, 4000, "all of the budget is used");
        // Two full windows and what is left over: 20 seconds are the floor.
        assert!(took < Duration::from_secs(24), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_way_that_becomes_shorter_brings_no_refusal() {
        let shorter = |number| if number < 4000 { 40 } else { 0 };
        let (vault, _) = send(&Pacer::new(Pace::default()), 8000, 4000, shorter).await;
        assert_eq!(vault.refused, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn with_half_of_it_taken_few_are_refused_and_all_get_through() {
        let requests = 10_400;
        let (vault, took) = send(&Pacer::new(Pace::default()), requests, 2000, uneven).await;
        assert!(vault.refused * 20 < requests, "{} of {requests} were refused", vault.refused);
        assert!(took < Duration::from_secs(75), "52 seconds are the floor: {took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_refusal_slows_everybody_and_the_pace_comes_back() {
        let pacer = Pacer::new(Pace::default());
        for _ in 0..100 {
            drop(granted(&pacer).await);
        }
        granted(&pacer).await.refused(None);
        let start = Instant::now();
        drop(granted(&pacer).await);
        assert!(start.elapsed() >= PAUSE, "all wait: {:?}", start.elapsed());
        tokio::time::sleep(WINDOW * 11).await;
        let start = Instant::now();
        for _ in 0..4000 {
            drop(granted(&pacer).await);
        }
        assert!(start.elapsed() < Duration::from_millis(1), "a full burst again");
    }

    #[tokio::test(start_paused = true)]
    async fn the_service_wish_holds_for_everybody() {
        let pacer = Pacer::new(Pace::default());
        granted(&pacer).await.refused(Some(Duration::from_secs(9)));
        let start = Instant::now();
        drop(granted(&pacer).await);
        assert!(start.elapsed() >= Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_queues_for_a_rest_that_is_too_long() {
        let pacer = Pacer::new(Pace::new(3, WINDOW));
        let held = granted(&pacer).await;
        drop((granted(&pacer).await, granted(&pacer).await));
        let start = Instant::now();
        let asking = |seconds| {
            let pacer = Arc::clone(&pacer);
            async move {
                let permit = pacer.permit(Deadline::after(Duration::from_secs(seconds))).await;
                (permit.map(drop), start.elapsed())
            }
        };
        let refusing = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            held.refused(Some(Duration::from_secs(300)));
        };
        let (first, second, third, ()) =
            futures::join!(asking(120), asking(120), asking(400), refusing);
        let at_once = Duration::from_secs(1);
        for (permit, took) in [first, second] {
            assert_eq!(permit.expect_err("too long").to_string(), "300 seconds");
            assert!(took <= at_once + Duration::from_millis(10), "{took:?}");
        }
        assert!(third.0.is_ok() && third.1 >= at_once + Duration::from_secs(300), "{:?}", third.1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_sent_or_was_refused_takes_no_place() {
        let pacer = Pacer::new(Pace::new(1, WINDOW));
        granted(&pacer).await.unused();
        let start = Instant::now();
        drop(granted(&pacer).await);
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(granted(&pacer).await);
        assert!(start.elapsed() >= WINDOW);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_wait_loses_no_place() {
        let pacer = Pacer::new(Pace::new(1, WINDOW));
        let held = granted(&pacer).await;
        let waiting = tokio::time::timeout(Duration::from_secs(1), granted(&pacer)).await;
        assert!(waiting.is_err());
        held.unused();
        let start = Instant::now();
        drop(granted(&pacer).await);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    const WINDOW: Duration = Duration::from_secs(10);
}
