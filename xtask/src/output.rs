//! The last stages: syntax becomes text, and the texts are put in their places.

pub mod manifest;
pub mod render;
pub mod write;
pub mod yaml;
