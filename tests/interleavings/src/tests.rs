//! What must hold in every order.

use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::rand::{Rng as _, thread_rng};
use shuttle::sync::{Arc, Mutex};
use shuttle::{future, thread};

use super::flights::{Boarding, Flight, Flights, Landing, Ticket};
use super::sync::lock;

/// What is created: a number, or the reason why there is none.
type Outcome = Result<usize, &'static str>;

const REVOKED: &str = "revoked";
const SHUT_DOWN: &str = "shut down";
const FAILED: &str = "failed";

/// A minter that is nothing but its single flight: one key, a place for what it keeps, and a service that knows
/// what lives.
struct World {
    flights: Flights<u8, Outcome>,
    kept: Mutex<Option<usize>>,
    // What the service knows is not part of what is tested, so that shuttle need not look at it.
    created: AtomicUsize,
    live: std::sync::Mutex<Vec<usize>>,
    under_way: std::sync::Mutex<Vec<thread::JoinHandle<()>>>,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            flights: Flights::new(),
            kept: Mutex::new(None),
            created: AtomicUsize::new(0),
            live: std::sync::Mutex::default(),
            under_way: std::sync::Mutex::default(),
        })
    }

    fn create(&self) -> usize {
        let number = self.created.fetch_add(1, Ordering::SeqCst);
        self.live.lock().unwrap().push(number);
        number
    }

    fn revoke(&self, number: usize) {
        let mut live = self.live.lock().unwrap();
        let place = live.iter().position(|it| *it == number);
        live.remove(place.expect("nothing is revoked twice"));
    }

    fn live(&self) -> Vec<usize> {
        self.live.lock().unwrap().clone()
    }

    fn board(&self) -> Boarding<usize, Outcome> {
        self.flights.board(&0, || *lock(&self.kept), || None)
    }

    /// What the task of a flight does.
    fn fly(&self, flight: &Arc<Flight<Outcome>>, works: bool) {
        if flight.is_called_off() || self.flights.abandon(&0, flight) {
            return;
        }
        let outcome = match works {
            true => Ok(self.create()),
            false => Err(FAILED),
        };
        let landing = self.flights.land(&0, flight, outcome, |outcome| {
            if let Ok(number) = outcome {
                let before = lock(&self.kept).replace(*number);
                assert_eq!(before, None, "what was kept is not lost");
            }
        });
        if let Landing::Stranded(Ok(number)) = landing {
            self.revoke(number);
        }
    }

    fn ask(self: &Arc<Self>, works: bool) -> Asked {
        match self.board() {
            Boarding::Found(number) => Asked::Done(Ok(number)),
            Boarding::Closed => Asked::Done(Err(SHUT_DOWN)),
            Boarding::Joined(ticket) => Asked::Waits(ticket),
            Boarding::Leads(flight, ticket) => {
                let world = self.clone();
                let flying = thread::spawn(move || world.fly(&flight, works));
                self.under_way.lock().unwrap().push(flying);
                Asked::Waits(ticket)
            }
        }
    }

    /// Waits until all flights have landed, those too that were called off.
    fn settle(&self) {
        let flights = std::mem::take(&mut *self.under_way.lock().unwrap());
        for flight in flights {
            flight.join().unwrap();
        }
    }

    /// Forgets what is kept and calls off what is under way, and revokes both. `waits` for what lands, or leaves
    /// it to the flight.
    fn revoke_all(&self, closes: bool, waits: bool) {
        let take = || lock(&self.kept).take();
        let (kept, landings) = match closes {
            true => self.flights.close(Err(SHUT_DOWN), take),
            false => self.flights.call_off(|_| true, Err(REVOKED), take),
        };
        if let Some(number) = kept {
            self.revoke(number);
        }
        for landing in landings {
            if waits && let Ok(Ok(number)) = future::block_on(landing) {
                self.revoke(number);
            }
        }
    }
}

enum Asked {
    Done(Outcome),
    Waits(Ticket<Outcome>),
}

impl Asked {
    fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Done(outcome) => Some(outcome),
            Self::Waits(ticket) => future::block_on(ticket.outcome()),
        }
    }
}

/// Random orders, and those that need few changes of thread at unlikely moments.
fn in_many_orders(test: impl Fn() + Send + Sync + Copy + 'static) {
    shuttle::check_random(test, 2000);
    shuttle::check_pct(test, 2000, 3);
}

#[test]
fn all_who_ask_get_the_same_and_it_is_created_once() {
    in_many_orders(|| {
        let world = World::new();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let world = world.clone();
                thread::spawn(move || world.ask(true).outcome().unwrap().unwrap())
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 0);
        }
        assert_eq!(world.live(), [0]);
    });
}

