//! The generator by its stages, by its commands, and with descriptions that nobody chose. `cargo test -p xtask --test
//! integration lint::` runs a part.

/// What the tests share.
#[path = "../support"]
mod support {
    pub(crate) mod canary;
    pub(crate) mod changes;
    pub(crate) mod fixture;
    pub(crate) mod large;
    pub(crate) mod names;
    pub(crate) mod pipeline;
    pub(crate) mod scratch;
    pub(crate) mod sent;
    pub(crate) mod texts;
}

/// OpenAPI 3.1 becomes 3.0.
mod lower {
    mod meaning;
    mod rules;
}

/// What progenitor has no form for gets one.
mod arrange {
    mod directions;
    mod idioms;
    mod left_out;
    mod operations;
    mod references;
    mod types;
}

/// What is wrong with a description, and what to do about it.
mod lint {
    mod advice;
    mod rules;
    mod warnings;
}

/// What the code looks like.
mod code {
    mod answers;
    mod callers;
    mod constructs;
    mod files_and_features;
    mod idioms;
    mod markdown;
    mod named_texts;
    mod odd_names;
    mod one_error;
    mod pages;
    mod requests;
    mod secrets;
    mod taken_names;
    mod texts;
}

/// How two descriptions differ.
mod drift {
    mod changes;
    mod laws;
}

/// The program, as a maintainer runs it.
mod commands {
    mod bundle;
    mod codegen;
    mod drift;
    mod init;
    mod init_wire;
    mod lint;
    mod pipes;
    mod standalone;
}

/// Whole descriptions: made at random, of other services, and the service's own.
mod descriptions {
    mod any;
    mod foreign;
    mod ours;
    mod upstream;
}

mod letta_api;
