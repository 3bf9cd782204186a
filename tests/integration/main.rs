//! Both crates over real connections. `cargo test -p letta-api-tests --test integration minter::` runs a part.
//!
//! What needs a process of its own is in `alone`.

/// What a call sends, and what its caller gets.
mod calls {
    mod answers;
    mod concurrency;
    mod custom_requests;
    mod events;
    mod ids;
    mod longest_times;
    mod own_headers;
    mod raw_client;
    mod raw_errors;
    mod refusals;
    mod requests;
    mod runtime;
    mod telemetry;
}

/// What can go wrong between a call and its answer.
mod failures {
    mod connections;
}

/// Policies, and what a token may do from its creation to its end.
mod tokens {
    mod grants;
    mod life;
    mod policies;
    mod policy_entries;
    mod schemas;
}

/// Tokens from a cache.
mod minter {
    mod cache;
    mod hold_off;
    mod stress;
    mod tokens_per_agent;
}

/// A client that holds a token: its source, and the application that gives it.
mod token_holder {
    mod application;
    mod both_ends;
    mod client;
    mod http_source;
    mod opens;
}

/// Turns: talking to an agent, whatever the connection does.
mod turns {
    mod approvals;
    mod breaks;
    mod cancelling;
    mod ends;
    mod following;
    mod hostile;
    mod keys;
    mod plain_path;
    mod real_server;
    mod soak;
    mod talking;
    mod telemetry;
    mod tools;
}

/// What tests are made with: ours, and those of applications.
mod tools {
    mod fault_server;
    mod recording_proxy;
    mod test_util;
}

/// Agents, and what belongs to them: create, list, change, delete.
mod resources {
    mod agent_files;
    mod agents;
    mod archives;
    mod blocks;
    mod conversations;
    mod every_field;
    mod folders;
    mod messages;
    mod runs;
    mod server_tools;
    mod uploads;
}

mod browser;
mod comparison;
mod examples;
mod in_browser;
mod official_clients;
