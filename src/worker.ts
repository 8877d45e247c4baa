/** The Worker's entry. It wires nothing: `#compose` is the composition root that the build chose. */
import type { ExecutionContext } from "@cloudflare/workers-types";
import { worker } from "#compose";
import { createApp } from "../routes/index.ts";
import { fetchAsset } from "./compose/assets.ts";
import type { WorkerBindings } from "./compose/env.ts";
import { createSessionObject } from "./session/session-do.ts";
import { createWorkspaceObject } from "./session/workspace-do.ts";

export { OrgEventsDO } from "./org/org-events-do.ts";
export { OrgLedgerDO } from "./org/org-ledger-do.ts";
/** Used by the composition for one machine only; on Cloudflare it is never bound. */
export { PgPoolDO } from "./compose/pg-pool-do.ts";

export class SessionDO extends createSessionObject(worker.session) {}
export class WorkspaceDO extends createWorkspaceObject(worker.workspace) {}

const app = createApp((ctx, env) => worker.services(env as WorkerBindings, ctx), { assets: fetchAsset });

/** By its name, too: on one machine the default is behind what serves assets. */
export const direct = {
  fetch: (request: Request, env: WorkerBindings, ctx: ExecutionContext) => app.fetch(request, env, ctx),
};

export default direct;
