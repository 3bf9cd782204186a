"""Makes calls with the official Python client, and prints what it understood of the answers.

Reads one JSON document from the standard input:

    {"baseUrl": "…", "keys": {"server": "…"}, "steps": [{"call": "tokens.list", "key": "server", …}]}

and prints an array with one entry for each step, `{"understood": …}` or `{"refused": …}`. A number in the
place of a key or a token stands for the token that was minted as that one, from 0. `client.mjs` does the
same with the official Node client.

The official client takes an answer of any shape. So each one is also validated, strictly, against the
client's own models, and may have no member that they do not name.
"""

import json
import sys
from typing import Any, Callable, Iterator, List

import httpx
from letta_client import APIStatusError, DefaultHttpxClient, Letta
from letta_client.types import AccessTokenCreateResponse, AccessTokenListResponse, AgentState
from letta_client.types.agents import LettaResponse, LettaStreamingResponse, Message
from pydantic import BaseModel, TypeAdapter


class Copied(httpx.SyncByteStream):
    """The body of an answer, of which a copy is kept."""

    def __init__(self, body: httpx.SyncByteStream) -> None:
        self.body = body
        self.copy = b""

    def __iter__(self) -> Iterator[bytes]:
        for part in self.body:
            self.copy += part
            yield part

    def close(self) -> None:
        self.body.close()


class Answers:
    """The bodies of all answers since they were last asked for."""

    def __init__(self) -> None:
        self.bodies: List[Copied] = []

    def record(self, response: httpx.Response) -> None:
        response.stream = Copied(response.stream)
        self.bodies.append(response.stream)

    def take(self) -> List[bytes]:
        taken = [body.copy for body in self.bodies]
        self.bodies.clear()
        return taken


def unknown(value: Any, path: str) -> Iterator[str]:
    """The paths of the members that the models do not name."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name}"
        for name in type(value).model_fields:
            yield from unknown(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from unknown(item, f"{path}[{number}]")


def check(model: Any, text: str) -> None:
    """Fails where this JSON is not wholly as the model says."""
    surplus = list(unknown(TypeAdapter(model).validate_json(text, strict=True), "answer"))
    assert not surplus, f"members that the client does not know: {surplus}"


def check_events(text: str) -> None:
    """Fails where these server-sent events are not as the client's union of events says."""
    events = [event.removeprefix("data: ") for event in text.split("\n\n") if event]
    assert events.pop() == "[DONE]", "a stream ends with [DONE]"
    for event in events:
        check(LettaStreamingResponse, event)


def instant(date: Any) -> Any:
    return None if date is None else round(date.timestamp() * 1000)


def token(token: Any) -> Any:
    return {
        "token": token.token,
        "hostname": token.hostname,
        "expiresAt": token.expires_at,
        "version": token.policy.version,
        "policy": [{"type": entry.type, "id": entry.id, "access": entry.access} for entry in token.policy.data],
    }


def agent(agent: Any) -> Any:
    return {
        "id": agent.id,
        "type": agent.agent_type,
        "name": agent.name,
        "description": agent.description,
        "system": agent.system,
        "model": agent.model,
        "tags": agent.tags,
        "blocks": len(agent.blocks),
        "tools": len(agent.tools),
        "messages": len(agent.message_ids or []),
        "created": instant(agent.created_at),
    }


def usage(usage: Any) -> Any:
    return {
        "completion": usage.completion_tokens,
        "prompt": usage.prompt_tokens,
        "total": usage.total_tokens,
        "steps": usage.step_count,
    }


def message(message: Any) -> Any:
    return {
        "type": message.message_type,
        "id": message.id,
        "date": instant(message.date),
        "content": message.content,
        "name": message.name,
        "otid": message.otid,
        "run": message.run_id,
        "step": message.step_id,
    }


