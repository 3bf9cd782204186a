"""Calls every operation with the official Python client, and prints what came of each call.

Reads one JSON document from the standard input:

    {"baseUrl": "…", "apiKey": "…", "model": "…", "embedding": "…", "identity": "…", "mcp": {…}, "unique": "…"}

and prints one line of JSON for each step of `every_operation.json`, or of `steps` in the document:

    {"operation": "agents.create", "outcome": "ok"}

An outcome is `ok`; the status of a refusal; or `invalid`, if the answer is not as the client's models say. `what` has the
reasons. `unknown` has the names of members that the models do not have. `turn` has the kinds of messages or events in their
order, each once for a row of the same kind, without pings, and the stop reason. Nothing that is printed is secret.
`every_operation.mjs` does the same with the official Node client.

A step has these members:

    operation   the method, as the Python client names it
    id, with    its arguments: those of the path that come first, and the others
    as, turn    a name for a turn, and what it must come to, for the test that reads the lines
    node        what the Node client is given in place of `with`
    keep        a name for the answer. "$name.member.0[kind=x].id" is then a value in it: a member, an item, or the first item
                that has this member. A value that is not there is the one that `instead` has for the name
    pages       how many pages are read at most
    until       the call is made again until the member `at` is there, or has one of the values `is`
    leave       the stream is left after its first event

"$task.name" is a member of the document above, or of `task` in the scenario. {"file": …, "content": …} is a file.

The official client takes an answer of any shape. So it is made strict, and each answer is also validated, strictly, against the
model that the client's method names.
"""

import json
import sys
import time
import typing
from typing import Any, Iterator, List, Optional, Tuple

import httpx
from letta_client import APIError, APIResponseValidationError, APIStatusError, DefaultHttpxClient, Letta, Stream
from letta_client.pagination import SyncArrayPage
from pathlib import Path
from pydantic import BaseModel, TypeAdapter, ValidationError

# How often a call is made again, and after how many seconds.
TRIES, PAUSE = 100, 0.1

# The longest that is printed of one thing that is said.
LONGEST = 300

Problems = Tuple[List[str], List[str]]


class Copied(httpx.SyncByteStream):
    """The body of an answer, of which a copy is kept."""

    def __init__(self, answer: httpx.Response) -> None:
        self.body = answer.stream
        self.media = answer.headers.get("content-type", "")
        self.copy = b""

    def __iter__(self) -> Iterator[bytes]:
        for part in self.body:  # type: ignore[union-attr]
            self.copy += part
            yield part

    def close(self) -> None:
        self.body.close()  # type: ignore[union-attr]

    def value(self) -> Any:
        """What the body says: events, a value, or nothing."""
        text = self.copy.decode()
        if self.media.startswith("text/event-stream"):
            return [json.loads(event) for event in events(text)]
        return json.loads(text) if text else None


def events(text: str) -> List[str]:
    """The data of all events, but for the mark of the end."""
    data = [event.split("data: ", 1)[1] for event in text.split("\n\n") if "data: " in event]
    return [event for event in data if event != "[DONE]"]


def unknown(value: Any) -> Iterator[str]:
    """The members that the models do not name."""
    if isinstance(value, BaseModel):
        yield from value.model_extra or {}
        for name in type(value).model_fields:
            yield from unknown(getattr(value, name))
    elif isinstance(value, list):
        for item in value:
            yield from unknown(item)


def validate(model: Any, text: str) -> Problems:
    """What in this JSON is not as the model says, and which members it does not name."""
    try:
        value = TypeAdapter(model).validate_json(text, strict=True)
    except ValidationError as error:
        reasons = error.errors(include_url=False, include_input=False)
        return [f"{'.'.join(map(str, it['loc']))}: {it['msg']}"[:LONGEST] for it in reasons][:10], []
    return [], sorted(set(unknown(value)))


def parts(annotation: Any) -> List[Any]:
    """The types of a union, or the one type."""
    return list(typing.get_args(annotation)) if is_union(annotation) else [annotation]


def is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) is typing.Union


def check(method: Any, body: Copied) -> Problems:
    """How an answer differs from the models that the method names."""
    returns = typing.get_type_hints(method)["return"]
    streamed = [typing.get_args(it)[0] for it in parts(returns) if typing.get_origin(it) is Stream]
    others = [it for it in parts(returns) if typing.get_origin(it) is not Stream]
    text = body.copy.decode()
    if body.media.startswith("text/event-stream"):
        if not streamed:
            return ["events that the client does not expect"], []
        problems: Problems = ([], [])
        for event in events(text):
            wrong, surplus = validate(streamed[0], event)
            # All models are valid without the member that tells them apart.
            if "message_type" not in json.loads(event):
                wrong = wrong + ["an event without message_type"]
            problems = (problems[0] + wrong, sorted({*problems[1], *surplus}))
        return problems
    if returns is object or returns is type(None):
        return [], []
    if not others:
        return ["no events, which the client expects"], []
    model: Any = typing.Union[tuple(others)]
    if isinstance(model, type) and issubclass(model, SyncArrayPage):
        model = model.model_fields["items"].annotation
    return validate(model, text)


def found(value: Any, path: str) -> Any:
    """The value at this path. None if it is not there."""
    for word in filter(None, path.replace("[", ".[").split(".")):
        if word.startswith("["):
            member, _, wanted = word[1:-1].partition("=")
            items = [it for it in value if isinstance(it, dict)] if isinstance(value, list) else []
            value = next((it for it in items if it.get(member) == wanted), None)
        elif isinstance(value, list):
            value = value[int(word)] if word.isdigit() and int(word) < len(value) else None
        else:
            value = value.get(word) if isinstance(value, dict) else None
    return value


