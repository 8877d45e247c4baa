/** First start of an instance: the launcher or the operator gets an owner, a sign-in link and a key. */
import { SCOPES } from "@berth/protocol";
import { z } from "zod";
import { isPortError } from "../src/core/kernel/port-error.ts";
import type { Identity, Principal } from "../src/ports/identity/identity.port.ts";
import { byOperator, note } from "./audited.ts";
import { json } from "./paging.ts";
import { createSubApp, route } from "./route.ts";

export const bootstrap = createSubApp();

const Bootstrap = z.strictObject({
  name: z.string().min(1).max(100).default("Owner"),
  email: z.email().default("owner@localhost.localdomain"),
  organization: z.string().min(1).max(100).default("Personal"),
  /** `keep`: the caller has a key already. */
  apiKey: z.enum(["create", "keep"]).default("create"),
});

const Bootstrapped = z.object({
  organization: z.object({ id: z.string(), name: z.string() }),
  signInUrl: z.string().describe("signs the owner in once, within ten minutes"),
  apiKey: z.string().optional().describe("shown once"),
});

route(
  bootstrap,
  {
    method: "post",
    path: "/internal/bootstrap",
    policy: "operator",
    audit: "itself",
    scope: null,
    tag: "Instance",
    summary: "Make the owner when there is none, and let them in",
    description: "Calling it again finds the same owner; each call makes a new link, and a new key unless told to keep.",
    body: Bootstrap,
    success: { status: 200, schema: Bootstrapped },
  },
  async ({ services, body, request, action, log }) => {
    const owner = await ensureOwner(services.identity, { name: body.name, email: body.email, orgName: body.organization });
    const token = await services.identity.createSignInToken(owner.userId);
    const key = body.apiKey === "keep" ? null : await services.identity.createApiKey(owner, { name: "local", expiresAtMs: null, scopes: SCOPES });
    const answer: z.infer<typeof Bootstrapped> = {
      organization: { id: owner.orgId, name: owner.orgName },
      signInUrl: `${services.publicUrl}/sign-in?token=${encodeURIComponent(token)}`,
      ...(key === null ? {} : { apiKey: key.secret }),
    };
    const target = { userId: owner.userId, ...(key === null ? {} : { keyId: key.id }) };
    await services.originsNotice?.tell(owner.orgId);
    await note(services, { by: byOperator(owner.orgId), action, target, request, log }, { status: 200, waits: true });
    return json(answer);
  },
);

const TRIES_MAX = 5;

/** Of two first starts at once one may be told to ask again, and then finds the owner that the other made. */
async function ensureOwner(identity: Identity, owner: Parameters<Identity["ensureOwner"]>[0]): Promise<Principal> {
  for (let tries = 1; ; tries++) {
    try {
      return await identity.ensureOwner(owner);
    } catch (error) {
      if (tries === TRIES_MAX || !isPortError(error) || error.retry !== "same-request") throw error;
    }
  }
}
