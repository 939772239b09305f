//! How often, and after how long, the same source is asked again.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::trouble::{Again, Trouble};

/// The times of one fetcher. Tests make them short.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Until a connection stands.
    pub(super) connect: Duration,
    /// Until the next bytes arrive.
    pub(super) read: Duration,
    /// The first pause; each one after it is three times as long.
    pub(super) pause: Duration,
    /// Beside what the size needs at [`SLOWEST`], how long one file may take from one source.
    pub(super) whole: Duration,
}

/// Bytes per second below which a source counts as stalled.
const SLOWEST: u64 = 16 << 10;
/// Tries without a byte of progress.
const TRIES: u32 = 4;
/// Tries of one file from one source in all.
const MOST_TRIES: u32 = 20;
/// The longest that a server may ask to be left alone, at once and in all.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
const WAIT_IN_ALL: Duration = Duration::from_secs(600);

impl Default for Pace {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            pause: Duration::from_millis(300),
            whole: Duration::from_secs(60),
        }
    }
}

impl Pace {
    /// When a file of `size` bytes must be there.
    pub(super) fn deadline(&self, size: u64) -> Instant {
        Instant::now() + self.whole + Duration::from_secs(size / SLOWEST)
    }

    /// Does `once` until it works, cannot work, or was tried often enough.
    pub(super) fn patiently<T>(
        &self,
        mut once: impl FnMut() -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut pause = self.pause;
        let mut failed = 0;
        let mut waited = Duration::ZERO;
        for _ in 1..MOST_TRIES {
            let trouble = match once() {
                Ok(done) => return Ok(done),
                Err(trouble) => trouble,
            };
            if trouble.advanced {
                failed = 0;
                pause = self.pause;
            }
            failed += 1;
            let wait = match trouble.again {
                Again::Never => return Err(trouble),
                Again::Soon | Again::FromStart if failed >= TRIES => return Err(trouble),
                Again::Soon => pause,
                Again::FromStart => Duration::ZERO,
                Again::After(wait) if wait > LONGEST_WAIT || waited + wait > WAIT_IN_ALL => {
                    return Err(trouble);
                }
                Again::After(wait) => wait,
            };
            waited += wait;
            sleep(wait);
            pause *= 3;
        }
        once()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick() -> Pace {
        Pace {
            pause: Duration::from_micros(10),
            ..Pace::default()
        }
    }

    fn count(mut fail: impl FnMut(u32) -> Option<Trouble>) -> (u32, bool) {
        let mut tries = 0;
        let done = quick().patiently(|| {
            tries += 1;
            fail(tries).map_or(Ok(()), Err)
        });
        (tries, done.is_ok())
    }

    #[test]
    fn tries_are_bounded() {
        let soon = || Trouble::outside("reset", Again::Soon);
        assert_eq!(count(|tries| (tries < 3).then(soon)), (3, true));
        assert_eq!(count(|_| Some(soon())), (TRIES, false));
        assert_eq!(count(|_| Some(Trouble::absent("404"))), (1, false));
        let advanced = || Trouble {
            advanced: true,
            ..soon()
        };
        assert_eq!(count(|_| Some(advanced())), (MOST_TRIES, false));
        let later = Trouble::outside("busy", Again::After(Duration::from_secs(3600)));
        assert_eq!(count(|_| Some(later.clone())), (1, false));
    }
}
