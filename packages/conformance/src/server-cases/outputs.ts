/** What tools print, where it is too much for an event. */
import { check, equal } from "../check.ts";
import { printed } from "../driver.ts";
import { ask, askBoth, type ServerCase } from "../server-case.ts";
import type { Stage, Turn } from "../venue.ts";
import type { Watcher } from "../watcher.ts";
import { joined, partOf, slugOf, type WireEvent, type WireOutputRef, type WirePart, type WireProblem } from "../wire.ts";

const INLINE_BYTES_MAX = 64 * 1024;
/** Numbers that are printed: the one just fits, the others do not. */
const [FITS, BIG, BIGGER] = [5_000, 8_000, 9_000] as const;
const MARK_UNITS_MAX = 200;
const NEEDS = ["outputs"] as const;
const TRANSPORTS = ["ws", "sse"] as const;

interface Printed {
  readonly id: string;
  readonly turn: Turn;
  /** Who watched from its beginning. */
  readonly live: Readonly<Record<"ws" | "sse", Watcher>>;
  readonly events: readonly WireEvent[];
  readonly fits: WireEvent;
  readonly big: WireEvent;
  readonly bigger: WireEvent;
}

/** The tool call whose output begins and ends as these numbers do. */
function callThatPrinted(events: readonly WireEvent[], upTo: number): WireEvent {
  const found = events.find((event) => {
    const output = event.type === "part.ended" ? partOf(event).tool?.output : undefined;
    return output?.includes("1 é🙂 2 é🙂 3 é🙂") && output.includes(` ${upTo - 1} é🙂 ${upTo} é🙂`);
  });
  check(found, `a tool call that printed the numbers up to ${upTo}`);
  return found;
}

/** One turn with three outputs, for all cases. */
function printing(stage: Stage): Promise<Printed> {
  return stage.venue.shared("printed", async () => {
    const id = await stage.venue.makeSession();
    const before = await stage.lastSeq(id);
    const live = { ws: await stage.venue.watch("ws", id, before), sse: await stage.venue.watch("sse", id, before) };
    const turn = await stage.venue.play(id, [{ print: FITS }, { print: BIG }, { print: BIGGER }]);
    equal(await turn.over(), "completed", "how the turn ended");
    const events = await stage.venue.log(id, turn.before);
    for (const transport of TRANSPORTS) await live[transport].untilSeq(events.at(-1)?.seq ?? 0);
    return { id, turn, live, events, fits: callThatPrinted(events, FITS), big: callThatPrinted(events, BIG), bigger: callThatPrinted(events, BIGGER) };
  });
}

const toolOf = (event: WireEvent): NonNullable<WirePart["tool"]> => {
  const { tool } = partOf(event);
  check(tool, "a tool");
  return tool;
};

function refOf(event: WireEvent): WireOutputRef {
  const { outputRef } = toolOf(event);
  check(outputRef && outputRef.name && outputRef.address && Number.isInteger(outputRef.bytes), `outputRef: ${JSON.stringify(outputRef)}`);
  return outputRef;
}

const whole = async (stage: Stage, event: WireEvent): Promise<string> => {
  const { status, bytes } = await stage.api.read(refOf(event).address);
  equal(status, 200, "status");
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
};

/** Units that two texts share at their beginning, or seen from behind at their end. */
function shared(one: string, other: string, fromBehind: boolean): number {
  let count = 0;
  const at = (text: string): string | undefined => text.at(fromBehind ? -1 - count : count);
  while (count < one.length && at(one) === at(other)) count += 1;
  return count;
}

async function refused(stage: Stage, path: string, key?: string | null): Promise<readonly [number, string]> {
  const { status, body } = await stage.api.ask(`GET ${path}`, key === undefined ? {} : { key });
  return [status, status < 400 ? "none" : slugOf(body as WireProblem)];
}

