// Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) from the body of
// an answer. `EventSource` does so too, but cannot send a POST, or a token.

/** Longest event, in characters. A server that sends more is not one that this page knows. */
const LIMIT = 1 << 20;

/** Joins pieces of text to events. The pieces may be cut anywhere. */
export class EventParser {
  #line = "";
  #endedInReturn = false;
  #type = "";
  #data = [];
  #length = 0;

  /** Takes the next piece, and returns the events that it completes. */
  push(text) {
    // The second half of a line end that was cut in two.
    if (this.#endedInReturn && text.startsWith("\n")) text = text.slice(1);
    else if (text === "") return [];
    this.#endedInReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this.#line + lines[0];
    this.#line = lines.pop();
    const events = lines.map((line) => this.#read(line)).filter((event) => event !== null);
    if (this.#length + this.#line.length > LIMIT) throw new Error("an event is too long");
    return events;
  }

  #read(line) {
    if (line === "") {
      const event = { type: this.#type || "message", data: this.#data.join("\n") };
      const isEmpty = this.#data.length === 0;
      this.#type = "";
      this.#data = [];
      this.#length = 0;
      return isEmpty ? null : event;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") {
      this.#data.push(value);
      this.#length += value.length + 1;
    } else if (field === "event") {
      this.#type = value;
    }
    // Everything else is ignored, including comments (an empty field).
    return null;
  }
}

/** The events of a body, as they arrive. An event that the end cuts off is dropped. */
export async function* readEvents(body) {
  const parser = new EventParser();
  const reader = body.getReader();
  // A letter may be cut in two as well; the decoder keeps its first half.
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // If nobody wants the rest, it need not be sent.
    reader.cancel().catch(() => {});
  }
}
