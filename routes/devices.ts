/** A program without a browser asks for a key; a person says yes on a page; the program collects the key, once. */
import { DEFAULT_SCOPES, type CollectedDevice, type StartedDevice } from "@berth/protocol";
import { refuse } from "../src/app/http/problem-error.ts";
import type { Collected } from "../src/ports/identity/devices.port.ts";
import { shownKey } from "./api-keys.ts";
import { addressOf } from "./address.ts";
import { byPrincipal, note } from "./audited.ts";
import { iso, json } from "./paging.ts";
import { countDevice, countPlace } from "./rate.ts";
import { createSubApp, route, type Call } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";

export const devices = createSubApp();

const INTERVAL_S = 5;
const KEY_LIFETIME_MS = 90 * 86_400_000;
const common = { method: "post", policy: "public", scope: null, tag: "Account" } as const;

route(
  devices,
  {
    ...common,
    path: "/device/start",
    audit: { exempt: "Nobody is known yet, and nothing is given; the decision and the key are written down." },
    summary: "Ask a person for a key, from a program without a browser",
    description: "Show the person `userCode` and `url`, and ask `POST /device/collect` every `intervalS` seconds until they have decided.",
    body: SCHEMAS.StartDevice,
    success: { status: 201, schema: SCHEMAS.StartedDevice },
  },
  async ({ request, services, body }) => {
    countPlace(services, request);
    const { deviceCode, userCode, expiresAtMs } = await services.identity.devices.begin({ clientName: body.clientName, scopes: body.scopes ?? DEFAULT_SCOPES, address: addressOf(services, request) });
    const url = `${services.publicUrl}/device`;
    const answer: StartedDevice = { deviceCode, userCode, url, urlWithCode: `${url}?code=${userCode}`, expiresAt: iso(expiresAtMs), intervalS: INTERVAL_S };
    return json(answer, 201);
  },
);

route(
  devices,
  {
    ...common,
    path: "/device/collect",
    audit: "itself",
    summary: "Ask whether the person has decided, and take the key",
    description: "A decision is told once. The key is for the organization that the person was acting in, with the asked scopes that they have, for 90 days.",
    body: SCHEMAS.CollectDevice,
    success: { status: 200, schema: SCHEMAS.CollectedDevice },
  },
  async (call) => {
    const { request, services, body } = call;
    countDevice(services, request, body.deviceCode);
    const collected = await services.identity.devices.collect(body.deviceCode);
    if (collected === null) return refuse("not-found", "There is no such request: it is over ten minutes old, or its decision was told already.", { fix: "Ask again with POST /device/start." });
    const answer: CollectedDevice = collected.state === "approved" ? { state: "approved", apiKey: await keyFor(call, collected) } : { state: collected.state };
    return json(answer);
  },
);

async function keyFor({ services, request, action, log }: Pick<Call<"public", unknown, unknown>, "services" | "request" | "action" | "log">, { orgId, userId, clientName, scopes }: Extract<Collected, { state: "approved" }>) {
  const { identity, now } = services;
  const principal = await identity.standing(orgId, { userId, keyId: null });
  if (principal === null) return refuse("forbidden", "The person who said yes does not belong to the organization any more.");
  const created = await identity.createApiKey(principal, { name: clientName, expiresAtMs: now() + KEY_LIFETIME_MS, scopes: scopes.filter((scope) => principal.scopes.includes(scope)) });
  await note(services, { by: byPrincipal(principal), action, target: { keyId: created.id, clientName }, request, log }, { status: 200, waits: true });
  return { ...shownKey(created), key: created.secret };
}
