/** When a client connects again, when it waits, and when it gives up. */
import { check, equal, range } from "../check.ts";
import { askClient, askClientBoth, type ClientCase, type ClientStage } from "../client-case.ts";
import { SEQ } from "../sample-log.ts";
import { giveAll, giveTo, type RefusedWith, type Script } from "../stand-in.ts";

const attemptsOf = ({ standIn, transport }: ClientStage): number => (transport === "ws" ? standIn.asked.length : standIn.attempts);

function refused(slug: string, status: number): ClientCase[] {
  return askClientBoth(`refused-${status}`, "PRO59", `that is refused with ${status} ends with the problem and does not ask again`, async (stage) => {
    stage.standIn.refusals = Array.from({ length: 9 }, () => ({ status, slug }));
    await stage.open();
    equal(await stage.untilEnded(), slug, "the code it ended with");
    await stage.linger();
    equal(attemptsOf(stage), 1, "attempts");
  });
}

/** Closed with a code that a repeat does not change. */
function closedForGood(code: number, slug: string): ClientCase[] {
  return askClientBoth(`closed-${code}`, "PRO59", `that is closed with ${code} does not connect again`, async (stage) => {
    stage.standIn.scripts = [
      (connection, standIn) => {
        connection.frame(standIn.after(0, 5));
        connection.close(code, "for good");
      },
      giveAll,
    ];
    await stage.open();
    const ended = await stage.untilEnded();
    check(ended === slug || (code === 4410 && ended === null), `it ended with ${ended}`);
    await stage.linger();
    equal([stage.seqs, stage.standIn.connections.length], [range(1, 5), 1], "seq and connections");
  });
}

