/** Reads what a stream does not hold any more, by the same cursor: JSON pages up to where the stream begins. */
import type { SessionEvent } from "@berth/protocol";
import type { LogCursor } from "./cursor.ts";
import { clientError } from "./errors.ts";
import type { Http } from "./http.ts";
import type { Page } from "./page.ts";

/** Ends when the cursor stands just before `from`. @throws BerthError when a page cannot be read or skips something */
export async function* archivePages(http: Http, path: string, cursor: LogCursor, from: number, signal: AbortSignal): AsyncGenerator<readonly SessionEvent[]> {
  while (cursor.seq < from - 1) {
    const { data } = await http.get<Page<SessionEvent>>(path, { query: { after: cursor.seq, limit: 500 }, signal });
    const { events, gap } = cursor.accept(data.filter(({ seq }) => seq < from));
    if (gap || events.length === 0) throw clientError("network", "The archive skipped an event");
    yield events;
  }
}
