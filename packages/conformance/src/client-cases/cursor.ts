/** What a client gives to its user, and where it goes on. */
import { check, equal, range } from "../check.ts";
import { askClient, askClientBoth, type ClientStage } from "../client-case.ts";
import { SEQ } from "../sample-log.ts";
import { giveAll, giveTo, type Script } from "../stand-in.ts";
import type { WireEvent } from "../wire.ts";

const ALL = range(1, SEQ.last);

/** Gives so many events and goes dead once they were taken. */
const cutAfter = (stage: ClientStage, count: number): Script => async (connection, standIn) => {
  const events = standIn.after(connection.after).slice(0, count);
  connection.frame(events);
  await stage.untilSeq(events.at(-1)?.seq ?? SEQ.last);
  connection.cut();
};

export const cursorCases = [
  ...askClientBoth("whole", "PRO53", "gives each event once and in order", async (stage) => {
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.events, stage.standIn.log, "events");
  }),
  ...askClientBoth("asks-after", "PRO52", "asks for the position it was given", async (stage) => {
    await stage.open(7);
    await stage.untilSeq(SEQ.last);
    equal(stage.standIn.connections[0]?.after, 7, "the position");
    equal(stage.seqs, range(8, SEQ.last), "seq");
  }),
  ...askClientBoth("live", "PRO53", "gives what comes live, one at a time", async (stage) => {
    stage.standIn.scripts = [giveTo(5)];
    await stage.open();
    const connection = await stage.untilConnection(1);
    await stage.untilSeq(5);
    for (const event of stage.standIn.after(5)) connection.frame([event]);
    await stage.untilSeq(SEQ.last);
    equal(stage.seqs, ALL, "seq");
  }),
  ...askClientBoth("reconnects-after", "PRO52", "whose connection was cut goes on after its last event", async (stage) => {
    stage.standIn.scripts = [cutAfter(stage, 5), giveAll];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.standIn.connections.map(({ after }) => after), [0, 5], "positions");
    equal(stage.seqs, ALL, "seq");
  }),
  ...askClientBoth("cut-again-and-again", "PRO52", "that is cut after every two events gives all of them once", async (stage) => {
    stage.standIn.scripts = [cutAfter(stage, 2)];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.seqs, ALL, "seq");
    check(stage.standIn.connections.length >= 8, "it was cut often");
  }),
  ...askClientBoth("cut-before-anything", "PRO52", "that is cut before anything came asks for the same again", async (stage) => {
    stage.standIn.scripts = [(connection) => connection.cut(), (connection) => connection.cut(), giveAll];
    await stage.open(3);
    await stage.untilSeq(SEQ.last);
    equal(stage.standIn.connections.map(({ after }) => after), [3, 3, 3], "positions");
  }),
  ...askClientBoth("cut-while-live", "PRO52", "that is cut after synced goes on after what came live", async (stage) => {
    stage.standIn.scripts = [giveTo(6), giveAll];
    await stage.open();
    const connection = await stage.untilConnection(1);
    await stage.untilSeq(6);
    connection.frame(stage.standIn.after(6, 8));
    await stage.untilSeq(8);
    connection.cut();
    await stage.untilSeq(SEQ.last);
    equal(stage.standIn.connections.map(({ after }) => after), [0, 8], "positions");
    equal(stage.seqs, ALL, "seq");
  }),
  ...askClientBoth("duplicates", "PRO53", "drops what it has when a server begins too early", async (stage) => {
    const tooEarly: Script = (connection, standIn) => {
      connection.frame(standIn.after(Math.max(0, connection.after - 3)));
      connection.tell("synced", { seq: SEQ.last });
    };
    stage.standIn.scripts = [cutAfter(stage, 6), tooEarly];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    await stage.linger();
    equal(stage.seqs, ALL, "seq");
  }),
  ...askClientBoth("duplicate-frame", "PRO53", "drops events that come again live", async (stage) => {
    stage.standIn.scripts = [
      (connection, standIn) => {
        connection.frame(standIn.after(0, 5));
        connection.frame(standIn.after(3, 5));
        connection.frame(standIn.after(3));
        connection.tell("synced", { seq: SEQ.last });
      },
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    await stage.linger(300);
    equal(stage.seqs, ALL, "seq");
  }),
  ...askClientBoth("hole", "PRO53", "that finds a hole connects again after what it had, and gives nothing past the hole before", async (stage) => {
    stage.standIn.scripts = [
      (connection, standIn) => connection.frame([...standIn.after(0, 5), ...standIn.after(7)]),
      giveAll,
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.seqs, ALL, "seq");
    equal(stage.standIn.connections.map(({ after }) => after), [0, 5], "positions");
  }),
  ...askClientBoth("hole-between-frames", "PRO53", "finds a hole between two frames too", async (stage) => {
    stage.standIn.scripts = [
      (connection, standIn) => {
        connection.frame(standIn.after(0, 4));
        connection.tell("synced", { seq: 4 });
        connection.frame(standIn.after(5, 6));
      },
      giveAll,
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.seqs, ALL, "seq");
    equal(stage.standIn.connections[1]?.after, 4, "the second position");
  }),
  ...askClientBoth("unknown-event", "PRO54", "counts an event of a type it does not know, and goes on", async (stage) => {
    const changed = stage.standIn.log.map((event): WireEvent => (event.seq === 6 ? { ...event, type: "weather.changed", data: { wind: "north" } } : event));
    stage.standIn.scripts = [(connection) => connection.frame(changed.filter(({ seq }) => seq > connection.after)), giveAll];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.standIn.connections.length, 1, "connections");
    equal(stage.seqs.filter((seq) => seq !== 6), ALL.filter((seq) => seq !== 6), "seq of the known ones");
  }),
  ...askClientBoth("unknown-event-cut", "PRO54", "goes on after an event of a type it does not know when it is cut there", async (stage) => {
    const changed = stage.standIn.log.map((event): WireEvent => (event.seq === 6 ? { ...event, type: "weather.changed", data: {} } : event));
    stage.standIn.scripts = [
      async (connection) => {
        connection.frame(changed.slice(0, 6));
        await stage.untilSeq(6);
        connection.cut();
      },
      giveAll,
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal(stage.standIn.connections[1]?.after, 6, "the second position");
  }),
  ...askClientBoth("unknown-message", "PRO54", "passes over a message of a kind it does not know", async (stage) => {
    stage.standIn.scripts = [
      (connection, standIn) => {
        connection.tell("weather", { wind: "north" });
        connection.frame(standIn.after(0, 9));
        connection.tell("weather", { wind: "east" });
        connection.frame(standIn.after(9));
        connection.tell("synced", { seq: SEQ.last });
      },
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    equal([stage.seqs, stage.standIn.connections.length], [ALL, 1], "seq and connections");
  }),
  ...askClientBoth("unknown-fields", "PRO54", "passes over fields it does not know", async (stage) => {
    const more = stage.standIn.log.map((event) => ({ ...event, weather: "fine", data: { ...event.data, weather: { wind: 3 } } }));
    stage.standIn.scripts = [
      (connection) => {
        connection.frame(more, [{ partId: "prt_9", offset: 0, text: "x", weather: 1 } as never]);
        connection.tell("synced", { seq: SEQ.last, weather: "fine" });
      },
    ];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    await stage.linger(300);
    equal([stage.seqs, stage.standIn.connections.length, stage.ended], [ALL, 1, null], "seq, connections and end");
  }),
  ...askClientBoth("many", "PRO53", "takes a thousand events in one frame", async (stage) => {
    const many = range(SEQ.last + 1, 1_015).map((seq): WireEvent => ({ seq, id: `evt_${seq}`, at: "2026-01-02T03:05:00.000Z", type: "todo.updated", data: { items: [] } }));
    stage.standIn.log.push(...many);
    await stage.open();
    await stage.untilSeq(1_015);
    equal(stage.seqs, range(1, 1_015), "seq");
  }),
  ...askClientBoth("reset-future", "PRO56", "whose position does not exist goes back to where the server says", async (stage) => {
    const resetting: Script = (connection, standIn) => {
      if (connection.after > SEQ.last) connection.tell("reset", { from: 1 });
      if (connection.isClosed || (connection.after > SEQ.last && stage.transport === "sse")) return;
      connection.frame(standIn.after(connection.after > SEQ.last ? 0 : connection.after));
      connection.tell("synced", { seq: SEQ.last });
    };
    stage.standIn.scripts = [resetting];
    await stage.open(99);
    await stage.untilSeq(SEQ.last);
    equal([stage.resets, stage.seqs], [[1], ALL], "what it said, and seq");
  }),
  ...askClientBoth("reset-told", "PRO56", "that cannot get what is missing says so and goes on from there", async (stage) => {
    stage.standIn.scripts = [resetTo(6)];
    await stage.open(2);
    await stage.untilSeq(SEQ.last);
    equal([stage.resets, stage.seqs], [[6], range(6, SEQ.last)], "what it said, and seq");
  }),
  askClient("ws", "reset-live", "PRO56", "that is reset while it watches reads the archive and goes on where it is", async (stage) => {
    stage.standIn.scripts = [giveTo(5)];
    await stage.open();
    const connection = await stage.untilConnection(1);
    await stage.untilSeq(5);
    connection.tell("reset", { from: 9, archive: "/v1/sessions/ses_1/events?after=5" });
    connection.frame(stage.standIn.after(8));
    await stage.untilSeq(SEQ.last);
    equal([stage.seqs, stage.resets, stage.standIn.connections.length], [ALL, [], 1], "seq, what it said, and connections");
  }),
  ...askClientBoth("reset-archive-pages", "PRO56", "reads as many pages of the archive as there are", async (stage) => {
    stage.standIn.pageMax = 2;
    stage.standIn.scripts = [resetTo(9, "/v1/sessions/ses_1/events?after=1")];
    await stage.open(1);
    await stage.untilSeq(SEQ.last);
    equal([stage.seqs, stage.resets], [range(2, SEQ.last), []], "seq, and what it said");
    check(stage.standIn.pages.length >= 4, `it read ${stage.standIn.pages.length} pages`);
  }),
  ...askClientBoth("reset-archive", "PRO56", "reads the archive where there is one, and passes over nothing", async (stage) => {
    stage.standIn.scripts = [resetTo(6, "/v1/sessions/ses_1/events?after=2")];
    await stage.open(2);
    await stage.untilSeq(SEQ.last);
    equal([stage.seqs, stage.resets], [range(3, SEQ.last), []], "seq, and what it said");
  }),
];

/** A server that holds nothing before `from`. */
function resetTo(from: number, archive?: string): Script {
  return (connection, standIn) => {
    const isBehind = connection.after + 1 < from;
    if (isBehind) connection.tell("reset", { from, ...(archive === undefined ? {} : { archive }) });
    if (isBehind && "end" in connection) return;
    connection.frame(standIn.after(Math.max(connection.after, from - 1)));
    connection.tell("synced", { seq: SEQ.last });
  };
}
