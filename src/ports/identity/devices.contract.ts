/** Programs that ask for a key; part of the identity contract. */
import { describe, expect } from "vitest";
import type { IdentityHarness } from "./identity-kit.contract.ts";
import type { Identity, Principal } from "./identity.port.ts";

type Rule = (ids: string | string[], sentence: string, body: (identity: Identity, owner: Principal) => Promise<void>) => void;

const ASKED = { clientName: "berth on laptop", scopes: ["runs:read", "sessions:write"], address: "192.0.2.1" } as const;
const LIFETIME_MS = 10 * 60 * 1000;

export function describeDevices(rule: Rule, harness: IdentityHarness): void {
  describe("devices", () => {
    rule(["IDN37", "IDN38"], "a request waits for a person, who sees it by its code, and is granted once", async ({ devices }, { orgId, userId }) => {
      const started = await devices.begin(ASKED);
      expect(started).toMatchObject({ userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/), expiresAtMs: harness.now() + LIFETIME_MS });
      expect(started.deviceCode.length).toBeGreaterThanOrEqual(25);
      const asked = { clientName: ASKED.clientName, scopes: ["sessions:write", "runs:read"], address: ASKED.address, createdAtMs: harness.now() };
      for (const typed of [started.userCode, started.userCode.toLowerCase(), ` ${started.userCode.replace("-", " ")} `]) expect(await devices.find(typed)).toEqual(asked);
      expect(await devices.collect(started.deviceCode)).toEqual({ state: "pending" });
      await devices.decide(started.userCode, { orgId, userId, scopes: ["runs:read"] });
      expect(await devices.find(started.userCode)).toBeNull();
      await expect(devices.decide(started.userCode, null)).rejects.toMatchObject({ code: "not-found" });
      const answers = await Promise.all([1, 2, 3].map(() => devices.collect(started.deviceCode)));
      expect(answers.filter((answer) => answer !== null)).toEqual([{ state: "approved", clientName: ASKED.clientName, orgId, userId, scopes: ["runs:read"] }]);
      expect(await devices.collect(started.deviceCode)).toBeNull();
    });

    rule("IDN38", "a refusal is told once too, and nobody else's code tells anything", async ({ devices }) => {
      const [one, other] = [await devices.begin(ASKED), await devices.begin({ ...ASKED, address: null })];
      expect(await devices.find(other.userCode)).toMatchObject({ address: null });
      await devices.decide(one.userCode, null);
      for (const unknown of [one.userCode, "", "x", "\0"]) expect(await devices.collect(unknown)).toBeNull();
      for (const unknown of [one.deviceCode, "", "BCDF", "AAAA-AAAA"]) {
        expect(await devices.find(unknown)).toBeNull();
        await expect(devices.decide(unknown, null)).rejects.toMatchObject({ code: "not-found" });
      }
      expect(await devices.collect(one.deviceCode)).toEqual({ state: "denied" });
      expect(await devices.collect(one.deviceCode)).toBeNull();
      expect(await devices.collect(other.deviceCode)).toEqual({ state: "pending" });
    });

    rule("IDN37", "a request is over after ten minutes, decided or not", async ({ devices }, { orgId, userId }) => {
      const [waiting, decided] = [await devices.begin(ASKED), await devices.begin(ASKED)];
      await devices.decide(decided.userCode, { orgId, userId, scopes: [] });
      harness.advance(LIFETIME_MS);
      expect(await devices.find(waiting.userCode)).toBeNull();
      await expect(devices.decide(waiting.userCode, { orgId, userId, scopes: [] })).rejects.toMatchObject({ code: "not-found" });
      for (const { deviceCode } of [waiting, decided]) expect(await devices.collect(deviceCode)).toBeNull();
    });
  });
}
