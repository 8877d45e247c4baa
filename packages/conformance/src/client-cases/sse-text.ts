/** Server-sent events as text: cut anywhere, written in any way the HTML standard allows. */
import { equal, range } from "../check.ts";
import { askClient, type ClientCase } from "../client-case.ts";
import { SEQ } from "../sample-log.ts";
import { asSse, giveAll, sseEvent, type StandIn } from "../stand-in.ts";

const ALL = range(1, SEQ.last);

/** The whole log in another writing. */
function written(id: string, title: string, write: (standIn: StandIn) => readonly (string | Uint8Array)[], everyMs = 0): ClientCase {
  return askClient("sse", id, "PRO61", title, async (stage) => {
    stage.standIn.scripts = [
      async (connection, standIn) => {
        for (const piece of write(standIn)) {
          connection.raw(piece);
          if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
        }
      },
      giveAll,
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.events, stage.standIn.log, "events");
    equal(stage.standIn.connections.length, 1, "connections");
  });
}

const blocks = (standIn: StandIn, bend: (block: string) => string = (block) => block): string[] => standIn.log.map((event) => bend(sseEvent(event)));

export const sseTextCases: readonly ClientCase[] = [
  askClient("sse", "half-block", "PRO61", "drops a block that was never finished", async (stage) => {
    stage.standIn.scripts = [
      async (connection, standIn) => {
        connection.frame(standIn.after(0, 5));
        connection.raw(sseEvent(standIn.log[5] as never).replace(/\n\n$/, "\n"));
        await stage.untilSeq(5);
        asSse(connection).end();
      },
      giveAll,
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal([stage.seqs, stage.standIn.connections[1]?.after], [ALL, 5], "seq and the second position");
  }),
  askClient("sse", "half-data", "PRO61", "drops a block that was cut in the middle of its data", async (stage) => {
    stage.standIn.scripts = [
      async (connection, standIn) => {
        connection.frame(standIn.after(0, 5));
        connection.raw(sseEvent(standIn.log[5] as never).slice(0, 40));
        await stage.untilSeq(5);
        connection.cut();
      },
      giveAll,
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal([stage.seqs, stage.standIn.connections[1]?.after], [ALL, 5], "seq and the second position");
  }),
  written("byte-by-byte", "puts characters and lines together that come byte by byte", (standIn) => {
    const bytes = new TextEncoder().encode(blocks(standIn).slice(6, 8).join(""));
    return [blocks(standIn).slice(0, 6).join(""), ...Array.from(bytes, (byte) => Uint8Array.of(byte)), blocks(standIn).slice(8).join("")];
  }, 1),
  written("cut-characters", "puts characters together that come in pieces", (standIn) => {
    const bytes = new TextEncoder().encode(blocks(standIn).join(""));
    const at = bytes.indexOf(0xf0);
    return [bytes.slice(0, at + 2), bytes.slice(at + 2)];
  }, 20),
  written("crlf", "reads lines that end with CR LF", (standIn) => blocks(standIn, (block) => block.replaceAll("\n", "\r\n"))),
  written("crlf-cut", "reads a CR LF that is cut in its middle", (standIn) => blocks(standIn, (block) => block.replaceAll("\n", "\r\n")).flatMap((block) => [block.slice(0, -1), "\n"]), 2),
  written("comments", "passes over comments, between blocks and inside them", (standIn) => blocks(standIn, (block) => `: hello\n\n${block.replace("event:", ": inside\nevent:")}:\n\n`)),
  written("data-lines", "puts data over several lines together", (standIn) => standIn.log.map((event) => `id: ${event.seq}\nevent: ${event.type}\n${JSON.stringify(event, null, 1).split("\n").map((line) => `data: ${line}\n`).join("")}\n`)),
  written("no-space", "reads fields without a space after the colon", (standIn) => blocks(standIn, (block) => block.replaceAll(/^(\w+): /gm, "$1:"))),
  written("other-fields", "passes over fields it does not know", (standIn) => blocks(standIn, (block) => `retry: 10\nweather: fine\ncolour\n${block}`)),
  written("other-order", "reads fields in any order", (standIn) => standIn.log.map((event) => `data: ${JSON.stringify(event)}\nevent: ${event.type}\nid: ${event.seq}\n\n`)),
];
