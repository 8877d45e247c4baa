/** Splits server-sent events as they arrive, at whatever byte the network cut them. Keeps the data, drops the rest. */

/** Longest event kept, in UTF-16 units; a longer one is passed over. Usage events are a few hundred. */
const EVENT_UNITS_MAX = 1024 * 1024;

export class SseSplitter {
  #line = "";
  #data: string[] = [];
  #units = 0;

  /** Answers the data of every event that `text` completes. */
  push(text: string): readonly string[] {
    const events: string[] = [];
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    if (this.#line.length > EVENT_UNITS_MAX) {
      this.#line = "";
      this.#units = Infinity;
    }
    for (const raw of lines) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (line === "") events.push(...this.end());
      else if (line.startsWith("data:")) this.#keep(line.slice(line.startsWith("data: ") ? 6 : 5));
    }
    return events;
  }

  /** The event that the stream ended in, for servers that leave out the last empty line. */
  end(): readonly string[] {
    const event = this.#data.join("\n");
    const isWhole = this.#data.length > 0 && this.#units <= EVENT_UNITS_MAX;
    this.#data = [];
    this.#units = 0;
    return isWhole ? [event] : [];
  }

  #keep(data: string): void {
    this.#units += data.length;
    if (this.#units <= EVENT_UNITS_MAX) this.#data.push(data);
  }
}
