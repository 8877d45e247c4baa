/** Holds viewers outside the benchmark's process, so that reading does not disturb what is read. Ends with its parent. */
import { Viewer } from "./viewer.ts";
import type { Answer, Ask, Numbered, Opened } from "./viewer-messages.ts";

const groups = new Map<string, readonly Viewer[]>();

process.on("message", (asked: Numbered<Ask>) => {
  const { id, body } = asked;
  answer(body).then(
    (value) => send({ id, value }),
    (error: unknown) => send({ id, error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

async function answer(asked: Ask): Promise<unknown> {
  if (asked.ask === "open") {
    const { group, url, apiKey, after, count } = asked;
    const viewers = Array.from({ length: count }, () => new Viewer(`${url}?frames=short&after=${after}`, apiKey));
    groups.set(group, viewers);
    return { syncedMs: await Promise.all(viewers.map(({ synced }) => synced)) } satisfies Opened;
  }
  const viewers = groups.get(asked.group) ?? [];
  switch (asked.ask) {
    case "reset":
      return viewers.forEach((viewer) => viewer.reset());
    case "ended":
      return void (await Promise.all(viewers.map((viewer) => viewer.ended(asked.messageId))));
    case "report":
      return viewers.map((viewer) => viewer.report());
    case "close":
      groups.delete(asked.group);
      return viewers.forEach((viewer) => viewer.close());
  }
}

function send(message: Answer): void {
  process.send?.(message);
}
