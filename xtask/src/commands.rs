//! The commands: each runs stages, and tells what came of them.

pub mod bench;
pub mod bundle;
pub mod codegen;
pub mod drift;
pub mod init;
pub mod lint;