#[test]
fn who_is_cancelled_strands_nobody_and_what_nobody_wants_is_not_created() {
    in_many_orders(|| {
        let world = World::new();
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let world = world.clone();
                thread::spawn(move || {
                    let asked = world.ask(true);
                    // Two are gone before they get it.
                    if n % 2 == 0 {
                        assert_eq!(asked.outcome(), Some(Ok(0)));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(world.created.load(Ordering::SeqCst), 1);
        assert_eq!(*lock(&world.kept), Some(0));
    });
}

#[test]
fn a_failure_is_told_to_those_who_waited_and_is_not_kept() {
    in_many_orders(|| {
        let world = World::new();
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let world = world.clone();
                thread::spawn(move || world.ask(false).outcome())
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Some(Err(FAILED)));
        }
        assert_eq!(*lock(&world.kept), None);
        assert_eq!(world.ask(true).outcome(), Some(Ok(0)));
    });
}

#[test]
fn what_is_revoked_is_deleted_and_is_served_to_nobody_who_asks_later() {
    in_many_orders(|| {
        let world = World::new();
        let waits = thread_rng().gen_bool(0.5);
        let before = world.ask(true);
        let revoking = {
            let world = world.clone();
            thread::spawn(move || {
                world.revoke_all(false, waits);
                // Whoever asks after that gets one that lives.
                let number = world.ask(true).outcome().unwrap().unwrap();
                assert!(world.live().contains(&number));
                number
            })
        };
        let between = world.ask(true).outcome().unwrap();
        assert!(between.is_ok() || between == Err(REVOKED));
        let before = before.outcome().unwrap();
        assert!(before.is_ok() || before == Err(REVOKED));
        let after = revoking.join().unwrap();
        assert_ne!(before, Ok(after), "it was asked for before");
        world.settle();
        assert_eq!(*lock(&world.kept), Some(after));
        assert_eq!(world.live(), [after], "and nothing else is left behind");
    });
}

#[test]
fn nothing_lives_after_a_shutdown_and_nothing_is_created_after_it() {
    in_many_orders(|| {
        let world = World::new();
        let asking: Vec<_> = (0..2)
            .map(|_| {
                let world = world.clone();
                thread::spawn(move || world.ask(true).outcome().unwrap())
            })
            .collect();
        let closing = {
            let world = world.clone();
            thread::spawn(move || world.revoke_all(true, true))
        };
        for thread in asking {
            let outcome = thread.join().unwrap();
            assert!(outcome.is_ok() || outcome == Err(SHUT_DOWN), "{outcome:?}");
        }
        closing.join().unwrap();
        world.settle();
        assert_eq!(world.ask(true).outcome(), Some(Err(SHUT_DOWN)));
        assert_eq!(world.live(), [0; 0]);
        assert_eq!(*lock(&world.kept), None);
    });
}

#[test]
fn those_who_wait_for_a_task_that_does_not_go_on_are_told() {
    in_many_orders(|| {
        let world = World::new();
        let Boarding::Leads(flight, ticket) = world.board() else {
            panic!("nobody else is there");
        };
        let joining = {
            let world = world.clone();
            thread::spawn(move || {
                // Comes before the end or after it: waits in vain, or leads another.
                match world.board() {
                    Boarding::Joined(ticket) => {
                        assert_eq!(future::block_on(ticket.outcome()), None);
                        world.ask(true).outcome()
                    }
                    Boarding::Leads(flight, ticket) => {
                        world.fly(&flight, true);
                        future::block_on(ticket.outcome())
                    }
                    other => panic!("{other:?}"),
                }
            })
        };
        world.flights.crash(&0, &flight);
        drop(flight);
        assert_eq!(future::block_on(ticket.outcome()), None);
        assert_eq!(joining.join().unwrap(), Some(Ok(0)));
    });
}

#[test]
fn a_refusal_begins_no_flight_and_keeps_nobody_from_one_that_is_under_way() {
    in_many_orders(|| {
        const REFUSED: usize = 7;
        let world = World::new();
        let board = {
            let world = world.clone();
            move || {
                let kept = || *lock(&world.kept);
                world.flights.board(&0, kept, || Some(REFUSED))
            }
        };
        let asking = thread::spawn(move || match board() {
            Boarding::Found(found) => Ok(found),
            Boarding::Joined(ticket) => future::block_on(ticket.outcome()).expect("it lands"),
            other => panic!("{other:?}"),
        });
        assert_eq!(world.ask(true).outcome(), Some(Ok(0)));
        let found = asking.join().unwrap();
        assert!(found == Ok(REFUSED) || found == Ok(0), "{found:?}");
        world.settle();
        assert_eq!(world.live(), [0]);
    });
}
