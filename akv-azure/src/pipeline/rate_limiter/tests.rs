use std::cell::RefCell;
use std::rc::Rc;

use futures::StreamExt;

use super::*;

/// A service that counts the accepted requests of any window, at the moment each arrives.
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

/// A slot for a request that is sent at once.
async fn granted(limiter: &Arc<RateLimiter>) -> Permit {
    let deadline = Deadline::after(Duration::MAX);
    let mut permit = limiter.permit(deadline).await.expect("before the deadline");
    permit.sent();
    permit
}

/// Sends this many requests, 64 at a time; `way` gives each request's time in transit.
async fn send(
    limiter: &Arc<RateLimiter>,
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
                    let permit = granted(limiter).await;
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
async fn single_client_is_never_throttled() {
    let (vault, took) = send(&RateLimiter::new(RateLimit::default()), 10_400, 4000, uneven).await;
    assert_eq!(vault.refused, 0);
    assert_eq!(vault.most_in_a_window, 4000, "all of the budget is used");
    // Two full windows and the rest: 20 seconds are the minimum.
    assert!(took < Duration::from_secs(24), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn shorter_transit_time_causes_no_throttling() {
    let shorter = |number| if number < 4000 { 40 } else { 0 };
    let (vault, _) = send(&RateLimiter::new(RateLimit::default()), 8000, 4000, shorter).await;
    assert_eq!(vault.refused, 0);
}

#[tokio::test(start_paused = true)]
async fn half_taken_budget_delays_and_completes_all() {
    let requests = 10_400;
    let (vault, took) = send(&RateLimiter::new(RateLimit::default()), requests, 2000, uneven).await;
    assert!(vault.refused * 20 < requests, "{} of {requests} were refused", vault.refused);
    assert!(took < Duration::from_secs(75), "52 seconds are the floor: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn throttling_slows_all_callers_and_recovers() {
    let limiter = RateLimiter::new(RateLimit::default());
    for _ in 0..100 {
        drop(granted(&limiter).await);
    }
    granted(&limiter).await.refused(None);
    let start = Instant::now();
    drop(granted(&limiter).await);
    assert!(start.elapsed() >= PAUSE, "all wait: {:?}", start.elapsed());
    tokio::time::sleep(WINDOW * 11).await;
    let start = Instant::now();
    for _ in 0..4000 {
        drop(granted(&limiter).await);
    }
    assert!(start.elapsed() < Duration::from_millis(1), "a full burst again");
}

#[tokio::test(start_paused = true)]
async fn retry_after_applies_to_all_callers() {
    let limiter = RateLimiter::new(RateLimit::default());
    granted(&limiter).await.refused(Some(Duration::from_secs(9)));
    let start = Instant::now();
    drop(granted(&limiter).await);
    assert!(start.elapsed() >= Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn no_request_queues_beyond_its_deadline() {
    let limiter = RateLimiter::new(RateLimit::new(3, WINDOW));
    let held = granted(&limiter).await;
    drop((granted(&limiter).await, granted(&limiter).await));
    let start = Instant::now();
    let asking = |seconds| {
        let limiter = Arc::clone(&limiter);
        async move {
            let permit = limiter.permit(Deadline::after(Duration::from_secs(seconds))).await;
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
async fn unsent_or_rejected_request_uses_no_quota() {
    let limiter = RateLimiter::new(RateLimit::new(1, WINDOW));
    granted(&limiter).await.unused();
    let start = Instant::now();
    drop(granted(&limiter).await);
    assert_eq!(start.elapsed(), Duration::ZERO);
    drop(granted(&limiter).await);
    assert!(start.elapsed() >= WINDOW);
}

#[tokio::test(start_paused = true)]
async fn dropped_wait_releases_its_slot() {
    let limiter = RateLimiter::new(RateLimit::new(1, WINDOW));
    let held = granted(&limiter).await;
    let waiting = tokio::time::timeout(Duration::from_secs(1), granted(&limiter)).await;
    assert!(waiting.is_err());
    held.unused();
    let start = Instant::now();
    drop(granted(&limiter).await);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

const WINDOW: Duration = Duration::from_secs(10);
