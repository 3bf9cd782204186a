//! Contestants that take turns, so that what slows one round slows all of them.

use crate::Result;
use crate::section::Scale;

/// The nanoseconds that each contestant takes for one, round after round. `time` has one of them do it about so many
/// times, and gives the seconds, and how many times it was. A turn is to last about `turn` seconds.
///
/// # Errors
///
/// Where `time` fails.
pub fn take_turns(
    contestants: usize,
    scale: &Scale,
    turn: f64,
    mut time: impl FnMut(usize, u64) -> Result<(f64, u64)>,
) -> Result<Vec<Vec<f64>>> {
    let mut counts = Vec::new();
    for which in 0..contestants {
        counts.push(match scale.is_smoke {
            true => 1,
            false => fitting(turn, |count| time(which, count))?,
        });
    }
    let mut times = vec![Vec::new(); contestants];
    for round in 0..scale.rounds {
        for place in 0..contestants {
            // Another one is first each time.
            let which = (round + place) % contestants;
            let (seconds, done) = time(which, counts[which])?;
            times[which].push(seconds * 1e9 / done as f64);
        }
    }
    Ok(times)
}

/// How many times fill a turn.
fn fitting(turn: f64, mut time: impl FnMut(u64) -> Result<(f64, u64)>) -> Result<u64> {
    let mut count = 1;
    loop {
        let (seconds, done) = time(count)?;
        let factor = turn / seconds.max(1e-9);
        count = (done as f64 * factor.min(50.0)).max(1.0) as u64;
        // Long enough to tell.
        if factor < 4.0 {
            return Ok(count);
        }
    }
}
