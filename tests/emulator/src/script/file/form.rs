//! The form of a file, as tables. The reader refuses what is not in them, and the JSON Schema is made of them.

use crate::script::model_failure::ModelFailure;
use crate::script::stop_reason::StopReason;

/// A mapping with these keys and no others.
pub(crate) struct Form {
    /// What it is, with its article.
    pub(crate) what: &'static str,
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
    /// Pairs of keys of which only one may be there.
    pub(crate) apart: &'static [(&'static str, &'static str)],
    /// At least one of these must be there.
    pub(crate) some_of: &'static [&'static str],
}

pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) is_required: bool,
    pub(crate) shape: Shape,
    pub(crate) about: &'static str,
}

/// What a key may have as its value.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// A text of at least so many characters.
    Text(usize),
    /// A text that is not white space alone.
    Words,
    ToolName,
    CallId,
    Pause,
    /// A whole number from 1 on.
    Count,
    /// `true`, which the key alone would say too.
    Yes,
    Switch,
    /// A mapping of any values.
    Arguments,
    Failure,
    Stop,
    Texts,
    Calls,
    Reply,
    Script,
    Tools,
    Blocks,
    Agents,
}

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        is_required: false,
        shape,
        about,
    }
}

const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        is_required: true,
        ..key(name, shape, about)
    }
}

const fn form(what: &'static str, about: &'static str, keys: &'static [Key]) -> Form {
    Form {
        what,
        about,
        keys,
        apart: &[],
        some_of: &[],
    }
}

pub(crate) const FILE: Form = Form {
    some_of: &["agents", "script"],
    ..form(
        "a script file",
        "Agents of letta-emulator, and what they do.",
        &[
            key(
                "$schema",
                Shape::Text(0),
                "The JSON Schema of the file, for editors.",
            ),
            key(
                "agents",
                Shape::Agents,
                "Agents by their ID. An agent that does not exist is made.",
            ),
            key(
                "script",
                Shape::Script,
                "What all agents do that have no script of their own.",
            ),
        ],
    )
};

pub(crate) const AGENT: Form = form(
    "an agent",
    "What an agent is made of, and what it does.",
    &[
        key(
            "name",
            Shape::Words,
            "What it is called. Its ID if left out.",
        ),
        key("description", Shape::Text(0), "What it is for."),
        key("system", Shape::Text(0), "Its system prompt."),
        key(
            "model",
            Shape::Text(1),
            "The model that it says it has, such as letta/letta-free.",
        ),
        key("tags", Shape::Texts, "Its tags."),
        key(
            "parallel_tool_calls",
            Shape::Switch,
            "Whether it may call several tools at once. Otherwise, all calls of a step but the first are dropped.",
        ),
        key(
            "tools",
            Shape::Tools,
            "The tools at the server that it has.",
        ),
        key("blocks", Shape::Blocks, "The memory blocks that it has."),
        key(
            "script",
            Shape::Script,
            "What it does. It repeats what it is told if left out.",
        ),
    ],
);

pub(crate) const TOOL: Form = form(
    "a tool",
    "A tool at the server. None of its code runs in the emulator.",
    &[
        required("name", Shape::ToolName, "Its name."),
        key("description", Shape::Text(0), "What it does."),
        key(
            "requires_approval",
            Shape::Switch,
            "Whether each call needs approval.",
        ),
        key(
            "returns",
            Shape::Text(0),
            "What it returns if a call does not say so.",
        ),
    ],
);

pub(crate) const BLOCK: Form = form(
    "a block",
    "A memory block.",
    &[
        required("label", Shape::Text(1), "Its label, such as human."),
        required("value", Shape::Text(0), "What it holds."),
        key("description", Shape::Text(0), "What it is for."),
    ],
);

pub(crate) const RULE: Form = Form {
    apart: &[("when", "when_exactly"), ("times", "always")],
    ..form(
        "a rule",
        "A reply, and when it is used. The first rule that fits is.",
        &[
            key(
                "when",
                Shape::Words,
                "Only if the user's last text contains these words, in upper or lower case.",
            ),
            key(
                "when_exactly",
                Shape::Text(0),
                "Only if the user's last text is this text, to the letter.",
            ),
            key(
                "times",
                Shape::Count,
                "How often it is used at most. Once if left out, and always with a condition.",
            ),
            key(
                "always",
                Shape::Yes,
                "It is used as often as its turn comes.",
            ),
            required("reply", Shape::Reply, "What the agent does."),
        ],
    )
};

pub(crate) const CALL: Form = Form {
    apart: &[("returns", "fails")],
    ..form(
        "a call",
        "Calls a tool. What comes after it is what the model does once the tool has returned.",
        &[
            required(
                "call",
                Shape::ToolName,
                "The name of the tool, at the server or at the client.",
            ),
            key("with", Shape::Arguments, "Its arguments. None if left out."),
            key(
                "returns",
                Shape::Text(0),
                "What the tool returns if it runs at the server.",
            ),
            key(
                "fails",
                Shape::Text(0),
                "How the tool fails if it runs at the server. The model sees the text.",
            ),
            key(
                "needs_approval",
                Shape::Switch,
                "Asks for approval even if the tool's rule does not say so.",
            ),
            key(
                "id",
                Shape::CallId,
                "The ID of the call. One of the emulator's choice if left out.",
            ),
        ],
    )
};

/// The acts. The first key of each tells it apart, and is required.
pub(crate) const ACTS: &[Form] = &[
    form(
        "a text",
        "Says a text. The text alone means the same.",
        &[required("text", Shape::Text(1), "What the agent says.")],
    ),
    form(
        "reasoning",
        "Thinks aloud.",
        &[required(
            "reasoning",
            Shape::Text(1),
            "What the agent thinks.",
        )],
    ),
    form(
        "an echo",
        "Repeats what the user said, as an agent without a script does.",
        &[required("echo", Shape::Yes, "Always true.")],
    ),
    CALL,
    form(
        "several calls",
        "Calls several tools at once, in one model step.",
        &[required("calls", Shape::Calls, "The calls.")],
    ),
    form(
        "a pause",
        "Waits, by the emulator's clock.",
        &[required(
            "pause",
            Shape::Pause,
            "How long, such as 150ms, 2s or 1m 30s. 24 hours at most.",
        )],
    ),
    form(
        "a failure of the model",
        "The model fails, which ends the turn: before the first token if nothing comes before it in its step, and midway \
         otherwise.",
        &[required("model_fails", Shape::Failure, "How it fails.")],
    ),
    form(
        "a refusal",
        "The model refuses, which ends the turn.",
        &[required("refuses", Shape::Text(1), "What the agent says.")],
    ),
    form(
        "a stop",
        "The turn ends for this reason.",
        &[required("stops", Shape::Stop, "The stop reason.")],
    ),
];

/// The keys that tell acts apart.
pub(crate) fn act_names() -> impl Iterator<Item = &'static str> {
    ACTS.iter().map(|form| form.keys[0].name)
}

pub(crate) fn failures() -> impl Iterator<Item = &'static str> {
    ModelFailure::ALL.iter().map(|failure| failure.as_str())
}

pub(crate) fn stops() -> impl Iterator<Item = &'static str> {
    StopReason::ALL.iter().map(|reason| reason.as_str())
}

/// The units of a pause, longest first, and how many nanoseconds each has.
pub(crate) const UNITS: &[(&str, u64)] = &[
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
