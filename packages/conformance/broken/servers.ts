/** Servers that break the contract in one small way each: the reference server, bent. */
import type { Frame, Json, Tamper } from "../reference/tamper.ts";
import { BROKEN_CARD_SERVERS } from "./card-servers.ts";
import { BROKEN_TURN_SERVERS } from "./turn-servers.ts";

type Row = Json & { readonly seq: number; readonly type: string; readonly data: Json };
type Piece = { readonly partId: string; readonly offset: number; readonly text: string };

const rowsOf = (frame: Frame): Row[] => (frame["events"] ?? []) as Row[];
const piecesOf = (frame: Frame): Piece[] => (frame["deltas"] ?? []) as Piece[];
const kindOf = (data: Json): unknown => (data["part"] as Json | undefined)?.["kind"];

/** What one frame becomes; other messages are left alone. */
type Out = NonNullable<Tamper["out"]>;
const frames = (bend: (frame: Frame, memo: Json) => Frame | readonly Frame[]): Out => (frame, memo) => (frame.type === "frame" ? [bend(frame, memo)].flat() : [frame]);
const message = (type: string, bend: (frame: Frame, memo: Json) => readonly Frame[]): Out => (frame, memo) => (frame.type === type ? bend(frame, memo) : [frame]);
const withRows = (frame: Frame, bend: (rows: Row[]) => readonly Row[]): Frame => ({ ...frame, events: bend(rowsOf(frame)) });
const withPieces = (frame: Frame, bend: (pieces: Piece[]) => readonly Piece[]): Frame => ({ ...frame, deltas: bend(piecesOf(frame)) });
const pages = (bend: (page: Json & { data: Row[] }, answer: { headers: Record<string, string> }, query: URLSearchParams) => void): NonNullable<Tamper["answer"]> => (answer, method, path, query) => {
  if (method === "GET" && path.endsWith("/events") && answer.status === 200) bend(answer.body as Json & { data: Row[] }, answer, query);
};
/** One delta that goes on becomes `more`, from a character on. */
function shortened(frame: Frame, memo: Json, from: number): Frame {
  const [only, ...others] = piecesOf(frame);
  const goesOn = rowsOf(frame).length === 0 && others.length === 0 && only && memo["end"] === `${only.partId} ${only.offset}`;
  const last = others.at(-1) ?? only;
  if (last) memo["end"] = `${last.partId} ${last.offset + last.text.length}`;
  return goesOn ? { type: "more", frame: frame["frame"], text: only.text.slice(from) } : frame;
}

const firstOfText = new Map<string, unknown>();
const isPart = ({ type }: { readonly type: string }, what: "started" | "ended"): boolean => type === `part.${what}`;

