/**
 * Better Auth, and the three things Berth asks it to do on the server: open a sign-in, read the token of one from a
 * cookie, and clear the cookie. They have no path, so no request reaches them. Its own `getSession`, `signOut` and
 * `deleteSession` are not used: they turn a store that is down into "nobody" and into "done".
 */
import { apiKey } from "@better-auth/api-key";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { createAuthEndpoint } from "better-auth/api";
import { deleteSessionCookie, setSessionCookie } from "better-auth/cookies";
import { betterAuth } from "better-auth/minimal";
import { organization } from "better-auth/plugins/organization";
import { z } from "zod";
import type { Database } from "../../../db/pg/database.ts";
import { account, apikey, invitation, member, organization as organizations, session, user, verification } from "../../../db/pg/schema/identity.ts";

export const SIGN_IN_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;
export const KEY_PREFIX = "berth_";
export const KEY_START_CHARACTERS = 12;

export interface BetterAuthOptions {
  readonly db: Database;
  /** Where browsers reach Berth; https makes the cookie secure. */
  readonly baseUrl: string;
  /** Signs cookies; 32 characters or more. */
  readonly secret: string;
}

const OpenSignIn = z.object({ userId: z.string(), orgId: z.string().nullable(), expiresAt: z.date() });

function serverSide() {
  return {
    id: "berth",
    endpoints: {
      /** Null when the person is gone. */
      openSignIn: createAuthEndpoint({ method: "POST", body: OpenSignIn }, async (ctx) => {
        const { userId, orgId, expiresAt } = ctx.body;
        const { internalAdapter } = ctx.context;
        const person = await internalAdapter.findUserById(userId);
        if (!person) return null;
        const opened = await internalAdapter.createSession(userId, false, { activeOrganizationId: orgId, expiresAt }, true);
        await setSessionCookie(ctx, { session: opened, user: person });
        return opened.id;
      }),
      /** Null unless the cookie bears our signature. */
      readSignIn: createAuthEndpoint({ method: "GET", requireHeaders: true }, async (ctx) => {
        const token = await ctx.getSignedCookie(ctx.context.authCookies.sessionToken.name, ctx.context.secret);
        return token || null;
      }),
      clearCookies: createAuthEndpoint({ method: "POST", requireHeaders: true }, async (ctx) => {
        deleteSessionCookie(ctx);
        return null;
      }),
    },
  };
}

export function createAuth({ db, baseUrl, secret }: BetterAuthOptions) {
  return betterAuth({
    appName: "Berth",
    baseURL: baseUrl,
    secret,
    database: drizzleAdapter(db, {
      provider: "pg",
      schema: { user, session, account, verification, organization: organizations, member, invitation, apikey },
    }),
    // Its own endpoints are not mounted; what it checks is what `passwords.ts` stores.
    emailAndPassword: { enabled: true },
    session: { expiresIn: SIGN_IN_LIFETIME_MS / 1000, disableSessionRefresh: true },
    advanced: { cookiePrefix: "berth" },
    // Its messages hold statements with their values.
    logger: { disabled: true },
    telemetry: { enabled: false },
    plugins: [
      organization(),
      apiKey({
        references: "organization",
        defaultPrefix: KEY_PREFIX,
        maximumNameLength: 64,
        startingCharactersConfig: { charactersLength: KEY_START_CHARACTERS },
        keyExpiration: { maxExpiresIn: 3650 },
        rateLimit: { enabled: false },
      }),
      serverSide(),
    ],
  });
}

export type Auth = ReturnType<typeof createAuth>;
