/** What a client shows of a session's turns besides their text: what waits, what is asked, and big outputs. */
import { check, equal } from "../check.ts";
import { askClientBoth, type ClientCase, type ClientStage } from "../client-case.ts";
import { laterLog, SEQ, SHOWN } from "../sample-log.ts";
import { giveTo, type Script } from "../stand-in.ts";
import type { WireEvent } from "../wire.ts";

/** Gives the sample and what follows it, one event after the other, and looks each time. */
async function throughout(stage: ClientStage, look: (seq: number) => Promise<void>): Promise<void> {
  stage.standIn.log.push(...laterLog(SEQ.last));
  stage.standIn.scripts = [giveTo(SEQ.last)];
  await stage.open();
  const connection = await stage.untilConnection(1);
  for (const event of stage.standIn.after(SEQ.last)) {
    connection.frame([event]);
    await stage.untilSeq(event.seq);
    await look(event.seq);
  }
}

/** The later log with a cut in its middle, and a server that then begins too early. */
function cutAt(stage: ClientStage, seq: number): void {
  stage.standIn.log.push(...laterLog(SEQ.last));
  const first: Script = async (connection, standIn) => {
    await giveTo(seq)(connection, standIn);
    await stage.untilSeq(seq);
    connection.cut();
  };
  const second: Script = (connection, standIn) => {
    connection.frame(standIn.after(Math.max(0, connection.after - 8)));
    connection.tell("synced", { seq: standIn.log.length });
  };
  stage.standIn.scripts = [first, second];
}

type Shown = (typeof SHOWN)[number];
const at = (seq: number): Shown | undefined => SHOWN.find((shown) => shown.seq === seq);
const untilShown = (stage: ClientStage, what: "waiting" | "cards", expected: readonly string[]): Promise<true> =>
  stage.until(`${what}: ${expected.join()}; shown is ${stage[what].join()}`, () => stage[what].join() === expected.join() && true);

const WHOLE = Array.from({ length: 9_000 }, (_, number) => `${number + 1} é🙂`).join(" ");
const CUT = `${WHOLE.slice(0, 3_000)}\n… many bytes are left out here …\n${WHOLE.slice(-3_000)}`;
const REF = { name: "out_1", address: "/v1/sessions/ses_1/outputs/out_1", bytes: Buffer.byteLength(WHOLE) };

/** The sample with a big output in the place of its small one. */
function withBigOutput(stage: ClientStage): void {
  const bent = stage.standIn.log.map((event): WireEvent => {
    if (event.seq !== SEQ.toolEnded) return event;
    const part = event.data["part"] as { readonly tool: object };
    return { ...event, data: { part: { ...part, tool: { ...part.tool, output: CUT, outputRef: REF } } } };
  });
  stage.standIn.log.splice(0, bent.length, ...bent);
  stage.standIn.outputs.set(REF.address, WHOLE);
}

function reading(stage: ClientStage, ref = REF): Promise<string> {
  check(stage.handle.output, "the client reads big outputs");
  return stage.handle.output(ref);
}

export const clientTurnCases: readonly ClientCase[] = [
  ...askClientBoth("waiting-order", "PRO84", "shows what waits in the order that events say", async (stage) => {
    await throughout(stage, async (seq) => {
      const shown = at(seq);
      if (shown) await untilShown(stage, "waiting", shown.waiting);
    });
  }, ["waiting"]),
  ...askClientBoth("waiting-again", ["PRO53", "PRO84"], "that is told of the queue again shows it as it is", async (stage) => {
    cutAt(stage, 23);
    await stage.open();
    await stage.untilSeq(34);
    await untilShown(stage, "waiting", at(34)?.waiting ?? []);
  }, ["waiting"]),
  ...askClientBoth("cards-open", "PRO85", "shows what is asked, from when it is asked to when it is answered", async (stage) => {
    await throughout(stage, async (seq) => {
      const shown = at(seq);
      if (shown) await untilShown(stage, "cards", shown.cards);
    });
  }, ["cards"]),
  ...askClientBoth("cards-again", ["PRO53", "PRO85"], "that is told of a question again shows it once, and not again once it is answered", async (stage) => {
    cutAt(stage, 29);
    await stage.open();
    await stage.untilSeq(29);
    await untilShown(stage, "cards", at(29)?.cards ?? []);
    await stage.untilSeq(34);
    await untilShown(stage, "cards", []);
  }, ["cards"]),
  ...askClientBoth("output-shown", "PRO86", "shows of a big output what its event has", async (stage) => {
    withBigOutput(stage);
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.texts.get("prt_2"), CUT, "the text");
    equal(stage.standIn.outputsAsked.length, 0, "requests for the whole, which nobody asked for");
  }),
  ...askClientBoth("output-read", "PRO86", "reads the whole of a big output at its address, as it is, with its key in the header", async (stage) => {
    withBigOutput(stage);
    await stage.open();
    await stage.untilSeq(SEQ.last);
    const text = await reading(stage);
    check(text === WHOLE, `the whole: ${text.length} units of ${WHOLE.length}`);
    const [asked] = stage.standIn.outputsAsked;
    equal([asked?.url, asked?.headers.authorization], [REF.address, "Bearer example-key"], "the address, and the header");
  }, ["outputs"]),
  ...askClientBoth("output-missing", "PRO86", "is told why a big output cannot be read", async (stage) => {
    await stage.open();
    await stage.untilSeq(SEQ.last);
    const error: unknown = await reading(stage, { name: "out_2", address: "/v1/sessions/ses_1/outputs/out_2", bytes: 70_000 }).catch((each: unknown) => each);
    equal((error as { code?: string }).code, "not-found", "the code");
    equal(stage.ended, null, "it goes on");
  }, ["outputs"]),
];