def event(event: Any) -> Any:
    kind = event.message_type
    if kind == "ping":
        return {"type": kind, "id": event.id, "date": instant(event.date), "run": event.run_id}
    if kind == "stop_reason":
        return {"type": kind, "reason": event.stop_reason}
    if kind == "usage_statistics":
        return {"type": kind, **usage(event)}
    return message(event)


def response(response: Any) -> Any:
    return {
        "messages": [message(item) for item in response.messages],
        "reason": response.stop_reason.stop_reason,
        "usage": usage(response.usage),
    }


def walk_tokens(client: Letta, limit: int) -> Any:
    """All tokens. The client has no method for it."""
    found: List[Any] = []
    page = client.access_tokens.list(limit=limit)
    found += page.tokens
    while page.has_next_page:
        page = client.access_tokens.list(limit=limit, offset=len(found))
        found += page.tokens
    return [token(item) for item in found]


def run(step: Any, client: Letta, minted: List[str]) -> Any:
    """Makes one call, and gives what was understood of the answer as plain values."""
    messages = client.agents.messages

    def create() -> Any:
        created = client.access_tokens.create(**step["body"])
        minted.append(created.token)
        return token(created)

    def listed() -> Any:
        names = {"agentId": "agent_id"}
        page = client.access_tokens.list(**{names.get(name, name): value for name, value in step["query"].items()})
        return {"tokens": [token(item) for item in page.tokens], "more": page.has_next_page}

    def sent() -> Any:
        answer = messages.create(step["agent"], **step["body"])
        return [event(item) for item in answer] if step["body"].get("streaming") else response(answer)

    calls: dict[str, Callable[[], Any]] = {
        "tokens.create": create,
        "tokens.list": listed,
        "tokens.walk": lambda: walk_tokens(client, step["limit"]),
        # The client gives the empty text that came.
        "tokens.delete": lambda: client.access_tokens.delete(named(step["token"], minted)) or None,
        "agents.retrieve": lambda: agent(client.agents.retrieve(step["agent"])),
        "agents.update": lambda: agent(client.agents.update(step["agent"], **step["body"])),
        "messages.list": lambda: [message(item) for item in messages.list(step["agent"], **step["query"]).items],
        "messages.walk": lambda: [message(item) for item in messages.list(step["agent"], **step["query"])],
        "messages.create": sent,
        "messages.stream": lambda: [event(item) for item in messages.stream(step["agent"], **step["body"])],
    }
    return calls[step["call"]]()


MODELS = {
    "tokens.create": AccessTokenCreateResponse,
    "tokens.list": AccessTokenListResponse,
    "tokens.walk": AccessTokenListResponse,
    "agents.retrieve": AgentState,
    "agents.update": AgentState,
    "messages.list": List[Message],
    "messages.walk": List[Message],
    "messages.create": LettaResponse,
}


def validate(step: Any, bodies: List[bytes]) -> None:
    for body in bodies:
        text = body.decode()
        if step["call"] == "tokens.delete":
            assert text == "", "nothing comes back from a delete"
        elif text.startswith("data: "):
            check_events(text)
        else:
            check(MODELS[step["call"]], text)


def named(name: Any, minted: List[str]) -> str:
    return minted[name] if isinstance(name, int) else name


def main() -> None:
    task = json.load(sys.stdin)
    answers = Answers()
    http = DefaultHttpxClient(event_hooks={"response": [answers.record]})
    minted: List[str] = []
    results = []
    for step in task["steps"]:
        key = step["key"]
        client = Letta(
            base_url=task["baseUrl"],
            api_key=named(key, minted) if isinstance(key, int) else task["keys"][key],
            default_headers={"Origin": step["origin"]} if step.get("origin") else None,
            http_client=http,
        )
        try:
            results.append({"understood": run(step, client, minted)})
        except APIStatusError as error:
            body = error.body if isinstance(error.body, dict) else {}
            refusal = {"class": type(error).__name__, "status": error.status_code, "message": body.get("message")}
            results.append({"refused": refusal})
            answers.take()
            continue
        validate(step, answers.take())
    json.dump(results, sys.stdout)


main()
