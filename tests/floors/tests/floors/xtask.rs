//! The floors of xtask: a stage knows only what is below it, and no other stage asks it for something.

use letta_api_floors::{Floors, Table};

/// From the lowest floor to the highest: a module, and the modules below it that it uses.
const FLOORS: Table<'_> = &[
    // Text, names and machinery, without a description.
    ("markers", &[]),
    ("visible", &[]),
    ("parallel", &[]),
    ("template", &[]),
    ("told", &[]),
    ("naming", &[]),
    ("manifest", &[]),
    ("markdown", &["visible"]),
    ("taken", &["manifest"]),
    // Reading a description.
    ("openapi", &["markdown", "markers"]),
    ("diagnostic", &["openapi", "told", "visible"]),
    ("console", &["diagnostic"]),
    // The stages, in their order.
    ("load", &["diagnostic", "openapi", "told"]),
    ("overlay", &["diagnostic", "markers", "openapi"]),
    ("select", &["diagnostic", "markers", "naming", "openapi"]),
    (
        "lower",
        &[
            "diagnostic",
            "markers",
            "openapi",
            "overlay",
            "parallel",
            "told",
            "visible",
        ],
    ),
    (
        "arrange",
        &["markdown", "markers", "naming", "openapi", "taken"],
    ),
    (
        "lint",
        &[
            "arrange",
            "diagnostic",
            "markers",
            "naming",
            "openapi",
            "overlay",
            "parallel",
            "taken",
        ],
    ),
    ("model", &["markdown", "markers", "naming", "openapi"]),
    (
        "generate",
        &["diagnostic", "markers", "model", "naming", "openapi"],
    ),
    (
        "refine",
        &[
            "arrange",
            "diagnostic",
            "markdown",
            "model",
            "naming",
            "template",
        ],
    ),
    (
        "split",
        &[
            "diagnostic",
            "markdown",
            "model",
            "naming",
            "refine",
            "template",
        ],
    ),
    (
        "output",
        &["diagnostic", "manifest", "naming", "split", "told"],
    ),
    // Beside the last stages: it puts a whole crate around the code.
    (
        "standalone",
        &[
            "diagnostic",
            "manifest",
            "markdown",
            "model",
            "naming",
            "openapi",
            "output",
            "refine",
            "visible",
        ],
    ),
    // Beside split: it makes code for tests of what split divides.
    ("callers", &["diagnostic", "model", "refine"]),
    // Beside the stages that make code: it hands on what requests are made of.
    ("requests", &["diagnostic", "model", "openapi", "output"]),
    // Beside the stages that make code: it compares what they begin with. Lint knows which versions are read.
    (
        "drift",
        &[
            "diagnostic",
            "lint",
            "lower",
            "markers",
            "openapi",
            "overlay",
        ],
    ),
    (
        "report",
        &["arrange", "markers", "openapi", "select", "told", "visible"],
    ),
    (
        "commands",
        &[
            "arrange",
            "callers",
            "console",
            "diagnostic",
            "drift",
            "generate",
            "lint",
            "load",
            "lower",
            "markers",
            "model",
            "openapi",
            "output",
            "overlay",
            "parallel",
            "refine",
            "report",
            "requests",
            "select",
            "split",
            "standalone",
            "told",
            "visible",
        ],
    ),
];

#[test]
fn each_module_uses_only_what_is_on_a_floor_below() {
    Floors::of("xtask", FLOORS).writes_code().check();
}
