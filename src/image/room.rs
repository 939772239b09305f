//! Memory that decoders on all threads share.

use std::sync::{Condvar, Mutex, PoisonError};

/// What all decoders together may take, in bytes.
const ALL: u64 = 96 << 20;

/// How much of it is taken.
#[derive(Debug, Default)]
pub(super) struct Room {
    taken: Mutex<u64>,
    freed: Condvar,
}

/// A part that is taken until it is dropped.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    room: &'a Room,
    bytes: u64,
}

impl Room {
    /// Waits until there is room for `bytes`; what needs more than there is has it alone.
    pub(super) fn take(&self, bytes: u64) -> Taken<'_> {
        let bytes = bytes.min(ALL);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken + bytes > ALL {
            taken = self
                .freed
                .wait(taken)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *taken += bytes;
        drop(taken);
        Taken { room: self, bytes }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut taken = self
            .room
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *taken -= self.bytes;
        drop(taken);
        self.room.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    #[test]
    fn nobody_takes_more_than_there_is() {
        let (room, now, most) = (Room::default(), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for part in [2, 3, 4, 2, 3, 4, 1] {
                let (room, now, most) = (&room, &now, &most);
                scope.spawn(move || {
                    for _ in 0..100 {
                        let bytes = ALL / part;
                        let _taken = room.take(bytes);
                        most.fetch_max(now.fetch_add(bytes, SeqCst) + bytes, SeqCst);
                        now.fetch_sub(bytes, SeqCst);
                    }
                });
            }
        });
        assert!((ALL / 2..=ALL).contains(&most.into_inner()));
        // What wants more than all gets all.
        let taken = room.take(10 * ALL);
        assert_eq!(taken.bytes, ALL);
        drop(taken);
        assert_eq!(*room.taken.lock().unwrap(), 0);
    }
}