/** Closed with a code that a repeat may change. */
function closedForNow(code: number, why: string): ClientCase[] {
  return askClientBoth(`closed-${code}`, "PRO59", `that is closed with ${code} (${why}) goes on after its last event`, async (stage) => {
    stage.standIn.scripts = [
      (connection, standIn) => {
        connection.frame(standIn.after(0, 5));
        connection.close(code, why);
      },
      giveAll,
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal([stage.seqs, stage.standIn.connections.map(({ after }) => after)], [range(1, SEQ.last), [0, 5]], "seq and positions");
  });
}

function waits(status: number, slug: string): ClientCase[] {
  return askClientBoth(`retry-after-${status}`, "PRO60", `that is refused with ${status} waits as long as Retry-After says`, async (stage) => {
    const refusal: RefusedWith = { status, slug, headers: { "retry-after": "10" } };
    stage.standIn.refusals = [refusal];
    await stage.open();
    const connection = await stage.untilConnection(1, stage.patienceMs + stage.scaled(20_000));
    const waited = connection.atMs - (stage.standIn.asked[0]?.atMs ?? 0);
    check(waited >= stage.scaled(10_000) * 0.95, `it waited ${Math.round(waited)} ms where ${stage.scaled(10_000)} were asked for`);
    await stage.untilSeq(SEQ.last);
  });
}

const failing: Script = (connection) => connection.cut();

export const endingCases: readonly ClientCase[] = [
  ...refused("bad-cursor", 400),
  ...refused("unauthenticated", 401),
  ...refused("forbidden", 403),
  ...refused("not-found", 404),
  ...closedForGood(4400, "bad-request"),
  ...closedForGood(4401, "unauthenticated"),
  ...closedForGood(4404, "not-found"),
  ...closedForGood(4410, "session-ended"),
  ...closedForNow(4408, "too slow"),
  ...closedForNow(4500, "broke"),
  ...closedForNow(4999, "a code of tomorrow"),
  ...waits(429, "rate-limited"),
  ...waits(503, "unavailable"),
  ...askClientBoth("server-error", "PRO59", "that is answered 500 tries again", async (stage) => {
    stage.standIn.refusals = [{ status: 500, slug: "internal" }, { status: 502, slug: "upstream-failed" }];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.seqs, range(1, SEQ.last), "seq");
  }),
  ...askClientBoth("waits-longer", "PRO60", "waits before it connects again, and longer after each failure", async (stage) => {
    stage.standIn.scripts = [failing];
    await stage.open();
    await stage.untilConnection(9, stage.patienceMs + stage.scaled(90_000));
    const at = stage.standIn.connections.slice(0, 9).map(({ atMs }) => atMs);
    const gaps = at.slice(1).map((each, index) => each - (at[index] ?? 0));
    const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);
    check(sum(gaps.slice(-3)) > 1.5 * sum(gaps.slice(0, 3)), `it waited ${gaps.map(Math.round).join(", ")} ms`);
    check(sum(gaps.slice(-3)) >= 3 * stage.scaled(2_000), `at last it waited ${gaps.slice(-3).map(Math.round).join(", ")} ms`);
  }),
  ...askClientBoth("waits-anew", "PRO60", "that got on begins its waits anew", async (stage) => {
    const progress: Script = async (connection, standIn) => {
      const replayed = connection.after + 1;
      await giveTo(replayed)(connection, standIn);
      // What comes live was taken after `synced`.
      connection.frame(standIn.after(replayed, replayed + 1));
      await stage.untilSeq(replayed + 1);
      connection.cut();
    };
    stage.standIn.scripts = [progress];
    await stage.open();
    await stage.untilConnection(7, stage.patienceMs);
    const at = stage.standIn.connections.slice(0, 7).map(({ atMs }) => atMs);
    check((at[6] ?? 0) - (at[5] ?? 0) < stage.scaled(3_000) + 1_000, `at last it waited ${Math.round((at[6] ?? 0) - (at[5] ?? 0))} ms`);
  }),
  ...askClientBoth("closed-by-user", "PRO52", "that is closed hangs up and does not connect again", async (stage) => {
    await stage.open();
    const connection = await stage.untilConnection(1);
    await stage.untilSeq(SEQ.last);
    stage.handle.close();
    await stage.until("the connection to close", () => connection.isClosed && true);
    await stage.linger();
    equal(stage.standIn.connections.length, 1, "connections");
  }),
  ...askClientBoth("closed-while-waiting", "PRO52", "that is closed while it waits does not connect again", async (stage) => {
    stage.standIn.scripts = [failing];
    await stage.open();
    await stage.untilConnection(4, stage.patienceMs + stage.scaled(20_000));
    stage.handle.close();
    await stage.linger(300);
    const { length } = stage.standIn.connections;
    await stage.linger(20_000);
    equal(stage.standIn.connections.length, length, "connections");
  }),
  ...askClientBoth("half-open", "PRO62", "that hears nothing for a minute takes the connection for dead", async (stage) => {
    stage.standIn.scripts = [giveTo(5), giveAll];
    await stage.open();
    await stage.untilSeq(5);
    await stage.untilConnection(2, stage.patienceMs + stage.scaled(65_000));
    await stage.untilSeq(SEQ.last);
    equal(stage.standIn.connections.map(({ after }) => after), [0, 5], "positions");
  }),
  ...askClientBoth("kept-alive", "PRO62", "stays on a connection that says it is alive", async (stage, transport) => {
    stage.standIn.scripts = [giveTo(5), giveAll];
    await stage.open();
    await stage.untilSeq(5);
    const connection = await stage.untilConnection(1);
    let answered = 0;
    const alive = setInterval(() => {
      if (transport === "sse") return connection.raw(": keep-alive\n\n");
      for (; answered < connection.heard.length; answered++) if (connection.heard[answered] === "ping") connection.raw("pong");
    }, Math.min(stage.scaled(15_000), transport === "ws" ? 20 : Number.MAX_VALUE));
    try {
      await new Promise((resolve) => setTimeout(resolve, stage.scaled(90_000)));
    } finally {
      clearInterval(alive);
    }
    equal(stage.standIn.connections.length, 1, "connections");
    connection.frame(stage.standIn.after(5));
    await stage.untilSeq(SEQ.last);
  }),
  ...askClientBoth("no-key-in-address", "PRO58", "puts its key in no address", async (stage) => {
    stage.standIn.scripts = [failing, giveAll];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    const addresses = [...stage.standIn.connections, ...stage.standIn.asked].map(({ request }) => request.url ?? "");
    check(addresses.length > 0 && addresses.every((address) => !address.includes("example-key")), addresses.join(" "));
  }),
  askClient("sse", "key-in-header", "PRO58", "sends its key in the header", async (stage) => {
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.standIn.connections[0]?.request.headers.authorization, "Bearer example-key", "the header");
  }),
  askClient("sse", "clean-end", "PRO59", "whose answer ends goes on after its last event", async (stage) => {
    stage.standIn.scripts = [
      (connection, standIn) => {
        connection.frame(standIn.after(0, 5));
        if ("end" in connection) (connection.end as () => void)();
      },
      giveAll,
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal([stage.seqs, stage.standIn.connections[1]?.after], [range(1, SEQ.last), 5], "seq and the second position");
  }),
];
