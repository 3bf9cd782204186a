//! The runs that go on, and those in background that can be read again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::Stream;
use futures_util::stream::unfold;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::watch;

use crate::stream::event::StreamEvent;

/// How long a run in background can be read again, and an `otid` is known.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(3);

/// How many of both are kept at most. A clock that stands still would keep all.
const MOST_KEPT: usize = 10_000;

#[derive(Default)]
pub(crate) struct Live {
    runs: HashMap<String, Arc<LiveRun>>,
    /// What holds the lock of a conversation, or of an agent's own thread: the ID of a run.
    locks: HashMap<String, String>,
    /// The run of an `otid`, or of all those of a request.
    otids: HashMap<String, String>,
    /// The newest run of each agent.
    newest: HashMap<String, String>,
    /// What is to be forgotten, and when it was made, oldest first.
    ages: VecDeque<(Timestamp, Aging)>,
}

enum Aging {
    Run(String),
    Otid(String),
}

impl Live {
    /// Begins a run.
    pub(crate) fn begin(&mut self, run: &Arc<LiveRun>, agent: &str, now: Timestamp) {
        self.forget_old(now);
        self.newest.insert(agent.to_owned(), run.id.clone());
        self.runs.insert(run.id.clone(), Arc::clone(run));
        if run.background {
            self.ages.push_back((now, Aging::Run(run.id.clone())));
        }
    }

    /// A run is over. One in background can still be read.
    pub(crate) fn end(&mut self, run: &LiveRun) {
        self.locks.retain(|_, holder| *holder != run.id);
        if !run.background {
            self.runs.remove(&run.id);
        }
    }

    /// A run that goes on, or that was in background not long ago.
    pub(crate) fn run(&self, id: &str) -> Option<&Arc<LiveRun>> {
        self.runs.get(id)
    }

    /// The runs that are not over.
    pub(crate) fn under_way(&self) -> Vec<String> {
        let going = self.runs.values().filter(|run| !run.is_over());
        going.map(|run| run.id.clone()).collect()
    }

    /// The newest run of an agent.
    pub(crate) fn newest(&self, agent: &str) -> Option<&str> {
        self.newest.get(agent).map(String::as_str)
    }

    /// Takes the lock, or gives the run that holds it.
    pub(crate) fn lock(&mut self, key: &str, run: &str) -> Result<(), String> {
        match self.locks.get(key) {
            Some(holder) => Err(holder.clone()),
            None => {
                self.locks.insert(key.to_owned(), run.to_owned());
                Ok(())
            }
        }
    }

    /// Notes which run an `otid`, or all those of a request, were sent with.
    pub(crate) fn note_otid(&mut self, otid: &str, run: &str, now: Timestamp) {
        if self.otids.insert(otid.to_owned(), run.to_owned()).is_none() {
            self.ages.push_back((now, Aging::Otid(otid.to_owned())));
        }
    }

    /// The run that an `otid` was sent with.
    pub(crate) fn by_otid(&mut self, otid: &str, now: Timestamp) -> Option<String> {
        self.forget_old(now);
        self.otids.get(otid).cloned()
    }

    /// An agent is gone.
    pub(crate) fn forget_agent(&mut self, agent: &str) {
        self.newest.remove(agent);
    }

    fn forget_old(&mut self, now: Timestamp) {
        while let Some((made, _)) = self.ages.front()
            && (now.duration_since(*made) > KEPT || self.ages.len() > MOST_KEPT)
        {
            match self.ages.pop_front() {
                Some((_, Aging::Otid(otid))) => {
                    self.otids.remove(&otid);
                }
                Some((made, Aging::Run(id))) => match self.runs.get(&id) {
                    // It goes on. Nobody can read it again, but its readers can be told.
                    Some(run) if !run.is_over() => {
                        self.ages.push_back((made.max(now), Aging::Run(id)));
                        break;
                    }
                    _ => {
                        self.runs.remove(&id);
                    }
                },
                None => {}
            }
        }
    }
}

/// A run that goes on, or whose events can be read again.
pub(crate) struct LiveRun {
    pub(crate) id: String,
    pub(crate) background: bool,
    log: Mutex<Log>,
    /// Tells readers that the log has grown.
    grown: watch::Sender<()>,
    cancelled: watch::Sender<bool>,
}

#[derive(Default)]
struct Log {
    events: Vec<StreamEvent>,
    is_over: bool,
}

impl LiveRun {
    pub(crate) fn new(id: String, background: bool) -> Self {
        Self {
            id,
            background,
            log: Mutex::default(),
            grown: watch::Sender::new(()),
            cancelled: watch::Sender::new(false),
        }
    }

