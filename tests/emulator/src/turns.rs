//! Turns: what an agent does from what is said to it to where it stops.

mod answer;
mod begin;
pub(crate) mod handlers;
pub(crate) mod live;
pub(crate) mod parts;
mod said;
mod speech;
pub(crate) mod stage;
mod trouble;
mod turn;