export const BROKEN_SERVERS: Readonly<Record<string, Tamper>> = {
  "cursor one too far": { after: (after, transport) => (transport === "ws" && after > 0 ? after + 1 : after) },
  "cursor one too early": { after: (after) => Math.max(0, after - 1) },
  "page cursor one too far": { after: (after, transport) => (transport === "page" && after > 0 ? after + 1 : after) },
  "SSE cursor ignored": { after: (after, transport) => (transport === "sse" ? 0 : after) },
  "any text is a cursor": { off: ["validation"] },
  "synced twice": { out: message("synced", (frame) => [frame, frame]) },
  "synced never": { out: message("synced", () => []) },
  "synced before the replay": {
    out: (frame, memo) => {
      if (frame.type === "synced") return memo["said"] ? [] : [frame];
      const first = !memo["said"];
      memo["said"] = true;
      return first && frame.type === "frame" ? [{ type: "synced", seq: rowsOf(frame).at(-1)?.seq ?? 0 }, frame] : [frame];
    },
  },
  "synced names the wrong seq": { out: message("synced", (frame) => [{ ...frame, seq: (frame["seq"] as number) + 1 }]) },
  "an event is left out between replay and live": {
    out: (frame, memo) => {
      if (frame.type === "synced") memo["synced"] = true;
      if (frame.type !== "frame" || !memo["synced"] || memo["dropped"] || rowsOf(frame).length === 0) return [frame];
      memo["dropped"] = true;
      return [withRows(frame, (rows) => rows.slice(1))];
    },
  },
  "the last replayed event comes again live": {
    out: (frame, memo) => {
      if (frame.type !== "frame") return [frame];
      const again = memo["last"] as Row | undefined;
      if (rowsOf(frame).length > 0) memo["last"] = rowsOf(frame).at(-1);
      return [again && rowsOf(frame).length > 0 ? withRows(frame, (rows) => [again, ...rows]) : frame];
    },
  },
  "nothing comes live": {
    out: (frame, memo) => {
      if (frame.type === "synced") memo["synced"] = true;
      return memo["synced"] && frame.type === "frame" ? [] : [frame];
    },
  },
  "events of a frame backwards": { out: frames((frame) => withRows(frame, (rows) => rows.toReversed())) },
  "events told before they are committed": {
    answer: pages((page, { headers }) => {
      if (page.data.length < 2 || page["next"] !== null) return;
      page.data.pop();
      headers["x-behind"] = "1";
    }),
  },
  "event ids not kept": { out: frames((frame) => withRows(frame, (rows) => rows.map((row) => ({ ...row, id: `${String(row["id"])}-${Math.random()}` })))) },
  "one id for all events": { commit: (event) => ({ ...event, id: "evt_1" }) },
  "ids given when read": { answer: pages((page) => (page.data = page.data.map((row) => ({ ...row, id: `evt_${Math.random()}` })))) },
  "times local and unsorted": { commit: (event) => ({ ...event, at: `${String(2000 + Math.floor(Math.random() * 20))}-01-01 00:00:00` }) },
  "numbers with gaps": { answer: pages((page, _answer, query) => { if (query.get("after") === "0") page.data = page.data.map((row) => ({ ...row, seq: row.seq * 2 })); }) },
  "a type outside the catalogue": { commit: (event) => (event.type === "run.started" ? { ...event, type: "run.begun" } : event) },
  "no actor": { commit: ({ actor: _, ...event }) => event },
  "no actor, message or run": { commit: ({ type, data }) => ({ type, data }) },
  "text before a tool call lost": {
    commit: (event, memo) => {
      if (isPart(event, "ended") && kindOf(event.data) === "text" && !memo["tool"]) return { ...event, data: { part: { ...(event.data["part"] as Json), text: "" } } };
      if (isPart(event, "ended") && kindOf(event.data) === "tool") memo["tool"] = true;
      return event;
    },
  },
  "ends of parts without their text": { commit: (event) => (isPart(event, "ended") ? { ...event, data: { part: { ...(event.data["part"] as Json), text: undefined, tool: undefined } } } : event) },
  "parts that never end": { commit: (event) => (isPart(event, "ended") ? null : event) },
  "parts that begin twice": { commit: (event, memo) => (isPart(event, "ended") && !memo["half"] ? ((memo["half"] = true), { ...event, type: "part.started" }) : event) },
  "thoughts told as text": { commit: (event) => (kindOf(event.data) === "reasoning" ? { ...event, data: { part: { ...(event.data["part"] as Json), kind: "text" } } } : event) },
  "no session.created": { commit: (event) => (event.type === "session.created" ? null : event) },
  "last in, first out": { off: ["fifo"] },
  "pages without bounds": { answer: pages((page) => Object.assign(page, { firstSeq: 0, lastSeq: page.data.at(-1)?.seq ?? 0 })) },
  "pages of one more": { answer: pages((page, _answer, query) => { if (query.get("limit") !== "500" && page.data.length > 0) page.data.push({ ...(page.data.at(-1) as Row), seq: (page.data.at(-1) as Row).seq + 1 }); }) },
  "pages from the end": { answer: pages((page, _answer, query) => void (query.has("after") || page.data.reverse())) },
  "next is never null": { answer: pages((page) => (page["next"] ??= String(page.data.at(-1)?.seq ?? 0))) },
  "next skips one": { answer: pages((page) => (page["next"] = page["next"] === null ? null : String(Number(page["next"]) + 1))) },
  "no Link": { answer: pages((_page, { headers }) => delete headers["link"]) },
  "Link on every page": { answer: pages((_page, { headers }) => (headers["link"] ??= '</v1/x>; rel="next"')) },
  "pages for caches": { answer: pages((_page, { headers }) => Object.assign(headers, { "cache-control": "max-age=60", "content-type": "text/json" })) },
  "deltas on pages": { answer: pages((page) => { if (page.data.at(-1)?.type === "part.started") page.data.push({ type: "delta", data: {} } as unknown as Row); }) },
  "a session twice in the log": { answer: pages((page) => { if (page.data[0]?.seq === 1) page.data = [page.data[0], ...page.data]; }) },
  "a page past the end is refused": {
    answer: (answer, method, path) => {
      if (method === "GET" && path.endsWith("/events") && answer.status === 200 && (answer.body as { data: Row[] }).data.length === 0) Object.assign(answer, { status: 404, body: { type: "https://berth.dev/problems/not-found", title: "", status: 404, detail: "" } });
    },
  },
  "small pages only": { answer: pages((page) => (page.data = page.data.slice(0, 40))) },
  "delta offset wrong": { out: frames((frame) => withPieces(frame, (pieces) => pieces.map((piece) => ({ ...piece, offset: piece.offset + (piece.offset > 0 ? 1 : 0) })))) },
  "delta offset from 1": { out: frames((frame) => withPieces(frame, (pieces) => pieces.map((piece) => ({ ...piece, offset: piece.offset + 1 })))) },
  "delta offset in bytes": {
    out: frames((frame, memo) =>
      withPieces(frame, (pieces) =>
        pieces.map((piece) => {
          const at = piece.offset === 0 ? 0 : ((memo[piece.partId] as number | undefined) ?? 0);
          memo[piece.partId] = at + Buffer.byteLength(piece.text);
          return { ...piece, offset: at };
        }),
      ),
    ),
  },
  "deltas with a seq": { out: frames((frame) => withPieces(frame, (pieces) => pieces.map((piece) => ({ ...piece, seq: 1, text: piece.text })))) },
  "deltas under one part": {
    out: frames((frame, memo) => withPieces(frame, (pieces) => pieces.map((piece) => ({ ...piece, partId: ((memo["part"] ??= piece.partId), memo["part"] as string) })))),
  },
  "deltas before their part": {
    out: frames((frame, memo) => {
      const held = ((memo["held"] as Row[] | undefined) ?? []).concat(rowsOf(frame).filter((row) => isPart(row, "started")));
      const rest = rowsOf(frame).filter((row) => !isPart(row, "started"));
      memo["held"] = piecesOf(frame).length > 0 || rest.length > 0 ? [] : held;
      if (piecesOf(frame).length === 0 && rest.length === 0) return { ...frame, events: [] };
      return [{ ...frame, events: [] }, { ...frame, events: [...held, ...rest], deltas: [] }];
    }),
  },
  "deltas after the end": {
    out: frames((frame, memo) => {
      const kept = ((memo["kept"] as Piece[] | undefined) ?? []).concat(piecesOf(frame));
      memo["kept"] = kept.slice(-1);
      return rowsOf(frame).some((row) => isPart(row, "ended")) ? { ...frame, deltas: [...piecesOf(frame), ...kept.slice(-1)] } : frame;
    }),
  },
  "one delta in three lost": { out: frames((frame, memo) => withPieces(frame, (pieces) => (((memo["count"] = ((memo["count"] as number | undefined) ?? 0) + pieces.length) as number) % 3 === 0 ? [] : pieces))) },
  "deltas again for what has ended": {
    out: (frame, memo) => {
      if (frame.type === "frame") for (const row of rowsOf(frame)) if (isPart(row, "ended") && kindOf(row.data) === "text") memo["text"] = row.data["part"];
      const part = memo["text"] as Json | undefined;
      return frame.type === "synced" && part ? [{ type: "frame", frame: 999, events: [], deltas: [{ partId: part["id"], offset: 0, text: part["text"] }] }, frame] : [frame];
    },
  },
  "no text so far for who joins": { off: ["open-parts"] },
  "no deltas for SSE": { out: (frame, _memo, transport) => (transport === "sse" && frame.type === "frame" ? [{ ...frame, deltas: [] }] : [frame]) },
  "a frame per piece": { off: ["ticks"] },
  "pieces not merged": { off: ["deltas-apart"] },
  "no reset for a future cursor": { bounds: (first, last) => [first, Math.max(last, 1e15)] },
  "reset for the newest event": { bounds: (first, last) => [first, last - 1] },
  "reset one too late": { out: message("reset", (frame) => [{ ...frame, from: (frame["from"] as number) + 1 }]) },
  "reset and then silence": {
    out: (frame, memo) => {
      if (frame.type === "reset") memo["reset"] = true;
      return memo["reset"] && frame.type !== "reset" ? [] : [frame];
    },
  },
  "reset after the events": {
    out: (frame, memo) => {
      if (frame.type === "reset") return void (memo["reset"] = frame), [];
      const reset = memo["reset"] as Frame | undefined;
      return frame.type === "synced" && reset ? [reset, frame] : [frame];
    },
  },
  "reset at the edge of the archive": { bounds: (first, last) => [first > 1 ? first + 1 : first, last] },
  "no reset for archived events": { bounds: (_first, last) => [1, last] },
  "reset without the archive": { out: message("reset", ({ archive: _, ...frame }) => [frame as Frame]) },
  "archive from another place": { out: message("reset", (frame) => [{ ...frame, archive: String(frame["archive"] ?? "").replace(/after=\d+/, (at) => `after=${Number(at.slice(6)) + 3}`) }]) },
  "archived events gone from pages": { answer: pages((page) => (page.data = page.data.filter(({ seq }) => seq >= (page["firstSeq"] as number)))) },
  "archived events under new ids": { answer: pages((page) => (page.data = page.data.map((row) => (row.seq < (page["firstSeq"] as number) ? { ...row, id: `evt_archived_${row.seq}` } : row)))) },
  "who keeps up is reset": {
    out: (frame, memo) => {
      const passed = rowsOf(frame).some(({ seq }) => seq > 150) && !memo["told"] && memo["synced"];
      if (frame.type === "synced") memo["synced"] = true;
      return passed ? ((memo["told"] = true), [{ type: "reset", from: rowsOf(frame)[0]?.seq }, frame]) : [frame];
    },
  },
  "who fell behind the archive is not told": { off: ["behind"] },
  "reset without an id": { sse: (text) => text.replace(/id: \d+\nevent: reset/, "event: reset") },
  "reset with the id of from": { sse: (text) => text.replace(/id: (\d+)\nevent: reset/, (_all, id: string) => `id: ${Number(id) + 1}\nevent: reset`) },
  "frames from 0": { out: frames((frame) => ({ ...frame, frame: (frame["frame"] as number) - 1 })) },
  "numbers on control messages": { out: (frame) => [frame.type === "frame" ? frame : { ...frame, frame: 1 }] },
  "acknowledgements answered": { in: (text) => (text.includes('"ack"') ? "ping" : text) },
  "acknowledgements ignored": { in: (text) => (text.includes('"ack"') ? null : text) },
  "any acknowledgement believed": {
    out: frames((frame, memo) => ((memo["sent"] = frame["frame"]), frame)),
    in: (text, memo) => (text.includes('"ack"') ? JSON.stringify({ type: "ack", frame: memo["sent"] }) : text),
  },
  "one frame per acknowledgement": {
    in: (text, memo) => {
      if (!text.includes('"ack"')) return text;
      memo["acked"] = ((memo["acked"] as number | undefined) ?? 0) + 1;
      return JSON.stringify({ type: "ack", frame: memo["acked"] });
    },
  },
  "no bound for slow viewers": { off: ["credit"] },
  "slow viewers never closed": { off: ["stall"] },
  "missed events left out": { off: ["catch-up"] },
  "actions never answered": { out: (frame) => (frame.type === "result" || frame.type === "problem" ? [] : [frame]) },
  "actions answered twice": { out: (frame) => (frame.type === "result" || frame.type === "problem" ? [frame, frame] : [frame]) },
  "answers without requestId": { out: (frame) => (frame.type === "result" || frame.type === "problem" ? [{ ...frame, requestId: "r" }] : [frame]) },
  "problems told as results": { out: message("problem", ({ requestId, problem }) => [{ type: "result", requestId, value: problem }]) },
  "problems of one kind": { out: message("problem", (frame) => [{ ...frame, problem: { ...(frame["problem"] as Json), type: "https://berth.dev/problems/internal" } }]) },
  "results without their value": { out: message("result", ({ requestId }) => [{ type: "result", requestId, value: null }]) },
  "stop not heard": { in: (text) => (text.includes('"stop"') ? null : text), answer: (answer, _method, path) => (path.endsWith("/stop") ? void (answer.status = 503) : undefined) },
  "stopped told as completed": { commit: (event) => (event.data["status"] === "stopped" || event.data["outcome"] === "stopped" ? { ...event, data: { ...event.data, status: "completed", outcome: "completed" } } : event) },
  "stop ends the queue": {
    commit: (event, memo) => {
      if (event.data["status"] === "stopped") memo["stopped"] = true;
      return memo["stopped"] && event.type !== "session.status" && event.data["status"] !== "stopped" ? null : event;
    },
  },
  "keys for repeats ignored": { off: ["idempotency"] },
  "refused requests use their key up": { off: ["forget"] },
  "the same text is the same message": {
    answer: (answer, method, path) => {
      if (method !== "POST" || !path.endsWith("/messages") || answer.status !== 201) return;
      const { text } = answer.body as { text: string };
      answer.body = firstOfText.get(text) ?? answer.body;
      firstOfText.set(text, answer.body);
    },
  },
  "short frames for everybody": { out: frames((frame, memo) => shortened(frame, memo, 0)) },
  "short frames that lose a character": { out: frames((frame, memo) => shortened(frame, memo, 1)) },
  "ping not answered": { in: (text) => (text === "ping" ? null : text) },
  "pong as a frame": { in: (text) => (text === "ping" ? '{"type":"stop","requestId":"pong"}' : text) },
  "no key needed": { off: ["auth"] },
  "tickets for ever": { off: ["one-use", "ticket-end"] },
  "any text is a ticket": { off: ["ticket-known"] },
  "tickets for many": { off: ["one-use"] },
  "tickets for all sessions": { off: ["ownership"] },
  "tickets without address": { answer: (answer, _method, path) => (path.endsWith("stream-ticket") && answer.status === 201 ? void (answer.body = { ticket: (answer.body as Json)["ticket"] }) : undefined) },
  "tickets that open nothing": { answer: (answer, _method, path) => (path.endsWith("stream-ticket") && answer.status === 201 ? void (answer.body = { ...(answer.body as Json), ticket: "tkt_org.0000" }) : undefined) },
  "a ticket for anything": { answer: (answer, _method, path) => (path.endsWith("stream-ticket") && answer.status === 404 ? void (answer.status = 201) : undefined) },
  "streams outlive their session": { off: ["retire-session"] },
  "streams outlive their key": { off: ["retire-key"] },
  "SSE without ids": { sse: (text) => text.replaceAll(/^id: .*\n/gm, "") },
  "SSE id on deltas": { sse: (text) => text.replaceAll("event: delta", "id: 7\nevent: delta") },
  "SSE id on synced": { sse: (text) => text.replaceAll("event: synced", "id: 7\nevent: synced") },
  "SSE without event names": { sse: (text) => text.replaceAll(/^event: (?!synced|reset|delta|closed).*\n/gm, "event: message\n") },
  "SSE without keep-alive": { off: ["keep-alive"] },
  "SSE told as text": { answer: () => undefined, off: ["sse-headers"] },
  "Last-Event-ID ignored": { off: ["last-event-id"] },
  "SSE whatever is accepted": { off: ["accept"] },
  "refusals as plain JSON": { answer: (answer) => (answer.status >= 400 ? void (answer.headers["content-type"] = "application/json") : undefined) },
  "refusals always 400": {
    answer: (answer) => {
      if (answer.status < 400) return;
      Object.assign(answer, { status: 400, body: { ...(answer.body as Json), type: "about:blank" } });
    },
  },
  "fields at fault not named": { answer: (answer) => (answer.status === 422 ? void (answer.body = { ...(answer.body as Json), errors: [] }) : undefined) },
  "refusals without detail": { answer: (answer) => (answer.status >= 400 ? void (answer.body = { ...(answer.body as Json), detail: "" }) : undefined) },
  "what is not there is empty": {
    answer: (answer, _method, path) => (answer.status === 404 && path.endsWith("/events") ? void Object.assign(answer, { status: 200, body: { data: [], next: null, firstSeq: 1, lastSeq: 0 } }) : undefined),
  },
  "a plain request opens the stream": { answer: (answer, _method, path) => (path.endsWith("/stream") && answer.status === 400 ? void (answer.status = 200) : undefined) },
  "no Allow": { answer: (answer) => void delete answer.headers["allow"] },
  ...BROKEN_TURN_SERVERS,
  ...BROKEN_CARD_SERVERS,
};