    /// Appends an event. In background, it is numbered: in its data too, if there is a place for the number.
    pub(crate) fn say(&self, mut data: Value, name: Option<&'static str>) {
        let mut log = self.log();
        let seq_id = self.background.then(|| log.events.len() as u64 + 1);
        if let Some(place) = data.get_mut("seq_id")
            && let Some(seq_id) = seq_id
        {
            *place = seq_id.into();
        }
        let event = StreamEvent::new(data.to_string(), seq_id);
        log.events.push(match name {
            None => event,
            Some(name) => event.with_name(name),
        });
        drop(log);
        self.grown.send_replace(());
    }

    /// Appends an event whose data is as it stands here.
    pub(crate) fn say_as_it_stands(&self, data: &str) {
        let mut log = self.log();
        let seq_id = self.background.then(|| log.events.len() as u64 + 1);
        log.events.push(StreamEvent::new(data, seq_id));
        drop(log);
        self.grown.send_replace(());
    }

    /// No more events come.
    pub(crate) fn end(&self) {
        self.log().is_over = true;
        self.grown.send_replace(());
    }

    /// Ends when no more events come.
    pub(crate) async fn over(&self) {
        let mut grown = self.grown.subscribe();
        while !self.is_over() {
            // The sender is in the run, which is held here.
            let _ = grown.changed().await;
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.log().is_over
    }

    /// The events after so many of them. Without an end if all were there already: the server waits for more, too.
    pub(crate) fn read(self: Arc<Self>, after: usize) -> impl Stream<Item = StreamEvent> + Send {
        let mut grown = self.grown.subscribe();
        grown.mark_unchanged();
        let has_ended = {
            let log = self.log();
            log.is_over && after >= log.events.len()
        };
        unfold(
            (self, grown, after),
            move |(run, mut grown, next)| async move {
                loop {
                    if has_ended {
                        std::future::pending::<()>().await;
                    }
                    {
                        let mut log = run.log();
                        if let Some(event) = log.events.get_mut(next) {
                            // Nobody reads a run in the foreground again.
                            let event = match run.background {
                                true => event.clone(),
                                false => std::mem::replace(event, StreamEvent::new("", None)),
                            };
                            drop(log);
                            return Some((event, (run, grown, next + 1)));
                        }
                        if log.is_over {
                            return None;
                        }
                    }
                    // The sender is in the run, which is held here.
                    let _ = grown.changed().await;
                }
            },
        )
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Ends when the run is cancelled.
    pub(crate) async fn cancelled(&self) {
        let mut cancelled = self.cancelled.subscribe();
        if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};
    use serde_json::json;

    use super::*;

    fn run(live: &mut Live, number: usize, background: bool) -> Arc<LiveRun> {
        let run = Arc::new(LiveRun::new(format!("run-{number}"), background));
        live.begin(&run, "agent-1", Timestamp::UNIX_EPOCH);
        run
    }

    #[test]
    fn a_clock_that_stands_still_keeps_so_many_runs_and_otids_and_no_more() {
        let mut live = Live::default();
        for number in 0..2 * MOST_KEPT {
            let run = run(&mut live, number, true);
            run.end();
            live.end(&run);
            live.note_otid(&number.to_string(), &run.id, Timestamp::UNIX_EPOCH);
        }
        live.forget_old(Timestamp::UNIX_EPOCH);
        assert_eq!(live.runs.len() + live.otids.len(), MOST_KEPT);
        assert_eq!(live.ages.len(), MOST_KEPT);
        let newest = (2 * MOST_KEPT - 1).to_string();
        assert!(live.by_otid(&newest, Timestamp::UNIX_EPOCH).is_some());
    }

    #[test]
    fn a_run_that_goes_on_is_not_forgotten_however_many_come_after_it() {
        let mut live = Live::default();
        let first = run(&mut live, 0, true);
        for number in 1..2 * MOST_KEPT {
            let run = run(&mut live, number, true);
            run.end();
            live.end(&run);
        }
        assert!(live.run(&first.id).is_some());
        assert!(live.runs.len() <= MOST_KEPT + 1);
    }

    #[test]
    fn a_run_in_the_foreground_keeps_no_event_that_was_read_and_one_in_background_all() {
        for background in [false, true] {
            let run = run(&mut Live::default(), 0, background);
            for number in 0..3 {
                run.say(
                    json!({"content": "x".repeat(1_000), "number": number}),
                    None,
                );
            }
            let mut events = std::pin::pin!(Arc::clone(&run).read(0));
            for _ in 0..2 {
                assert!(events.next().now_or_never().is_some());
            }
            let log = run.log();
            let kept: Vec<bool> = log.events.iter().map(|it| !it.data.is_empty()).collect();
            assert_eq!(kept, [background, background, true]);
        }
    }

    #[test]
    fn what_is_kept_of_an_agent_goes_with_it() {
        let mut live = Live::default();
        run(&mut live, 0, false);
        assert_eq!(live.newest("agent-1"), Some("run-0"));
        live.forget_agent("agent-1");
        assert_eq!(live.newest("agent-1"), None);
    }
}
