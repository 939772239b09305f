//! Memory that several threads share: one takes its part before it starts, and waits for room.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A number of bytes to be shared.
#[derive(Debug)]
pub(in crate::assemble) struct Budget {
    total: u64,
    free: Mutex<u64>,
    returned: Condvar,
}

/// A part of a budget, given back on drop.
#[derive(Debug)]
pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub(in crate::assemble) fn new(total: u64) -> Self {
        Self {
            total,
            free: Mutex::new(total),
            returned: Condvar::new(),
        }
    }

    /// Nothing of it yet.
    pub(super) fn share(&self) -> Share<'_> {
        Share {
            budget: self,
            bytes: 0,
        }
    }

    fn free(&self) -> MutexGuard<'_, u64> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share<'_> {
    /// Gives back what it has and waits until `bytes` are free. Who wants more than there is gets
    /// all, and so runs alone. Nobody waits while holding, so somebody always goes on.
    pub(super) fn become_of(&mut self, bytes: u64) {
        self.give_back();
        let bytes = bytes.min(self.budget.total);
        let mut free = self.budget.free();
        while *free < bytes {
            free = self
                .budget
                .returned
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free -= bytes;
        self.bytes = bytes;
    }

    fn give_back(&mut self) {
        *self.budget.free() += std::mem::take(&mut self.bytes);
        self.budget.returned.notify_all();
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn never_more_than_there_is() {
        let budget = Budget::new(100);
        let (used, peak) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for index in 0..8u64 {
                let (budget, used, peak) = (&budget, &used, &peak);
                scope.spawn(move || {
                    let mut share = budget.share();
                    for turn in 0..200 {
                        let bytes = (index * 37 + turn * 11) % 130;
                        share.become_of(bytes);
                        let held = bytes.min(100);
                        let now = used.fetch_add(held, Ordering::SeqCst) + held;
                        peak.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        used.fetch_sub(held, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(peak.into_inner() <= 100);
        assert_eq!(*budget.free(), 100);
    }
}
