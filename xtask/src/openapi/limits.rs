//! How large and how deep a description may be. Every bound on what comes from outside is here.
//!
//! [`NESTING`] is the only one on depth that files are held to, by the load stage. The walks of later stages call
//! themselves for each level and need no limit of their own for a description that was loaded; [`WALK`] stops them if
//! a stage ever nests deeper than it should.

/// The size of the largest file that is read, in bytes: 64 MiB. The largest published descriptions have half of that.
/// Every stage holds the description several times, with the places of its values.
pub const FILE_BYTES: u64 = 64 << 20;

/// How many files one description may be made of. A file for each tag and each resource of a large service is a few
/// hundred.
pub const FILES: usize = 1_000;

/// How deep a file may be nested. The stages go from value to value within, and so do the generator and what it is
/// made of. Deeper, they would run out of stack.
pub const NESTING: usize = 128;

/// How many values aliases and merge keys may add to a file. A few lines of aliases of aliases would otherwise become
/// more values than there is memory for.
pub const COPIES: usize = 100_000;

/// How many values references to other files, and copies of what is referred to, may add to a description.
pub const REFERRED: usize = 2_000_000;

/// How many schemas may be nested in each other without a reference. Rewriting one takes several frames of the stack.
pub const SCHEMAS: usize = 100;

/// How many references may follow each other. People have two or three. The generator takes quadratic time for them and
/// calls itself for each.
pub const CHAIN: usize = 1_000;

/// How many components may be merged one into the other by `allOf`. People have three or four. The generator takes cubic time for them and
/// calls itself for each: in a debug build, 100 are too many for the stack of a thread.
pub const MERGES: usize = 32;

/// How many may be, if they are plain objects: the arrange stage writes out one of [`MERGES`]. Each type of Rust has the fields of all
/// that it is merged from, so the code of a chain is as long as its square.
pub const WRITTEN_OUT: usize = 128;

/// How deep a walk goes: [`NESTING`], and room for what the arrange stage wraps.
pub const WALK: usize = 200;

/// How deep a stage looks through `allOf`s, unions and references within each other to find out what a schema is. Each such
/// search remembers what it has seen. So this limit bounds the stack, and not the work.
pub const LOOK_THROUGH: usize = 256;
