//! All sections, in the order of the page. A new one is a line here.

use std::time::Instant;

use crate::call::CallSection;
use crate::codegen::CodegenSection;
use crate::documentation::DocumentationSection;
use crate::emulator_calls::EmulatorSection;
use crate::events::EventsSection;
use crate::features::FeaturesSection;
use crate::footprint::FootprintSection;
use crate::generators::GeneratorsSection;
use crate::in_process::InProcessSection;
use crate::page::{self, Shown};
use crate::page_size::PageSizeSection;
use crate::rivals::RivalsSection;
use crate::section::{Results, Section};
use crate::turn_streams::TurnStreamsSection;
use crate::{Result, machine};

/// The sections.
#[must_use]
pub fn all() -> Vec<Box<dyn AnySection>> {
    vec![
        Box::new(CallSection),
        Box::new(RivalsSection),
        Box::new(FootprintSection),
        Box::new(InProcessSection),
        Box::new(EventsSection),
        Box::new(TurnStreamsSection),
        Box::new(EmulatorSection),
        Box::new(FeaturesSection),
        Box::new(DocumentationSection),
        Box::new(PageSizeSection),
        Box::new(CodegenSection),
        Box::new(GeneratorsSection),
    ]
}

/// A section, whatever its results are.
pub trait AnySection {
    /// What it is called on the command line.
    fn name(&self) -> &'static str;

    /// What it measures, in a line.
    fn about(&self) -> &'static str;

    /// Whether it is measured where no section is named.
    fn is_part_of_all(&self) -> bool;

    /// Measures, and keeps the results.
    ///
    /// # Errors
    ///
    /// What is measured fails, or results cannot be kept.
    fn measure_and_keep(&self, rounds: Option<u16>) -> Result<()>;

    /// What the page shows of it.
    ///
    /// # Errors
    ///
    /// Results are kept, but cannot be read.
    fn show(&self) -> Result<Shown>;
}

impl<S: Section> AnySection for S {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn about(&self) -> &'static str {
        S::ABOUT
    }

    fn is_part_of_all(&self) -> bool {
        S::IS_PART_OF_ALL
    }

    fn measure_and_keep(&self, rounds: Option<u16>) -> Result<()> {
        let mut scale = self.scale();
        scale.rounds = rounds.map_or(scale.rounds, usize::from);
        println!("measuring: {}", S::NAME);
        let began = Instant::now();
        let measured = self.measure(&scale)?;
        page::keep::<S>(&Results {
            machine: machine::Machine::this(),
            day: machine::today(),
            rounds: scale.rounds,
            seconds: Some(began.elapsed().as_secs_f64().round()),
            results: measured,
        })
    }

    fn show(&self) -> Result<Shown> {
        page::show(self)
    }
}
