/** What a sandbox is given for its agent's environment. */
import type { Secret, SecretUse, Session } from "@berth/protocol";
import { beforeEach, expect, test } from "vitest";
import { PortError } from "../../src/core/kernel/port-error.ts";
import { MemoryApi } from "../disruption/support/memory-api.ts";
import { MODEL } from "./support/memory-berth.ts";

const READABLE = { name: "READABLE", value: "example-readable-value", readableByAgent: true };
const INJECTED = { name: "INJECTED", value: "example-injected-value", hosts: [{ host: "api.example.com", header: "authorization" }] };

let api: MemoryApi;
let session: Session;

beforeEach(async () => {
  api = await MemoryApi.start();
  session = await api.json<Session>("POST /v1/sessions", { body: { model: MODEL } });
  await api.berth.until(() => api.berth.tokens.has(`${session.id}-1`));
});

async function asked(token = api.berth.tokens.get(`${session.id}-1`) ?? ""): Promise<readonly [number, string]> {
  const response = await api.fetch(new Request("http://berth.memory/v1/sandbox/secrets", { headers: { authorization: `Bearer ${token}` } }));
  return [response.status, await response.text()];
}

test("[SCR7][SCR6] only what was marked readable is given, and each time is written down", async () => {
  expect(await asked()).toEqual([200, '{"environment":{}}']);
  const { id } = await api.json<Secret>("POST /v1/secrets", { body: READABLE });
  await api.json<Secret>("POST /v1/secrets", { body: INJECTED });
  expect(await asked()).toEqual([200, '{"environment":{"READABLE":"example-readable-value"}}']);
  const { data } = await api.json<{ data: SecretUse[] }>(`GET /v1/secrets/${id}/uses`);
  expect(data).toMatchObject([{ sessionId: session.id, host: null }]);
});

test("[SCR7] an ended session's token and a wrong one are given nothing", async () => {
  await api.json<Secret>("POST /v1/secrets", { body: READABLE });
  const token = api.berth.tokens.get(`${session.id}-1`) ?? "";
  await api.ask(`DELETE /v1/sessions/${session.id}`);
  for (const each of [token, `${token.slice(0, -4)}aaaa`, "nonsense"]) expect((await asked(each))[0]).toBe(401);
});

test("[SCR6][SCR7] where a secret cannot be read, or its use cannot be written down, none is given", async () => {
  await api.json<Secret>("POST /v1/secrets", { body: READABLE });
  const down = new PortError({ port: "catalog", operation: "addSecretUses", code: "unknown", outcome: "not-applied", retry: { afterMs: 1 }, message: "The database is away." });
  api.instance.catalog.addSecretUses = () => Promise.reject(down);
  expect(await asked()).toEqual([503, expect.not.stringContaining(READABLE.value)]);
  for (const { name } of await api.instance.vault.list(api.owner.orgId)) await api.instance.vault.delete(api.owner.orgId, name);
  expect(await asked()).toEqual([502, expect.stringContaining("cannot be read")]);
});
