/** Whether the time of a refusal tells another tenant's session from one that never was. */
import { SCOPES } from "@berth/protocol";
import { createBetterAuthIdentity } from "../../../src/adapters/identity/better-auth.ts";
import { makeSessionId } from "../../../src/app/http/session-id.ts";
import { openDatabase } from "../../../src/db/pg/database.ts";
import { member, organization, user } from "../../../src/db/pg/schema/identity.ts";
import type { Bench, Group } from "../bench.ts";
import { median, repeat, row, type Row } from "../row.ts";

const REQUESTS = 1_000;
const WARM_UP = 100;
const BOUND_MS = 0.5;

export const tenantTiming: Group = {
  ids: ["tenant.refusal.difference"],
  async run(bench: Bench): Promise<Row[]> {
    const { stack, world } = await bench.scripted();
    const theirs = (await world.open()).id;
    const key = await strangerKey(stack.databaseUrl, stack.url);
    const runs = await repeat(() => difference(stack.url, key, theirs));
    const note = `how far the median of ${REQUESTS} refusals of another tenant's session is from that of ${REQUESTS} of unknown ones, asked in turns`;
    return [row("tenant.refusal.difference", runs, "ms", { bound: BOUND_MS, note })];
  },
};

/** A key of the owner of an organization of its own, made beside the instance. */
async function strangerKey(databaseUrl: string, url: string): Promise<string> {
  await using open = openDatabase(databaseUrl);
  const { db } = open;
  const [orgId, userId, name] = ["bench-stranger", "bench-stranger", "Stranger"];
  await db.insert(user).values({ id: userId, name, email: "stranger@example.com" }).onConflictDoNothing();
  await db.insert(organization).values({ id: orgId, name, slug: orgId, createdAt: new Date() }).onConflictDoNothing();
  await db.insert(member).values({ id: orgId, organizationId: orgId, userId, role: "owner", createdAt: new Date() }).onConflictDoNothing();
  const identity = createBetterAuthIdentity({ db, baseUrl: url, secret: "example-secret-of-at-least-32-characters-0123456789" });
  const principal = await identity.standing(orgId, { userId, keyId: null });
  if (!principal) throw new Error("the second organization was not made");
  return (await identity.createApiKey(principal, { name: "bench", expiresAtMs: null, scopes: SCOPES })).secret;
}

async function difference(url: string, key: string, theirs: string): Promise<number> {
  const times = { theirs: [] as number[], unknown: [] as number[] };
  for (let n = -WARM_UP; n < REQUESTS; n++) {
    const unknown = makeSessionId("nobody", Date.now(), crypto.getRandomValues(new Uint8Array(16)));
    // Which goes first alternates too, so that neither always follows the other.
    const order = n % 2 === 0 ? (["theirs", "unknown"] as const) : (["unknown", "theirs"] as const);
    for (const which of order) {
      const startedAt = performance.now();
      const response = await fetch(`${url}/v1/sessions/${which === "theirs" ? theirs : unknown}`, { headers: { authorization: `Bearer ${key}` } });
      await response.arrayBuffer();
      if (response.status !== 404) throw new Error(`a stranger was answered ${response.status}`);
      if (n >= 0) times[which].push(performance.now() - startedAt);
    }
  }
  return Math.abs(median(times.theirs) - median(times.unknown));
}
