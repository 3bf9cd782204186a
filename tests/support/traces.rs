//! A record of all spans and events, of every library and at every level.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, Registry};

/// What is traced from now on.
#[derive(Clone, Debug, Default)]
pub struct Traces(Arc<Mutex<Vec<Trace>>>);

/// A span that began, what a span was given later, or an event.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Where it comes from, as in `hyper_util::client::legacy`.
    pub target: String,
    /// The name of the span, also of one that is given more; nothing for an event.
    pub span: Option<&'static str>,
    /// The level.
    pub level: Level,
    /// The fields by name, as text; the message of an event among them.
    pub fields: Vec<(&'static str, String)>,
}

impl Traces {
    /// Records what this thread traces, until the guard is dropped.
    pub fn here() -> (Self, dispatcher::DefaultGuard) {
        Self::here_from(LevelFilter::TRACE)
    }

    /// Records what this thread traces at this level and above, as an application may listen.
    pub fn here_from(level: LevelFilter) -> (Self, dispatcher::DefaultGuard) {
        // Where there is one subscriber alone, a thread that comes by a place first asks nobody but its
        // own, and where it has none, that place is silent for all. Where there are two, it asks both.
        static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Registry::default()));
        LazyLock::force(&SECOND);
        let traces = Self::default();
        let guard = dispatcher::set_default(&traces.dispatch(level));
        (traces, guard)
    }

    /// Records what the process traces.
    ///
    /// # Panics
    ///
    /// When called twice.
    pub fn everywhere() -> Self {
        let traces = Self::default();
        dispatcher::set_global_default(traces.dispatch(LevelFilter::TRACE))
            .expect("nobody else records");
        traces
    }

    fn dispatch(&self, level: LevelFilter) -> Dispatch {
        Dispatch::new(Registry::default().with(level).with(self.clone()))
    }

    /// What was recorded so far, which is then forgotten.
    pub fn take(&self) -> Vec<Trace> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Trace>> {
        self.0.lock().expect("no test panics with the lock")
    }

    fn add(&self, metadata: &Metadata<'static>, fields: Fields) {
        self.lock().push(Trace {
            target: metadata.target().to_owned(),
            span: metadata.is_span().then_some(metadata.name()),
            level: *metadata.level(),
            fields: fields.0,
        });
    }
}

impl Trace {
    /// The value of a field.
    pub fn get(&self, field: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(name, _)| *name == field);
        found.map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.span.unwrap_or("event");
        write!(f, "{} {} {name}", self.level, self.target)?;
        for (field, value) in &self.fields {
            write!(f, " {field}={value}")?;
        }
        Ok(())
    }
}

impl<S> Layer<S> for Traces
where
    S: Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        self.add(attributes.metadata(), fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(metadata) = context.metadata(id) {
            self.add(metadata, fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.add(event.metadata(), fields);
    }
}

#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}
