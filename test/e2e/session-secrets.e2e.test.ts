/** Secrets of a session on the running instance: one that the agent may read is there, one for hosts only is not. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logOf, MODEL, startTestStack, turn, untilStatus, type TestStack } from "./support/stack.ts";

const READABLE = `readable-example-${randomBytes(12).toString("hex")}`;
const HIDDEN = `hidden-example-${randomBytes(12).toString("hex")}`;

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(async () => {
  await stack?.end();
});

test("[SCR7][SCR6][MSK1][MSK2][MSK5] the agent has what was marked readable in its environment and nothing else, and both are told", { timeout: 240_000 }, async () => {
  const { berth } = stack;
  const readable = await berth.secrets.create({ name: "READABLE_TOKEN", value: READABLE, readableByAgent: true });
  await berth.secrets.create({ name: "HIDDEN_TOKEN", value: HIDDEN, hosts: [{ host: "api.example.com", header: "authorization" }] });
  const session = berth.session((await berth.sessions.create({ model: MODEL })).id);
  await untilStatus(session, ["idle"]);
  await turn(session, `!bash printf %s "$READABLE_TOKEN" | sha256sum; printenv HIDDEN_TOKEN || echo none; curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(cat $BERTH_TOKEN_FILE)" $BERTH_HTTP_BROKER/other.example.com/`);
  const output = JSON.stringify((await logOf(session)).filter(({ type }) => type === "part.ended"));
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(READABLE))).toString("hex");
  expect(output).toContain(digest);
  expect(output).toMatch(/none\\n404/);
  expect((await session.secrets().all()).map(({ name, readableByAgent }) => [name, readableByAgent])).toEqual([["HIDDEN_TOKEN", false], ["READABLE_TOKEN", true]]);
  expect((await berth.secrets.uses(readable.id).all()).map(({ sessionId, host }) => [sessionId, host])).toContainEqual([session.id, null]);
  expect(JSON.stringify(await logOf(session))).not.toContain(READABLE);

  // Printed as it is, encoded, streamed by the model in pieces, and as what only looks like one.
  await turn(session, `!bash printenv READABLE_TOKEN; printenv READABLE_TOKEN | base64 -w0; printf ' ghp_%s' ${"a1B2".repeat(9)}; echo; cat $BERTH_TOKEN_FILE`);
  await turn(session, `!say It is ${READABLE}.`);
  const log = await logOf(session);
  const said = JSON.stringify(log.filter(({ type }) => type.startsWith("part.")));
  for (const secret of [READABLE, Buffer.from(READABLE).toString("base64").slice(0, -4), `ghp_${"a1B2".repeat(9)}`]) expect(said).not.toContain(secret);
  const masked = log.flatMap((event) => (event.type === "secrets.masked" ? event.data.secrets : []));
  expect(masked).toContainEqual({ kind: "value", name: "READABLE_TOKEN" });
  expect(masked).toContainEqual({ kind: "value", name: "sandbox token" });
  expect(masked).toContainEqual({ kind: "fingerprint", name: "github-pat" });
});

test("[SES64][SCR10] a key's message goes to another sandbox than the one that has what its maker keeps for themselves, and the work goes along", { timeout: 240_000 }, async () => {
  const opened = await fetch(stack.signInUrl, { redirect: "manual" });
  const cookie = opened.headers.getSetCookie().map((each) => each.split(";")[0]).join("; ");
  const asOwner = async (path: string, body: object): Promise<{ id: string }> => {
    const headers = { cookie, "content-type": "application/json", origin: stack.url, "sec-fetch-site": "same-origin" };
    const answer = await fetch(`${stack.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    expect([answer.status, answer.ok]).toEqual([answer.status, true]);
    return (await answer.json()) as { id: string };
  };
  await asOwner("/v1/secrets", { name: "OWN_TOKEN", value: READABLE, scope: { kind: "user" }, readableByAgent: true });
  const { id } = await asOwner("/v1/sessions", { model: MODEL, visibility: "private" });
  const session = stack.berth.session(id);
  await untilStatus(session, ["idle"]);
  const before = (await session.get()).lastSeq;
  await asOwner(`/v1/sessions/${id}/messages`, { text: '!bash echo "${#OWN_TOKEN} there"; echo kept > kept.txt' });
  await untilStatus(session, ["idle"], before);
  await turn(session, '!bash echo "${#OWN_TOKEN} left"; cat kept.txt');
  const log = await logOf(session);
  expect(log.flatMap((event) => (event.type === "run.started" ? [event.data.epoch] : []))).toEqual([1, 2]);
  const said = JSON.stringify(log.filter(({ type }) => type === "part.ended"));
  expect(said).toContain(`${READABLE.length} there`);
  expect(said).toContain("0 left\\nkept");
});
