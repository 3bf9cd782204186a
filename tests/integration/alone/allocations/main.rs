//! How much memory things take, counted in what is allocated. A program of its own, because counting replaces the allocator.

mod bodies;
mod long_secrets;
mod minter;
