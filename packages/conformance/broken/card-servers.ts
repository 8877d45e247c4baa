/** Servers that are broken in what they ask people, and in what they keep over a restart. */
import type { Json, Kept, Tamper } from "../reference/tamper.ts";

type Row = Json & { readonly type: string; readonly data: Json };
type Commit = NonNullable<Tamper["commit"]>;

const ofAnswers = (bend: (event: Row) => Json | null): Commit => (event) => (event.type === "request.answered" ? bend(event) : event);
const ofAsked = (bend: (event: Row) => Json | null): Commit => (event) => (event.type.endsWith(".asked") ? bend(event) : event);
/** Answers over both ways. */
const ofProblem = (slug: string, other: string): Pick<Tamper, "answer" | "out"> => ({
  answer: (answer, _method, path) => {
    const body = answer.body as Json | undefined;
    if (path.endsWith("/answer") && String(body?.["type"]).endsWith(slug)) answer.body = { ...body, type: `https://berth.dev/problems/${other}` };
  },
  out: (frame) => {
    const problem = frame["problem"] as Json | undefined;
    return [String(problem?.["type"]).endsWith(slug) ? { ...frame, problem: { ...problem, type: `https://berth.dev/problems/${other}` } } : frame];
  },
});
const losing = (lose: (kept: Kept) => void): Tamper => ({ lose });

export const BROKEN_CARD_SERVERS: Readonly<Record<string, Tamper>> = {
  "answers not told": { commit: ofAnswers(() => null) },
  "answers of nobody": { commit: ofAnswers(({ actor: _, ...event }) => event) },
  "every answer is a yes": { commit: ofAnswers((event) => ({ ...event, data: { ...event.data, answer: { kind: "question", answers: [["yes"]] } } })) },
  "one id for all questions": { off: ["own-requests"] },
  "questions without their words": { commit: ofAsked((event) => ({ ...event, data: { requestId: event.data["requestId"] } })) },
  "questions asked in secret": { out: (frame) => [frame.type === "frame" ? { ...frame, events: ((frame["events"] ?? []) as Row[]).filter(({ type }) => !type.endsWith(".asked")) } : frame] },
  "waits and does not say for what": { commit: (event) => (event.data["status"] === "waiting" ? Object.assign(event.data, { waitingFor: "person" }) && event : event) },
  "answers for ever": ofProblem("conflict", "not-found"),
  "any kind of answer": { off: ["kinds"] },
  "cards of stopped turns stay": { off: ["close-cards"] },
  "cards go with their viewers": { off: ["cards-unwatched"] },
  "tools that do not wait": { off: ["permissions"] },
  "cards lost with the server": losing(({ asked }) => asked.clear()),
  "the log begins anew": losing(({ log }) => void log.forEach((event, at) => (log[at] = { ...event, id: `evt_again_${at}` }))),
  "the newest events lost": losing(({ log }) => void log.splice(-3)),
  "used keys forgotten": losing(({ answers }) => answers.clear()),
  "the queue in another order": losing(({ queue }) => void queue.reverse()),
  "the queue lost": losing(({ queue }) => void queue.splice(0)),
  "what steered lost": losing(({ steers, inbox }) => void [steers, inbox].forEach((list) => list.splice(0))),
  "outputs lost with the server": losing(({ outputs }) => outputs.clear()),
};
