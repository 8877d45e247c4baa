/** Text that is still being written. */
import { check, equal } from "../check.ts";
import { askClient, askClientBoth, type ClientStage } from "../client-case.ts";
import { SEQ, TEXTS } from "../sample-log.ts";
import { giveTo, type Connection, type Script } from "../stand-in.ts";
import type { WireDelta } from "../wire.ts";

const PART = "prt_1";
const delta = (offset: number, text: string): WireDelta => ({ partId: PART, offset, text });

/** Up to where the first part is open. */
async function openPart(stage: ClientStage, ...more: Script[]): Promise<Connection> {
  stage.standIn.scripts = [giveTo(SEQ.firstPartStarted), ...more];
  await stage.open();
  const connection = await stage.untilConnection(1);
  await stage.untilSeq(SEQ.firstPartStarted);
  return connection;
}

const shows = (stage: ClientStage, text: string): Promise<true> =>
  stage.until(`the text ${JSON.stringify(text)}; shown is ${JSON.stringify(stage.texts.get(PART))}`, () => stage.texts.get(PART) === text && true);

export const clientDeltaCases = [
  ...askClientBoth("delta-shown", "PRO55", "shows text as it is written", async (stage) => {
    const connection = await openPart(stage);
    connection.frame([], [delta(0, "before ")]);
    await shows(stage, "before ");
    connection.frame([], [delta(7, "the "), delta(11, "tool")]);
    await shows(stage, "before the tool");
  }),
  ...askClientBoth("delta-repeated", "PRO55", "is not confused by text that is told again", async (stage) => {
    const connection = await openPart(stage);
    connection.frame([], [delta(0, "before ")]);
    connection.frame([], [delta(0, "before ")]);
    connection.frame([], [delta(7, "the")]);
    await shows(stage, "before the");
  }),
  ...askClientBoth("delta-overlapping", "PRO55", "puts a delta that begins earlier at its place", async (stage) => {
    const connection = await openPart(stage);
    connection.frame([], [delta(0, "before th")]);
    connection.frame([], [delta(7, "the tool")]);
    await shows(stage, "before the tool");
  }),
  ...askClientBoth("delta-units", "PRO55", "counts offsets in UTF-16 units", async (stage) => {
    const connection = await openPart(stage);
    connection.frame([], [delta(0, "🙂é")]);
    connection.frame([], [delta(3, "𝄞!")]);
    await shows(stage, "🙂é𝄞!");
  }),
  ...askClientBoth("delta-superseded", "PRO55", "shows the whole text once the part has ended", async (stage) => {
    const connection = await openPart(stage);
    connection.frame([], [delta(0, "bef")]);
    await shows(stage, "bef");
    connection.frame(stage.standIn.after(SEQ.firstPartStarted, SEQ.firstPartEnded));
    await shows(stage, TEXTS.before);
  }),
  ...askClientBoth("delta-late", "PRO55", "is not confused by a delta that comes after its part's end", async (stage) => {
    const connection = await openPart(stage);
    connection.frame(stage.standIn.after(SEQ.firstPartStarted, SEQ.firstPartEnded));
    await shows(stage, TEXTS.before);
    connection.frame([], [delta(TEXTS.before.length, " and more")]);
    connection.frame(stage.standIn.after(SEQ.firstPartEnded, SEQ.toolStarted));
    await stage.untilSeq(SEQ.toolStarted);
    equal(stage.texts.get(PART), TEXTS.before, "the text");
  }),
  ...askClientBoth("delta-join", "PRO55", "that joins in the middle of a part shows its text from the start", async (stage) => {
    stage.standIn.scripts = [
      (connection, standIn) => {
        connection.frame(standIn.after(connection.after, SEQ.firstPartStarted));
        connection.frame([], [delta(0, "before the ")]);
        connection.tell("synced", { seq: SEQ.firstPartStarted });
        connection.frame([], [delta(11, "tool")]);
      },
    ];
    await stage.open();
    await shows(stage, "before the tool");
  }),
  ...askClientBoth("delta-reconnect", ["PRO52", "PRO55"], "that is cut in the middle of a part shows nothing twice", async (stage) => {
    const again: Script = (connection) => {
      connection.frame([], [delta(0, "before the to")]);
      connection.tell("synced", { seq: SEQ.firstPartStarted });
      connection.frame([], [delta(13, "ol")]);
    };
    const connection = await openPart(stage, again);
    connection.frame([], [delta(0, "before ")]);
    await shows(stage, "before ");
    connection.cut();
    const second = await stage.untilConnection(2);
    equal(second.after, SEQ.firstPartStarted, "the second position");
    await shows(stage, "before the tool");
  }),
  ...askClientBoth("delta-no-cursor", "PRO52", "does not take a delta for a position", async (stage) => {
    const connection = await openPart(stage, giveTo(SEQ.last));
    for (let offset = 0; offset < 30; offset++) connection.frame([], [delta(offset, "x")]);
    await shows(stage, "x".repeat(30));
    connection.cut();
    await stage.untilSeq(SEQ.last);
    equal(stage.standIn.connections[1]?.after, SEQ.firstPartStarted, "the second position");
  }),
  askClient("ws", "more-shown", "PRO65", "shows text that goes on in short frames", async (stage) => {
    const connection = await openPart(stage);
    connection.frame([], [delta(0, "before ")]);
    connection.more(delta(7, "the "));
    connection.more(delta(11, "tool"));
    await shows(stage, "before the tool");
  }),
  askClient("ws", "more-acknowledged", "PRO65", "acknowledges short frames", async (stage) => {
    const connection = await openPart(stage);
    connection.frame([], [delta(0, "before ")]);
    for (let offset = 7; offset < 27; offset++) connection.more(delta(offset, "x"));
    await stage.until("frame 22 to be acknowledged", () => connection.heard.some((text) => text.includes('"ack"') && text.includes(":22")));
  }),
  ...askClientBoth("delta-before-tool", "PRO55", "keeps text before a tool call", async (stage) => {
    const connection = await openPart(stage);
    connection.frame([], [delta(0, TEXTS.before)]);
    connection.frame(stage.standIn.after(SEQ.firstPartStarted, SEQ.toolEnded));
    await stage.untilSeq(SEQ.toolEnded);
    equal(stage.texts.get(PART), TEXTS.before, "the text");
    check(stage.texts.get("prt_2")?.includes("from the tool"), `the tool's output: ${stage.texts.get("prt_2")}`);
  }),
];
