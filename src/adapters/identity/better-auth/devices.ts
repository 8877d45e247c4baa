/**
 * Requests of programs for a key. Better Auth's plugin for devices ends in a sign-in of the person, with codes stored as
 * they are; here it is a key of one organization, made when it is collected, so that no secret waits in the table.
 */
import { SCOPES, type Scope } from "@berth/protocol";
import { defaultKeyHasher } from "@better-auth/api-key";
import { generateRandomString } from "better-auth/crypto";
import { and, eq, gt, lte, ne } from "drizzle-orm";
import { makeUserCode, showUserCode } from "../../../core/access/user-code.ts";
import type { Database } from "../../../db/pg/database.ts";
import { deviceRequest } from "../../../db/pg/schema/identity.ts";
import { storableText } from "../../../db/pg/text.ts";
import type { Collected, DeviceGrant, Devices } from "../../../ports/identity/devices.port.ts";
import { guard } from "./guard.ts";
import { refuse } from "./refuse.ts";

const LIFETIME_MS = 10 * 60 * 1000;
const CODE_CHARACTERS = 43;
const TRIES_MAX = 5;

export function createDevices(db: Database, now: () => number): Devices {
  const waits = (userCode: string) => and(eq(deviceRequest.userCode, showUserCode(userCode)), eq(deviceRequest.status, "pending"), gt(deviceRequest.expiresAt, new Date(now())));
  return {
    begin: ({ clientName, scopes, address }) =>
      guard("begin", async () => {
        const createdAt = new Date(now());
        const expiresAt = new Date(now() + LIFETIME_MS);
        await db.delete(deviceRequest).where(lte(deviceRequest.expiresAt, createdAt));
        const deviceCode = generateRandomString(CODE_CHARACTERS, "a-z", "A-Z", "0-9");
        const deviceHash = await defaultKeyHasher(deviceCode);
        for (let tries = 0; tries < TRIES_MAX; tries++) {
          const userCode = makeUserCode(crypto.getRandomValues(new Uint8Array(32)));
          const row = { deviceHash, userCode, clientName: storableText(clientName), scopes: [...scopes], address, createdAt, expiresAt };
          // Two may draw the same code.
          const made = userCode === "" ? [] : await db.insert(deviceRequest).values(row).onConflictDoNothing().returning({ userCode: deviceRequest.userCode });
          if (made.length > 0) return { deviceCode, userCode, expiresAtMs: expiresAt.getTime() };
        }
        return refuse("begin", "resource-exhausted", "No code was free.");
      }),
    find: (userCode) =>
      guard("find", async () => {
        const [row] = await db.select().from(deviceRequest).where(waits(userCode));
        return row ? { clientName: row.clientName, scopes: scopesIn(row.scopes), address: row.address, createdAtMs: row.createdAt.getTime() } : null;
      }, true),
    decide: (userCode, grant) =>
      guard("decide", async () => {
        const decision = grant === null ? { status: "denied" } : { status: "approved", organizationId: grant.orgId, userId: grant.userId, scopes: [...grant.scopes] };
        const decided = await db.update(deviceRequest).set(decision).where(waits(userCode)).returning({ userCode: deviceRequest.userCode });
        if (decided.length === 0) refuse("decide", "not-found", "There is no such request of a device.");
      }),
    collect: (deviceCode) =>
      guard("collect", async () => {
        const theirs = and(eq(deviceRequest.deviceHash, await defaultKeyHasher(deviceCode)), gt(deviceRequest.expiresAt, new Date(now())));
        // Deleting and reading is one statement, so one caller gets the decision.
        const [decided] = await db.delete(deviceRequest).where(and(theirs, ne(deviceRequest.status, "pending"))).returning();
        if (decided) return collected(decided);
        const [waiting] = await db.select({ status: deviceRequest.status }).from(deviceRequest).where(theirs);
        return waiting ? { state: "pending" } : null;
      }),
  };
}

function collected({ status, clientName, organizationId, userId, scopes }: typeof deviceRequest.$inferSelect): Collected {
  if (status !== "approved" || organizationId === null || userId === null) return { state: "denied" };
  const grant: DeviceGrant = { orgId: organizationId, userId, scopes: scopesIn(scopes) };
  return { state: "approved", clientName, ...grant };
}

function scopesIn(stored: readonly string[]): readonly Scope[] {
  return SCOPES.filter((scope) => stored.includes(scope));
}