export const outputCases: readonly ServerCase[] = [
  ask("output.cut", "PRO76", "output that is too big is cut in its event to its beginning and its end, and no character is", async (stage) => {
    const { big, bigger } = await printing(stage);
    for (const event of [big, bigger]) {
      const [output, text] = [toolOf(event).output ?? "", await whole(stage, event)];
      const bytes = Buffer.byteLength(output);
      check(bytes <= INLINE_BYTES_MAX && bytes > INLINE_BYTES_MAX / 2, `it has ${bytes} bytes`);
      const [head, tail] = [shared(output, text, false), shared(output, text, true)];
      check(Math.min(head, tail) > output.length / 4 && output.length - head - tail <= MARK_UNITS_MAX, `${head} units from its beginning, ${tail} from its end, ${output.length} in all`);
      check(!output.includes("\uFFFD"), "each character is whole");
    }
  }, NEEDS),
  ask("output.fits", "PRO76", "output that fits is whole in its event, which has no other address", async (stage) => {
    const { output = "", outputRef, truncated } = toolOf((await printing(stage)).fits);
    check(output.includes(printed(FITS)), `it is whole: ${output.length} units`);
    equal([outputRef ?? null, truncated ?? false], [null, false], "outputRef and truncated");
  }, NEEDS),
  ask("output.whole", "PRO77", "the whole is read at the address, byte for byte, and has as many bytes as were said", async (stage) => {
    const { big, bigger } = await printing(stage);
    for (const [event, upTo] of [[big, BIG], [bigger, BIGGER]] as const) {
      const { address, bytes } = refOf(event);
      const first = await stage.api.read(address);
      equal([first.status, first.bytes.length], [200, bytes], "status and bytes");
      check(/^text\/plain; *charset=utf-8$/i.test(first.headers.get("content-type") ?? ""), `content-type: ${first.headers.get("content-type")}`);
      check((await whole(stage, event)).includes(printed(upTo)), `it holds the numbers up to ${upTo}`);
      equal(Buffer.compare((await stage.api.read(address)).bytes, first.bytes), 0, "a second reading");
    }
  }, NEEDS),
  ask("output.own-names", "PRO77", "each output has a name and an address of its own", async (stage) => {
    const { big, bigger } = await printing(stage);
    const [one, two] = [refOf(big), refOf(bigger)];
    check(one.name !== two.name && one.address !== two.address, `${one.address} and ${two.address}`);
    equal((await whole(stage, big)).includes(` ${BIGGER} é🙂`), false, "whether the one holds the other's numbers");
  }, NEEDS),
  ...askBoth("output.at-once", "PRO77", "the whole is there at the moment that its event is shown", async (stage, transport) => {
    const id = await stage.session();
    const viewer = await stage.watch(transport, id, await stage.lastSeq(id));
    const held = await stage.play(id, [{ print: BIG }, { say: "and on" }]);
    const event = await viewer.until("an output with an address", () => viewer.events.find((each) => each.type === "part.ended" && partOf(each).tool?.outputRef !== undefined));
    check((await whole(stage, event)).includes(printed(BIG)), "the whole of it");
    await held.over();
  }, NEEDS),
  ...askBoth("output.cut-everywhere", "PRO78", "live, replayed and on pages the cut end is the same event", async (stage, transport) => {
    const { id, turn, live, events, big, bigger } = await printing(stage);
    const last = events.at(-1)?.seq ?? 0;
    const late = await stage.watch(transport, id, turn.before);
    await late.untilSeq(last);
    for (const viewer of [live[transport], late]) {
      const shown = viewer.events.filter(({ seq }) => seq <= last);
      equal(shown.length, events.length, "events");
      for (const event of [big, bigger]) equal(shown.find(({ seq }) => seq === event.seq), event, `event ${event.seq}`);
    }
  }, NEEDS),
  ...askBoth("output.deltas", "PRO78", "what was streamed of a big output is the beginning of the whole", async (stage, transport) => {
    const { live, bigger } = await printing(stage);
    const streamed = joined(live[transport].deltas, partOf(bigger).id);
    check((await whole(stage, bigger)).startsWith(streamed), `${streamed.length} units were streamed, and end in ${JSON.stringify(streamed.slice(-40))}`);
  }, NEEDS),
  ask("output.unknown", "PRO79", "a name that is not there is not-found", async (stage) => {
    const { id, big } = await printing(stage);
    const { name } = refOf(big);
    for (const unknown of ["out_nobody", `${name}x`, name.slice(0, -1), "..%2F..%2Fevents", "%00"]) equal(await refused(stage, `/v1/sessions/${id}/outputs/${unknown}`), [404, "not-found"], unknown);
  }, NEEDS),
  ask("output.other-session", "PRO79", "another session's output is not-found", async (stage) => {
    const [{ big }, other] = [await printing(stage), (await stage.history()).id];
    equal(await refused(stage, `/v1/sessions/${other}/outputs/${refOf(big).name}`), [404, "not-found"], "the answer");
  }, NEEDS),
  ask("output.no-key", "PRO79", "without a key there is no output", async (stage) => {
    const { address } = refOf((await printing(stage)).big);
    equal(await refused(stage, new URL(address, stage.api.url).pathname, null), [401, "unauthenticated"], "the answer");
  }, NEEDS),
  ask("output.other-organization", ["PRO70", "PRO79"], "another organization's output is not-found", async (stage) => {
    const { address } = refOf((await printing(stage)).big);
    equal(await refused(stage, new URL(address, stage.api.url).pathname, stage.venue.server.otherKey), [404, "not-found"], "the answer");
  }, ["outputs", "other-organization"]),
  ask("output.deleted", "PRO79", "outputs go with their session", async (stage) => {
    const id = await stage.venue.makeSession();
    const turn = await stage.play(id, [{ print: BIG }]);
    await turn.over();
    const event = callThatPrinted(await stage.venue.log(id, turn.before), BIG);
    const { pathname } = new URL(refOf(event).address, stage.api.url);
    equal((await stage.api.read(pathname)).status, 200, "before");
    equal((await stage.api.ask(`DELETE /v1/sessions/${id}`)).status, 204, "the deletion");
    equal(await refused(stage, pathname), [404, "not-found"], "afterwards");
  }, NEEDS),
];