def turn(value: Any) -> Optional[Any]:
    """The kinds of what a turn gave, and why it stopped."""
    messages = value if isinstance(value, list) else value.get("messages") if isinstance(value, dict) else None
    stop = found(value, "stop_reason.stop_reason") or found(value, "[message_type=stop_reason].stop_reason")
    if not stop or messages is None:
        return None
    kinds: List[str] = []
    for kind in [it.get("message_type") for it in messages]:
        if kind != "ping" and kinds[-1:] != [kind]:
            kinds.append(kind)
    return {"kinds": kinds, "stop": stop}


class Scene:
    """The client, and what earlier answers said."""

    def __init__(self, task: Any, scenario: Any) -> None:
        self.answers: List[Copied] = []
        self.kept = {"task": task}
        self.instead = scenario["instead"]
        self.client = Letta(
            base_url=task["baseUrl"],
            api_key=task["apiKey"],
            max_retries=0,
            timeout=30.0,
            # A real server resets the connection on which it answered 500.
            http_client=DefaultHttpxClient(
                event_hooks={"response": [self.record]}, limits=httpx.Limits(max_keepalive_connections=0)
            ),
            _strict_response_validation=True,
        )

    def record(self, answer: httpx.Response) -> None:
        answer.stream = Copied(answer)
        self.answers.append(answer.stream)

    def argument(self, value: Any) -> Any:
        """The value with all that it refers to in its place."""
        if isinstance(value, str) and value.startswith("$"):
            name, _, path = value[1:].replace("[", ".[").partition(".")
            there = found(self.kept.get(name), path)
            return self.instead.get(name) if there is None else there
        if isinstance(value, list):
            return [self.argument(item) for item in value]
        if isinstance(value, dict) and "file" in value and "content" in value:
            content = self.argument(value["content"])
            return value["file"], (content if isinstance(content, str) else json.dumps(content)).encode()
        if isinstance(value, dict):
            return {name: self.argument(item) for name, item in value.items()}
        return value

    def call(self, method: Any, step: Any) -> List[Any]:
        """Makes the calls of a step, and gives what each answer said, after the client has read all of it."""
        arguments = {**self.argument(step.get("id", {})), **self.argument(step.get("with", {}))}
        answer = method(**arguments)
        if isinstance(answer, Stream):
            for _ in answer:
                if step.get("leave"):
                    answer.close()
                    return [None]
        for _ in range(step.get("pages", 1) - 1):
            if not answer.has_next_page():
                break
            answer = answer.get_next_page()
        values = [it.value() for it in self.answers]
        ids = [item["id"] for page in values for item in page] if "pages" in step else []
        if len(set(ids)) < len(ids):
            raise ValueError("a page repeats an item of another")
        return values

    def outcome(self, step: Any) -> Any:
        """What came of a step."""
        method: Any = self.client
        for name in step["operation"].split("."):
            method = getattr(method, name)
        self.answers.clear()
        try:
            values = self.call(method, step)
        except APIStatusError as error:
            status = error.status_code if error.status_code >= 400 else "error in the stream"
            return {"outcome": status, "what": [text_of(error)]}
        except APIResponseValidationError as error:
            self.keep(step)
            return {"outcome": "invalid", **self.checked(method, [text_of(error)])}
        except (APIError, ValueError, TypeError, KeyError) as error:
            return {"outcome": "invalid", "what": [f"{type(error).__name__}: {error}"[:LONGEST]]}
        self.keep(step)
        checked = {} if step.get("leave") else self.checked(method, [])
        told = turn(values[-1])
        return {
            "outcome": "invalid" if checked.get("what") else "ok",
            **checked,
            **({"turn": told} if told else {}),
        }

    def keep(self, step: Any) -> None:
        if "keep" in step:
            self.kept[step["keep"]] = self.answers[-1].value()

    def checked(self, method: Any, wrong: List[str]) -> Any:
        """The problems of all answers of a step, if there are any."""
        surplus: List[str] = []
        for answer in self.answers:
            problems = check(method, answer)
            wrong = wrong + problems[0]
            surplus = sorted({*surplus, *problems[1]})
        return {**({"what": wrong} if wrong else {}), **({"unknown": surplus} if surplus else {})}

    def step(self, step: Any) -> Any:
        """What came of a step in the end."""
        until = step.get("until")
        for _ in range(TRIES):
            outcome = self.outcome(step)
            if not until or outcome["outcome"] != "ok":
                return outcome
            value = found(self.answers[-1].value(), until["at"])
            if value in until["is"] if "is" in until else value is not None:
                return outcome
            time.sleep(PAUSE)
        return {"outcome": "invalid", "what": [f"{until['at']} is not there in time"]}


def text_of(error: APIError) -> str:
    return str(error)[:LONGEST]


def main() -> None:
    task = json.load(sys.stdin)
    scenario = json.loads(Path(__file__).with_suffix(".json").read_text())
    scene = Scene({**scenario["task"], **task}, scenario)
    for step in task.get("steps", scenario["steps"]):
        named = {name: step[name] for name in ("operation", "as") if name in step}
        print(json.dumps({**named, **scene.step(step)}), flush=True)


main()
