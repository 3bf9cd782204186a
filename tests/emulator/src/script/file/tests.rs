use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::script::act::Act;
use crate::script::model_failure::ModelFailure;
use crate::script::reply::Reply;
use crate::script::rule::Rule;
use crate::script::stop_reason::StopReason;

fn scripted(script: Script) -> ScriptFile {
    ScriptFile {
        agents: Vec::new(),
        script: Some(script),
    }
}

fn written(file: &ScriptFile) -> String {
    serde_json::to_string(file).unwrap()
}

static SCHEMA: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&ScriptFile::schema()).unwrap());

fn schema() -> &'static jsonschema::Validator {
    &SCHEMA
}

#[test]
fn each_form_is_the_act_that_it_says() {
    let call = |tool: &str| Act::call(tool, json!({}));
    let table: Vec<(&str, Script)> = vec![
        ("[]", Script::new()),
        (r#"["Hello."]"#, Script::from(["Hello."])),
        (r#"[{"reply": "Hello."}]"#, Script::from(["Hello."])),
        (r#"[{"reply": []}]"#, Script::from([Reply::new([])])),
        (
            r#"[{"reply": ["a", {"text": "b"}]}]"#,
            Script::from([Act::text("a"), Act::text("b")]),
        ),
        (
            r#"[{"reply": {"reasoning": "a"}}]"#,
            Script::from([Act::reasoning("a")]),
        ),
        (
            r#"[{"reply": {"echo": true}}]"#,
            Script::from([Act::echo()]),
        ),
        (r#"[{"reply": {"call": "a"}}]"#, Script::from([call("a")])),
        (
            r#"[{"reply": {"id": "c-1", "call": "a", "with": {"x": [1, -2.5, null, {"y": true}]}, "returns": "", "needs_approval": true}}]"#,
            Script::from([Act::call("a", json!({"x": [1, -2.5, null, {"y": true}]}))
                .returns("")
                .needs_approval()
                .with_id("c-1")]),
        ),
        (
            r#"[{"reply": {"call": "a", "fails": "no", "needs_approval": false}}]"#,
            Script::from([call("a").fails("no")]),
        ),
        (
            r#"[{"reply": {"calls": [{"call": "a"}, {"call": "b", "returns": "c"}]}}]"#,
            Script::from([Act::calls([call("a"), call("b").returns("c")])]),
        ),
        (
            r#"[{"reply": {"pause": "150ms"}}]"#,
            Script::from([Act::pause(Duration::from_millis(150))]),
        ),
        (
            r#"[{"reply": {"pause": "1m 30s"}}]"#,
            Script::from([Act::pause(Duration::from_secs(90))]),
        ),
        (
            r#"[{"reply": {"pause": "0s"}}]"#,
            Script::from([Act::pause(Duration::ZERO)]),
        ),
        (
            r#"[{"reply": {"model_fails": "rate_limit"}}]"#,
            Script::from([Act::model_fails(ModelFailure::RateLimit)]),
        ),
        (
            r#"[{"reply": {"refuses": "No."}}]"#,
            Script::from([Act::refuses("No.")]),
        ),
        (
            r#"[{"reply": {"stops": "max_steps"}}]"#,
            Script::from([Act::stops(StopReason::MaxSteps)]),
        ),
        (
            r#"[{"when": "a", "reply": "b"}]"#,
            Script::from(Rule::new("b").when("a")),
        ),
        (
            r#"[{"when_exactly": "", "reply": "b", "times": 2}]"#,
            Script::from(Rule::new("b").when_exactly("").times(2)),
        ),
        (
            r#"[{"reply": "b", "always": true}]"#,
            Script::from(Rule::new("b").always()),
        ),
    ];
    let schema = schema();
    for (text, script) in table {
        let text = format!(r#"{{"script": {text}}}"#);
        let expected = scripted(script);
        assert_eq!(ScriptFile::from_json(&text).unwrap(), expected, "{text}");
        #[cfg(feature = "script-files")]
        assert_eq!(ScriptFile::from_yaml(&text).unwrap(), expected, "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(schema.is_valid(&value), "{text}");
    }
}

#[test]
fn an_agent_is_made_of_what_the_file_says() {
    let text = r#"{"$schema": "script.schema.json", "agents": {
        "agent-2": {"name": "Ada", "description": "d", "system": "s", "model": "m", "tags": ["t"], "parallel_tool_calls": false,
            "tools": [{"name": "a", "description": "b", "requires_approval": true, "returns": "c"}, {"name": "b"}],
            "blocks": [{"label": "human", "value": "", "description": "e"}], "script": []},
        "agent-1": {}
    }}"#;
    let read = ScriptFile::from_json(text).unwrap();
    let ada = ScriptedAgent {
        id: "agent-2".to_owned(),
        name: Some("Ada".to_owned()),
        description: Some("d".to_owned()),
        system: Some("s".to_owned()),
        model: Some("m".to_owned()),
        tags: vec!["t".to_owned()],
        parallel_tool_calls: Some(false),
        tools: vec![
            ScriptedTool {
                name: "a".to_owned(),
                description: Some("b".to_owned()),
                requires_approval: true,
                returns: Some("c".to_owned()),
            },
            ScriptedTool {
                name: "b".to_owned(),
                ..ScriptedTool::default()
            },
        ],
        blocks: vec![ScriptedBlock {
            label: "human".to_owned(),
            value: String::new(),
            description: Some("e".to_owned()),
        }],
        script: Some(Script::new()),
    };
    assert_eq!(read.agents[0], ada);
    assert_eq!(read.agent_ids().collect::<Vec<_>>(), ["agent-2", "agent-1"]);
    assert_eq!(read.script, None);
    assert!(schema().is_valid(&serde_json::from_str(text).unwrap()));
}

/// A document that is refused, with its error. `true` if the JSON Schema refuses it too.
const REFUSED: &[(&str, bool, &str)] = &[
    (
        "null",
        true,
        "1:1: the file is empty: write `agents` or `script`",
    ),
    (
        "[]",
        true,
        "1:1: this is a list, and must be a script file, which is a mapping",
    ),
    (
        "{}",
        true,
        "1:1: a script file needs `agents` or `script`: add one",
    ),
    (
        r#"{"$schema": 1, "script": []}"#,
        true,
        "1:13: $schema: this is a number, and must be a text: put it in quotes if it is meant as text",
    ),
    (
        r#"{"scripts": []}"#,
        true,
        "1:2: `scripts` is not a key of a script file. Did you mean `script`? Its keys are $schema, agents, script",
    ),
    (
        r#"{"script": {}}"#,
        true,
        "1:12: script: this is a mapping, and must be a list: begin each item with `- `",
    ),
    (
        r#"{"script": [5]}"#,
        true,
        "1:13: script[0]: this is a number, and must be a rule, which is a mapping",
    ),
    (
        r#"{"script": [""]}"#,
        true,
        "1:13: script[0]: a reply is empty: write something",
    ),
    (
        r#"{"script": [{}]}"#,
        true,
        "1:13: script[0]: a rule needs `reply`: add it",
    ),
    (
        "{\n \"script\": [\n  \"a\",\n  {\"wen\": \"b\", \"reply\": \"c\"}]}",
        true,
        "4:4: script[1]: `wen` is not a key of a rule. Did you mean `when`? Its keys are when, when_exactly, times, always, reply",
    ),
    (
        r#"{"script": [{"when": "a", "when_exactly": "b", "reply": "c"}]}"#,
        true,
        "1:13: script[0]: a rule has `when` and `when_exactly`: remove one",
    ),
    (
        r#"{"script": [{"times": 1, "always": true, "reply": "c"}]}"#,
        true,
        "1:13: script[0]: a rule has `times` and `always`: remove one",
    ),
    (
        r#"{"script": [{"times": 0, "reply": "c"}]}"#,
        true,
        "1:23: script[0].times: `times` is not a whole number from 1 to 4294967295",
    ),
    (
        r#"{"script": [{"times": 1.5, "reply": "c"}]}"#,
        true,
        "1:23: script[0].times: `times` is not a whole number from 1 to 4294967295",
    ),
    (
        r#"{"script": [{"times": "1", "reply": "c"}]}"#,
        true,
        "1:23: script[0].times: this is a text, and must be a whole number from 1 on",
    ),
    (
        r#"{"script": [{"always": false, "reply": "c"}]}"#,
        true,
        "1:24: script[0].always: `always` is only ever true: write `always: true`, or leave it out",
    ),
    (
        r#"{"script": [{"when": " ", "reply": "c"}]}"#,
        true,
        "1:13: script[0]: `when` has no words: write some, or leave `when` out",
    ),
    (
        r#"{"script": [{"reply": 5}]}"#,
        true,
        "1:23: script[0].reply: this is a number, and must be an act: a text, or a mapping",
    ),
    (
        r#"{"script": [{"reply": [["a"]]}]}"#,
        true,
        "1:24: script[0].reply[0]: this is a list, and must be an act: a text, or a mapping",
    ),
    (
        r#"{"script": [{"reply": {}}]}"#,
        true,
        "1:23: script[0].reply: an act is missing. An act has one of the keys text, reasoning, echo, call, calls, pause, model_fails, refuses, stops",
    ),
    (
        r#"{"script": [{"reply": ["a", {"cal": "b"}]}]}"#,
        true,
        "1:29: script[0].reply[1]: `cal` is not an act. Did you mean `call`? An act has one of the keys text, reasoning, echo, call, calls, pause, model_fails, refuses, stops",
    ),
    (
        r#"{"script": [{"reply": {"text": "a", "call": "b"}}]}"#,
        true,
        "1:23: script[0].reply: `text` and `call` are two acts: write each as an item of a list",
    ),
    (
        r#"{"script": [{"reply": {"text": "a", "returns": "b"}}]}"#,
        true,
        "1:37: script[0].reply: `returns` is not a key of a text. Its keys are text",
    ),
    (
        r#"{"script": [{"reply": {"text": ""}}]}"#,
        true,
        "1:32: script[0].reply.text: `text` is empty: write something",
    ),
    (
        r#"{"script": [{"reply": ["a", ""]}]}"#,
        true,
        "1:29: script[0].reply[1]: the text is empty: write something, or leave the act out",
    ),
    (
        r#"{"script": [{"reply": {"text": 42}}]}"#,
        true,
        "1:32: script[0].reply.text: this is a number, and must be a text: put it in quotes if it is meant as text",
    ),
    (
        r#"{"script": [{"reply": {"reasoning": null}}]}"#,
        true,
        "1:37: script[0].reply.reasoning: this is nothing, and must be a text",
    ),
    (
        r#"{"script": [{"reply": {"echo": false}}]}"#,
        true,
        "1:32: script[0].reply.echo: `echo` is only ever true: write `echo: true`, or leave it out",
    ),
    (
        r#"{"script": [{"reply": {"call": ""}}]}"#,
        true,
        "1:32: script[0].reply.call: the name of a tool is empty: give the name that the agent or the client has for it",
    ),
    (
        r#"{"script": [{"reply": {"call": "a b"}}]}"#,
        true,
        "1:32: script[0].reply.call: the name of a tool is not 1 to 48 letters, digits, `_` and `-`",
    ),
    (
        r#"{"script": [{"reply": {"call": "a", "with": []}}]}"#,
        true,
        "1:45: script[0].reply.with: this is a list, and must be the arguments of a call, which are a mapping",
    ),
    (
        r#"{"script": [{"reply": {"call": "a", "return": "b"}}]}"#,
        true,
        "1:37: script[0].reply: `return` is not a key of a call. Did you mean `returns`? Its keys are call, with, returns, fails, needs_approval, id",
    ),
    (
        r#"{"script": [{"reply": {"call": "a", "returns": "b", "fails": "c"}}]}"#,
        true,
        "1:23: script[0].reply: a call has `returns` and `fails`: remove one",
    ),
    (
        r#"{"script": [{"reply": {"call": "a", "needs_approval": "yes"}}]}"#,
        true,
        "1:55: script[0].reply.needs_approval: this is a text, and must be true or false",
    ),
    (
        r#"{"script": [{"reply": {"call": "a", "id": "b:1"}}]}"#,
        true,
        "1:23: script[0].reply: the ID of a call is not 1 to 29 letters, digits, `_` and `-`",
    ),
    (
        r#"{"script": [{"reply": {"calls": []}}]}"#,
        true,
        "1:23: script[0].reply: no tool is called: give `calls` at least one call",
    ),
    (
        r#"{"script": [{"reply": {"calls": [{"text": "a"}]}}]}"#,
        true,
        "1:35: script[0].reply.calls[0]: `text` is not a key of a call. Its keys are call, with, returns, fails, needs_approval, id",
    ),
    (
        r#"{"script": [{"reply": {"pause": 2}}]}"#,
        true,
        "1:33: script[0].reply.pause: a pause is whole numbers and units, largest first: write it as 150ms, 2s or 1m 30s",
    ),
    (
        r#"{"script": [{"reply": {"pause": "30s 1m"}}]}"#,
        true,
        "1:33: script[0].reply.pause: a pause is whole numbers and units, largest first: write it as 150ms, 2s or 1m 30s",
    ),
    (
        r#"{"script": [{"reply": {"pause": ""}}]}"#,
        true,
        "1:33: script[0].reply.pause: a pause is whole numbers and units, largest first: write it as 150ms, 2s or 1m 30s",
    ),
    (
        r#"{"script": [{"reply": {"pause": "1m 1m"}}]}"#,
        true,
        "1:33: script[0].reply.pause: a pause is whole numbers and units, largest first: write it as 150ms, 2s or 1m 30s",
    ),
    (
        r#"{"script": [{"reply": {"pause": "25h"}}]}"#,
        false,
        "1:33: script[0].reply.pause: a pause lasts longer than 24 hours: make it shorter",
    ),
    (
        r#"{"script": [{"reply": {"model_fails": "rate_limits"}}]}"#,
        true,
        "1:39: script[0].reply.model_fails: `rate_limits` is not known here. Did you mean `rate_limit`? Write one of rate_limit, overloaded, server_error, connection, timeout, authentication, insufficient_credits, bad_request, empty_response",
    ),
    (
        r#"{"script": [{"reply": {"stops": "requires_approval"}}]}"#,
        true,
        "1:33: script[0].reply.stops: `requires_approval` is not known here. Write one of end_turn, error, llm_api_error, invalid_llm_response, invalid_tool_call, max_steps, max_tokens_exceeded, no_tool_call, tool_rule, insufficient_credits, context_window_overflow_in_system_prompt",
    ),
    (
        r#"{"script": [{"reply": [{"refuses": "No."}, "a"]}]}"#,
        false,
        "1:44: script[0].reply[1]: the act before it ends the turn: remove one of the two",
    ),
    (
        r#"{"script": [{"reply": [{"call": "a", "id": "b"}, {"call": "a", "id": "b"}]}]}"#,
        false,
        "1:50: script[0].reply[1]: two calls of the reply have the same ID: give each its own",
    ),
    (
        r#"{"agents": []}"#,
        true,
        "1:12: agents: this is a list, and must be a mapping",
    ),
    (
        r#"{"agents": {"ada": {}}}"#,
        true,
        "1:13: agents.ada: the ID of an agent is not `agent-` and letters, digits, `-`, `_` and `.` after it: name it such as `agent-1`",
    ),
    (
        r#"{"agents": {"agent-1": "Ada"}}"#,
        true,
        "1:24: agents.agent-1: this is a text, and must be an agent, which is a mapping",
    ),
    (
        r#"{"agents": {"agent-1": {"name": " "}}}"#,
        true,
        "1:33: agents.agent-1.name: the name of an agent is empty: write one, or leave `name` out",
    ),
    (
        r#"{"agents": {"agent-1": {"tool": []}}}"#,
        true,
        "1:25: agents.agent-1: `tool` is not a key of an agent. Did you mean `tools`? Its keys are name, description, system, model, tags, parallel_tool_calls, tools, blocks, script",
    ),
    (
        r#"{"agents": {"agent-1": {"tags": [1]}}}"#,
        true,
        "1:34: agents.agent-1.tags[0]: this is a number, and must be a text: put it in quotes if it is meant as text",
    ),
    (
        r#"{"agents": {"agent-1": {"tools": [{}]}}}"#,
        true,
        "1:35: agents.agent-1.tools[0]: a tool needs `name`: add it",
    ),
    (
        r#"{"agents": {"agent-1": {"tools": [{"name": "a"}, {"name": "a"}]}}}"#,
        false,
        "1:50: agents.agent-1.tools[1]: two tools of the agent have the same name: remove one",
    ),
    (
        r#"{"agents": {"agent-1": {"blocks": [{"label": "a"}]}}}"#,
        true,
        "1:36: agents.agent-1.blocks[0]: a block needs `value`: add it",
    ),
    (
        r#"{"agents": {"agent-1": {"blocks": [{"label": "", "value": ""}]}}}"#,
        true,
        "1:46: agents.agent-1.blocks[0].label: `label` is empty: write something",
    ),
    (
        r#"{"agents": {"agent-1": {"blocks": [{"label": "a", "value": ""}, {"label": "a", "value": ""}]}}}"#,
        false,
        "1:65: agents.agent-1.blocks[1]: two blocks of the agent have the same label: remove one",
    ),
    (
        r#"{"agents": {"agent-1": {"script": [{"reply": [{"text": "a", "id": "b"}]}]}}}"#,
        true,
        "1:61: agents.agent-1.script[0].reply[0]: `id` is not a key of a text. Its keys are text",
    ),
];

#[test]
fn what_is_not_the_form_is_told_with_its_place_and_what_to_do() {
    let schema = schema();
    for (text, by_schema, expected) in REFUSED {
        let error = ScriptFile::from_json(text).unwrap_err();
        assert_eq!(error.to_string(), *expected, "{text}");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(!schema.is_valid(&value), *by_schema, "{text}");
        #[cfg(feature = "script-files")]
        {
            let error = ScriptFile::from_yaml(text).unwrap_err();
            assert_eq!(error.to_string(), *expected, "{text}");
        }
    }
}

#[test]
fn what_is_not_json_is_told_with_its_place() {
    for (text, expected) in [
        ("", "1:1: the file is not JSON: EOF while parsing a value"),
        (
            "{\n  \"script\": [}",
            "2:14: the file is not JSON: expected value",
        ),
        ("{} x", "1:4: the file is not JSON: trailing characters"),
        (
            r#"{"script": [], "script": []}"#,
            "1:16: `script` is there twice: remove one",
        ),
        (
            "{\"a\u{e9}\": 1,\n \"x y\": 2}",
            "1:2: a name of 3 bytes is not a key of a script file. Its keys are $schema, agents, script",
        ),
        (
            "{\"script\": [\"\u{e9}\u{1F600}\", 5]}",
            "1:19: script[1]: this is a number, and must be a rule, which is a mapping",
        ),
    ] {
        let error = ScriptFile::from_json(text).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    }
    let with_mark = "\u{feff}{\"script\": []}";
    assert_eq!(
        ScriptFile::from_json(with_mark).unwrap(),
        scripted(Script::new())
    );
}

#[cfg(feature = "script-files")]
#[test]
fn what_is_not_yaml_is_told_with_its_place() {
    for (text, expected) in [
        ("", "1:1: the file is empty: write `agents` or `script`"),
        (
            "# nothing\n",
            "1:1: the file is empty: write `agents` or `script`",
        ),
        (
            "script: []\n---\nscript: []\n",
            "2:1: the file has more than one document: keep one, and remove the others and `---`",
        ),
        (
            "script: []\nscript: []\n",
            "2:1: `script` is there twice: remove one",
        ),
        (
            "script:\n  - <<: {reply: a}\n",
            "2:5: a merge key `<<` is not read: write its values out",
        ),
        (
            "script:\n  - !text a\n",
            "2:5: a tag is not read: remove the word that begins with `!`",
        ),
        (
            "script: !!set {}\n",
            "1:9: script: this is a mapping, and must be a list: begin each item with `- `",
        ),
        (
            "script:\n  - 1: a\n",
            "2:5: a key is not a text: put it in quotes",
        ),
        (
            "script:\n  - ? [a]\n    : b\n",
            "2:7: a key is not a text: write a text",
        ),
        (
            "script: &a [*a]\n",
            "1:13: an alias is in the value that it stands for: write the value out",
        ),
        (
            "script:\n  - when: a\n    reply: no\n    times: yes\n",
            "4:12: script[0].times: this is a text, and must be a whole number from 1 on",
        ),
        (
            "script:\n  - reply: true\n",
            "2:12: script[0].reply: this is true or false, and must be an act: a text, or a mapping",
        ),
        (
            "script:\n  - reply:\n      - text: 5\n",
            "3:15: script[0].reply[0].text: this is a number, and must be a text: put it in quotes if it is meant as text",
        ),
    ] {
        let error = ScriptFile::from_yaml(text).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    }
    for text in [
        "script: [\n",
        "script: *a\n",
        "script: \"a\n",
        "a: b: c\n",
        "\u{0}",
    ] {
        let error = ScriptFile::from_yaml(text).unwrap_err().to_string();
        let (line, rest) = error.split_once(':').unwrap();
        assert!(
            line.parse::<usize>().is_ok() && rest.contains("not YAML"),
            "{text:?}: {error}"
        );
    }
}

#[cfg(feature = "script-files")]
#[test]
fn yaml_has_the_values_of_its_core_schema() {
    let text = "
script:
  - reply: &greeting
      - 'Hello, 5.'
      - !!str 5
      - |
        Two
        lines
  - when: again
    reply: *greeting
  - reply:
      call: a
      with:
        numbers: [1, -2, +3, 0x1F, 0o17, 1.5, -1e3, .5, 18446744073709551615, 123456789012345678901234567890]
        texts: [yes, no, on, 1.2.3, 2026-03-01, --, 1_000, '1', .inf, 0x, e5]
        others: [true, False, null, ~, ]
";
    let with = json!({
        "numbers": [1, -2, 3, 31, 15, 1.5, -1000.0, 0.5, u64::MAX, 123456789012345678901234567890.0],
        "texts": ["yes", "no", "on", "1.2.3", "2026-03-01", "--", "1_000", "1", ".inf", "0x", "e5"],
        "others": [true, false, null, null],
    });
    let greeting = || {
        Reply::from([
            Act::text("Hello, 5."),
            Act::text("5"),
            Act::text("Two\nlines\n"),
        ])
    };
    let expected = Script::from([
        Rule::new(greeting()),
        Rule::new(greeting()).when("again"),
        Rule::new(Act::call("a", with)),
    ]);
    assert_eq!(ScriptFile::from_yaml(text).unwrap(), scripted(expected));
}

#[test]
fn no_error_holds_a_text_of_the_script() {
    let hush = "hush hush";
    for text in [
        json!({"script": [{"reply": {"call": hush}}]}),
        json!({"script": [{"reply": {"call": "a", "id": hush}}]}),
        json!({"script": [{"reply": {"call": "a", "with": hush}}]}),
        json!({"script": [{"reply": {"model_fails": hush}}]}),
        json!({"script": [{"reply": {"pause": hush}}]}),
        json!({"script": [{"reply": [{"refuses": hush}, hush]}]}),
        json!({"script": [{"times": hush, "reply": hush}]}),
        json!({"script": [{"when": hush, "when_exactly": hush, "reply": hush}]}),
        json!({"agents": {hush: {}}}),
        json!({hush: 1}),
    ] {
        let error = ScriptFile::from_json(&text.to_string()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    }
    let file = json!({"agents": {"agent-1": {"name": hush, "system": hush, "script": [hush]}}, "script": [hush]});
    let read = ScriptFile::from_json(&file.to_string()).unwrap();
    let shown = format!("{read:?}");
    assert!(
        shown.contains("agent-1") && !shown.contains("hush"),
        "{shown}"
    );
}

/// Refused, and with a place.
fn refused(read: io::Result<ScriptFile>, says: &str) {
    let error = read.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let pad = " ".repeat(limits::FILE);
    refused(
        ScriptFile::from_json(&format!("{{\"script\": []}}{pad}")),
        "larger than 4 MiB",
    );
    let deep = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"script": [{{"reply": {{"call": "a", "with": {{"x": {open}{close}}}}}}}]}}"#)
    };
    assert!(ScriptFile::from_json(&deep(31)).is_ok());
    refused(ScriptFile::from_json(&deep(32)), "more than 32 levels");
    refused(ScriptFile::from_json(&deep(60)), "more than 48 levels");
    refused(ScriptFile::from_json(&"[".repeat(1_000_000)), "not JSON");
    refused(ScriptFile::from_json(&deep(100_000)), "levels deep");
    let many = format!(r#"{{"script": [{}"a"]}}"#, r#""a","#.repeat(200_000));
    refused(ScriptFile::from_json(&many), "more than 200000 values");
    let rules = format!(r#"{{"script": [{}"a"]}}"#, r#""a","#.repeat(10_000));
    refused(
        ScriptFile::from_json(&rules),
        "script: a script has more than 10000 rules",
    );
    #[cfg(feature = "script-files")]
    {
        refused(
            ScriptFile::from_yaml(&format!("script: []{pad}")),
            "larger than 4 MiB",
        );
        assert!(ScriptFile::from_yaml(&deep(31)).is_ok());
        refused(ScriptFile::from_yaml(&deep(32)), "more than 32 levels");
        refused(ScriptFile::from_yaml(&deep(60)), "more than 48 levels");
        refused(ScriptFile::from_yaml(&deep(100_000)), "more than 48 levels");
        refused(
            ScriptFile::from_yaml(&"- ".repeat(100_000)),
            "more than 48 levels",
        );
        refused(
            ScriptFile::from_yaml(&"[".repeat(1_000_000)),
            "more than 48 levels",
        );
        refused(ScriptFile::from_yaml(&many), "more than 200000 values");
    }
}

#[cfg(feature = "script-files")]
#[test]
fn a_few_lines_cannot_stand_for_billions_of_values() {
    // Each line repeats the one before it nine times.
    let mut values = String::from("a0: &a0 [x]\n");
    let mut texts = format!("a0: &a0 [{}]\n", "x".repeat(100_000));
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let line = format!("a{level}: &a{level} [{aliases}]\n");
        values.push_str(&line);
        texts.push_str(&line);
    }
    refused(ScriptFile::from_yaml(&values), "more than 200000 values");
    refused(
        ScriptFile::from_yaml(&texts),
        "8 MiB of text, those of aliases counted each time",
    );
    let mut wide = String::from("a: &a [x, x, x, x, x, x, x, x]\nb: [");
    for _ in 0..100_000 {
        write!(wide, "*a, ").unwrap();
    }
    refused(
        ScriptFile::from_yaml(&(wide + "]\n")),
        "more than 200000 values",
    );
    let mut deep = String::from("a0: &a0 [x]\n");
    for level in 1..60 {
        writeln!(deep, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    refused(ScriptFile::from_yaml(&deep), "more than 48 levels");
}

#[test]
fn a_file_is_read_by_its_name_and_its_errors_begin_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let told = |path: &Path| ScriptFile::read(path).unwrap_err().to_string();
    assert!(ScriptFile::read(at("a.json", b"{\"script\": [\"a\"]}")).is_ok());
    let path = at("b.JSON", b"{\"script\": 1}");
    let begin = format!("{}:1:12: script: ", path.display());
    assert!(told(&path).starts_with(&begin), "{}", told(&path));
    let path = at("c.json", b"\xff");
    assert_eq!(
        told(&path),
        format!(
            "{}: the file is not UTF-8: save it as UTF-8",
            path.display()
        )
    );
    let path = folder.path().join("none.yaml");
    let error = ScriptFile::read(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(
        error
            .to_string()
            .starts_with(&format!("{}: ", path.display()))
    );
    assert!(ScriptFile::read(folder.path()).is_err());
    let path = at("d.yaml", b"script:\n  - hi: 1\n");
    if cfg!(feature = "script-files") {
        assert!(
            told(&path).starts_with(&format!("{}:2:5: script[0]: `hi` is not", path.display()))
        );
    } else {
        assert!(
            told(&path).contains(": this build reads JSON alone"),
            "{}",
            told(&path)
        );
    }
    let path = at("e.json", &vec![b' '; limits::FILE + 2]);
    assert!(told(&path).contains("larger than 4 MiB"));
    #[cfg(unix)]
    assert!(
        told(Path::new("/dev/zero")).contains("larger than 4 MiB")
            || told(Path::new("/dev/zero")).contains("JSON alone")
    );
}

/// With `UPDATE_EXPECT=1`, it is written anew.
#[test]
fn the_json_schema_that_is_checked_in_is_the_one_of_the_form() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("script.schema.json");
    let schema = format!("{:#}\n", ScriptFile::schema());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap();
    assert!(
        checked_in == schema,
        "script.schema.json is old: run this test with UPDATE_EXPECT=1"
    );
    assert!(jsonschema::meta::is_valid(&ScriptFile::schema()));
}

/// All YAML of the page, and the example.
#[cfg(feature = "script-files")]
#[test]
fn what_the_documentation_shows_is_read_and_valid_by_the_schema() {
    let page = include_str!("../../../SCRIPTS.md");
    let blocks: Vec<&str> = page
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(blocks.len() >= 7);
    let example = include_str!("../../../examples/chat.yaml");
    let schema = schema();
    for text in blocks.into_iter().chain([example]) {
        let read = ScriptFile::from_yaml(text);
        assert!(read.is_ok(), "{read:?}: {text}");
        let value = yaml::parse(text).unwrap().to_json();
        let errors: Vec<String> = schema
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, [] as [&str; 0], "{text}");
    }
    let beginning = example.lines().next().unwrap();
    assert_eq!(
        beginning,
        "# yaml-language-server: $schema=../script.schema.json"
    );
}

#[cfg(feature = "script-files")]
#[test]
fn the_page_names_every_act_failure_stop_and_key() {
    let page = include_str!("../../../SCRIPTS.md");
    let forms = [
        &form::FILE,
        &form::AGENT,
        &form::TOOL,
        &form::BLOCK,
        &form::RULE,
        &form::CALL,
    ];
    let keys = forms
        .iter()
        .flat_map(|form| form.keys.iter().map(|key| key.name));
    for name in keys
        .chain(form::act_names())
        .chain(form::failures())
        .chain(form::stops())
    {
        assert!(
            name == "$schema" || page.contains(&format!("`{name}")),
            "{name}"
        );
    }
    // The error that the page shows is the real one.
    let shown = page
        .split("chat.yaml:6:9: ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let text = "agents:\n  agent-1:\n    script:\n    - reply:\n      - a\n      - cal: b\n";
    assert_eq!(
        ScriptFile::from_yaml(text).unwrap_err().to_string(),
        format!("6:9: {shown}")
    );
}

fn any_text(least: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{1,8}",
        "(\\PC|[\"\\\\\n\t:#-]){1,8}",
        Just("null".to_owned()),
        Just("5".to_owned()),
        Just("- a".to_owned()),
    ]
    .prop_filter("not empty", move |text| text.chars().count() >= least)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|number: f64| Value::from(number)),
        any_text(0).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(any_text(0), inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_call() -> impl Strategy<Value = Act> {
    let arguments = proptest::collection::btree_map(any_text(0), any_json(), 0..3);
    (
        "[A-Za-z0-9_-]{1,48}",
        arguments,
        proptest::option::of((any::<bool>(), any_text(0))),
        any::<bool>(),
    )
        .prop_map(|(tool, arguments, outcome, needs_approval)| {
            let call = Act::call(tool, Value::Object(arguments.into_iter().collect()));
            let call = match outcome {
                Some((true, text)) => call.returns(text),
                Some((false, text)) => call.fails(text),
                None => call,
            };
            if needs_approval {
                call.needs_approval()
            } else {
                call
            }
        })
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let act = prop_oneof![
        any_text(1).prop_map(Act::text),
        any_text(1).prop_map(Act::reasoning),
        Just(Act::echo()),
        any_call(),
        proptest::collection::vec(any_call(), 2..4).prop_map(Act::calls),
        (0..86_400_u64, 0..1_000_000_000_u32).prop_map(|(s, n)| Act::pause(Duration::new(s, n))),
    ];
    let end = prop_oneof![
        proptest::sample::select(ModelFailure::ALL).prop_map(Act::model_fails),
        proptest::sample::select(StopReason::ALL).prop_map(Act::stops),
        any_text(1).prop_map(Act::refuses),
    ];
    (
        proptest::collection::vec(act, 0..4),
        proptest::option::of(end),
        any::<bool>(),
    )
        .prop_map(|(mut acts, end, has_id)| {
            if has_id {
                acts.push(Act::call("last", json!({})).with_id("call_-9"));
            }
            acts.extend(end);
            Reply::from(acts)
        })
}

fn any_script() -> impl Strategy<Value = Script> {
    let condition = prop_oneof![
        Just(None),
        any_text(1)
            .prop_filter("words", |text| !text.trim().is_empty())
            .prop_map(|words| Some((true, words))),
        any_text(0).prop_map(|text| Some((false, text))),
    ];
    let uses = prop_oneof![Just(None), Just(Some(0)), (1..=u32::MAX).prop_map(Some)];
    let rule = (any_reply(), condition, uses).prop_map(|(reply, condition, uses)| {
        let rule = match condition {
            None => Rule::new(reply),
            Some((true, words)) => Rule::new(reply).when(words),
            Some((false, text)) => Rule::new(reply).when_exactly(text),
        };
        match uses {
            None => rule,
            Some(0) => rule.always(),
            Some(times) => rule.times(times),
        }
    });
    proptest::collection::vec(rule, 0..4).prop_map(Script::from)
}

fn any_file() -> impl Strategy<Value = ScriptFile> {
    let text = || proptest::option::of(any_text(0));
    let filled =
        || proptest::option::of(any_text(1).prop_filter("a name", |text| !text.trim().is_empty()));
    let tool = (text(), any::<bool>(), text());
    let agent = (
        (filled(), text(), text(), filled()),
        proptest::collection::vec(any_text(0), 0..2),
        proptest::option::of(any::<bool>()),
        proptest::collection::btree_map("[a-z_]{1,9}", tool, 0..3),
        proptest::collection::btree_map(any_text(1), (any_text(0), text()), 0..3),
        proptest::option::of(any_script()),
    );
    let agents = proptest::collection::btree_map("agent-[A-Za-z0-9_.-]{1,5}", agent, 0..3);
    (agents, proptest::option::of(any_script())).prop_map(|(agents, script)| {
        let agents = agents.into_iter().map(|(id, agent)| {
            let (
                (name, description, system, model),
                tags,
                parallel_tool_calls,
                tools,
                blocks,
                script,
            ) = agent;
            let tool = |(name, (description, requires_approval, returns))| ScriptedTool {
                name,
                description,
                requires_approval,
                returns,
            };
            let block = |(label, (value, description))| ScriptedBlock {
                label,
                value,
                description,
            };
            ScriptedAgent {
                id,
                name,
                description,
                system,
                model,
                tags,
                parallel_tool_calls,
                tools: tools.into_iter().map(tool).collect(),
                blocks: blocks.into_iter().map(block).collect(),
                script,
            }
        });
        ScriptFile {
            agents: agents.collect(),
            script,
        }
    })
}

/// Changes one value or key somewhere in a document.
fn mutated(document: &mut Value, mut place: usize, with: &Value, key: &str) -> bool {
    fn walk(value: &mut Value, place: &mut usize, with: &Value, key: &str) -> bool {
        if *place == 0 {
            match value {
                // A key that is not there is added, and one that is there is taken away.
                Value::Object(members) if !key.is_empty() => {
                    if members.remove(key).is_none() {
                        members.insert(key.to_owned(), with.clone());
                    }
                }
                value => *value = with.clone(),
            }
            return true;
        }
        *place -= 1;
        match value {
            Value::Array(items) => items.iter_mut().any(|item| walk(item, place, with, key)),
            Value::Object(members) => members
                .values_mut()
                .any(|item| walk(item, place, with, key)),
            _ => false,
        }
    }
    walk(document, &mut place, with, key)
}

/// What the schema cannot say.
const BEYOND_THE_SCHEMA: &[&str] = &[
    "ends the turn",
    "same ID",
    "same name",
    "same label",
    "longer than 24 hours",
    "longer than 256 KiB",
    "levels deep",
    "whole number from 1 to",
];

proptest! {
    #[test]
    fn every_file_is_read_back_as_it_was_written(file in any_file()) {
        let text = written(&file);
        prop_assert_eq!(&ScriptFile::from_json(&text).unwrap(), &file);
        #[cfg(feature = "script-files")]
        prop_assert_eq!(&ScriptFile::from_yaml(&text).unwrap(), &file);
    }

    #[test]
    fn every_file_is_valid_by_the_schema(file in any_file()) {
        let value = serde_json::to_value(&file).unwrap();
        prop_assert!(schema().is_valid(&value), "{}", value);
    }

    #[test]
    fn the_schema_and_the_reader_agree_on_what_is_nearly_a_file(
        file in any_file(),
        place in 0..60_usize,
        with in prop_oneof![any_json(), Just(json!([])), Just(json!({})), Just(json!(true)), Just(json!("2s")), Just(json!(1))],
        key in prop_oneof![
            Just(""),
            proptest::sample::select(vec![
                "reply", "when", "when_exactly", "times", "always", "text", "call", "with", "returns", "fails", "id", "calls",
                "pause", "echo", "stops", "name", "tools", "script", "agents", "unknown",
            ]),
        ],
    ) {
        let mut value = serde_json::to_value(&file).unwrap();
        prop_assume!(mutated(&mut value, place, &with, key));
        let by_schema = schema().is_valid(&value);
        match ScriptFile::from_json(&value.to_string()) {
            Ok(read) => {
                prop_assert!(by_schema, "read, and refused by the schema: {}", value);
                prop_assert_eq!(ScriptFile::from_json(&written(&read)).unwrap(), read);
            }
            Err(error) => {
                let error = error.to_string();
                let is_beyond = BEYOND_THE_SCHEMA.iter().any(|rule| error.contains(rule));
                prop_assert!(!by_schema || is_beyond, "{}: {}", error, value);
            }
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_read_or_refused(
        text in "(script|agents|agent-1|reply|when|text|call|with|[:,?&*!|>#%@`\"'\\[\\]{}-]|\\s|\n  |\\PC){0,40}|\\PC*"
    ) {
        let json = ScriptFile::from_json(&text);
        #[cfg(feature = "script-files")]
        let reads = [json, ScriptFile::from_yaml(&text)];
        #[cfg(not(feature = "script-files"))]
        let reads = [json];
        for read in reads {
            match read {
                Ok(file) => prop_assert_eq!(ScriptFile::from_json(&written(&file)).unwrap(), file),
                Err(error) => prop_assert_eq!(error.kind(), io::ErrorKind::InvalidInput),
            }
        }
    }
}
