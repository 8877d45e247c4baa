/** Every table by name, for Drizzle and for Better Auth's adapter. */
import * as catalog from "./catalog.ts";
import * as identity from "./identity.ts";
import * as runHistory from "./run-history.ts";
import * as secrets from "./secrets.ts";
import * as sessionSecrets from "./session-secrets.ts";

export const schema = { ...identity, ...runHistory, ...catalog, ...secrets, ...sessionSecrets };
