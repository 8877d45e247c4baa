/** For the operator: how the secrets of all organizations stand to the master keys, and the way from one to the next. */
import { z } from "zod";
import { renewSecrets, type RenewalStep } from "../src/app/secret-renewal.ts";
import { byOperator, note } from "./audited.ts";
import { json } from "./paging.ts";
import { createSubApp, route } from "./route.ts";

export const secretRenewal = createSubApp();

const Renewal = z.strictObject({
  after: z.string().max(200).nullable().default(null).describe("`next` of the answer before; null at the beginning"),
  limit: z.int().min(1).max(100).default(20).describe("organizations in this step"),
  look: z.boolean().default(false).describe("only looks and changes nothing"),
});

const Step = z.object({
  configured: z.array(z.int()).readonly().describe("versions of the master keys that are configured"),
  newest: z.int().describe("the version that secrets are written under"),
  organizations: z.int(),
  renewed: z.int().describe("secrets that were moved to the newest master key in this step"),
  under: z.record(z.string(), z.int()).describe("secrets of these organizations by the version they are under now"),
  unreadable: z
    .array(z.object({ organization: z.string(), name: z.string(), keyVersion: z.int(), state: z.enum(["key-missing", "key-wrong", "damaged"]) }))
    .readonly(),
  next: z.string().nullable(),
});

route(
  secretRenewal,
  {
    method: "post",
    path: "/internal/secrets/renewal",
    policy: "operator",
    audit: "itself",
    scope: null,
    tag: "Instance",
    summary: "Bring secrets under the newest master key",
    description:
      "One step over some organizations; ask again with `next` until it is null. Secrets stay readable meanwhile. A master key may be dropped when no secret of any organization is under its version and every Worker has the newest.",
    body: Renewal,
    bodyOptional: true,
    success: { status: 200, schema: Step },
  },
  async ({ services, body, request, action, log }) => {
    const renewedIn = (organization: string, renewed: number): Promise<void> =>
      note(services, { by: byOperator(organization), action, target: { renewed: String(renewed) }, request, log }, { status: 200, waits: true });
    const answer: RenewalStep = await renewSecrets(services, body, renewedIn);
    return json(answer);
  },
);
