/** The app: every sub-app mounted, refusals and headers in one place, and static files for what is no route. */
import { makeProblem } from "@berth/protocol";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Services } from "../src/app/services.ts";
import { apiKeys } from "./api-keys.ts";
import { bootstrap } from "./bootstrap.ts";
import { checkpointBlobs } from "./checkpoint-blobs.ts";
import { createDocs } from "./docs.ts";
import { methodNotAllowed, problemResponse, toResponse, type LogError } from "./errors.ts";
import { events } from "./events.ts";
import { health } from "./health.ts";
import { machine } from "./machine.ts";
import { me } from "./me.ts";
import { messages } from "./messages.ts";
import { modelBroker } from "./model-broker.ts";
import { models } from "./models.ts";
import { outputs } from "./outputs.ts";
import { providerKeys } from "./provider-keys.ts";
import { listRoutes, methodsAt, type App, type AppEnv } from "./route.ts";
import { runs } from "./runs.ts";
import { sandboxLink } from "./sandbox-link.ts";
import { withSecurityHeaders } from "./security-headers.ts";
import { sessionActions } from "./session-actions.ts";
import { sessions } from "./sessions.ts";
import { signIn } from "./sign-in.ts";
import { stream } from "./stream.ts";

/** The part of the platform's context that is used. */
export interface ExecutionContextLike {
  waitUntil(work: Promise<unknown>): void;
}

export interface AppOptions {
  /** Static files: null when there is none at that address. `env` is the platform's, as `fetch` was given it. */
  readonly assets?: (request: Request, env: unknown) => Promise<Response | null>;
  /** Takes what went wrong on our side. Default: one line of JSON on the error output. */
  readonly log?: LogError;
}

/** @param resolve builds the services of one request */
export function createApp(resolve: (context: ExecutionContextLike, env: unknown) => Services | Promise<Services>, options: AppOptions = {}): App {
  const { assets, log = logToConsole } = options;
  const app: App = new OpenAPIHono<AppEnv>();

  app.use(async (context, next) => {
    context.set("services", await resolve(executionContextOf(() => context.executionCtx), context.env));
    await next();
  });

  const subApps = [health, me, sessions, messages, sessionActions, events, stream, outputs, runs, models, providerKeys, apiKeys, machine, sandboxLink, checkpointBlobs, modelBroker, signIn, bootstrap];
  for (const subApp of subApps) app.route("/", subApp);
  app.route("/", createDocs(app));
  const mounted = listRoutes(app);

  app.notFound(async ({ req: { raw: request }, env }) => {
    const { pathname } = new URL(request.url);
    const allowed = methodsAt(mounted, pathname);
    if (allowed.length > 0) return methodNotAllowed(request.method, allowed);
    const isFile = ["GET", "HEAD"].includes(request.method) && !/^\/(v1|internal)(\/|$)/.test(pathname);
    const file = isFile && assets ? await assets(request, env) : null;
    return file ?? problemResponse(makeProblem("not-found", "There is nothing at this address. The API is described at /docs."));
  });
  app.onError((error, { req }) => toResponse(error, req.raw, log, crypto.randomUUID()));

  const { fetch } = app;
  app.fetch = async (...given) => withSecurityHeaders(await fetch(...given));
  return app;
}

/** Without a platform's context, as in a test, background work simply runs. */
function executionContextOf(read: () => ExecutionContextLike): ExecutionContextLike {
  try {
    return read();
  } catch {
    return { waitUntil: () => undefined };
  }
}

function logToConsole({ error, ...entry }: Parameters<LogError>[0]): void {
  const described = error instanceof Error ? { name: error.name, message: error.message, stack: error.stack, cause: String(error.cause ?? "") } : { message: String(error) };
  console.error(JSON.stringify({ level: "error", event: "request.failed", ...entry, error: described }));
}
