/** The app: every sub-app mounted, refusals and headers in one place, and static files for what is no route. */
import { makeProblem } from "@berth/protocol";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Services } from "../src/app/services.ts";
import { isForPreviews } from "../src/core/preview/preview-host.ts";
import { apiKeys } from "./api-keys.ts";
import { audit } from "./audit.ts";
import { bootstrap } from "./bootstrap.ts";
import { budgets } from "./budgets.ts";
import { checkpointBlobs } from "./checkpoint-blobs.ts";
import { clientOrigins } from "./client-origins.ts";
import { corsHeadersOf, preflightOf } from "./cors.ts";
import { devicePage } from "./device-page.ts";
import { devices } from "./devices.ts";
import { createDocs } from "./docs.ts";
import { environments } from "./environments.ts";
import { methodNotAllowed, problemResponse, toResponse, type LogError } from "./errors.ts";
import { events } from "./events.ts";
import { files } from "./files.ts";
import { gitBroker } from "./git-broker.ts";
import { health } from "./health.ts";
import { httpBroker } from "./http-broker.ts";
import { invitationPage } from "./invitation-page.ts";
import { invitations } from "./invitations.ts";
import { machine } from "./machine.ts";
import { me } from "./me.ts";
import { members } from "./members.ts";
import { messages } from "./messages.ts";
import { modelBroker } from "./model-broker.ts";
import { models } from "./models.ts";
import { organization } from "./organization.ts";
import { outputs } from "./outputs.ts";
import { outsideSignIn } from "./outside-sign-in.ts";
import { passwordChange } from "./password-change.ts";
import { passwordReset } from "./password-reset.ts";
import { answerPreview } from "./preview.ts";
import { providerKeys } from "./provider-keys.ts";
import { repositories } from "./repositories.ts";
import { listRoutes, methodsAt, type App, type AppEnv } from "./route.ts";
import { rateHeadersOf } from "./rate.ts";
import { runs } from "./runs.ts";
import { sandboxPolicy } from "./sandbox-policy.ts";
import { sandboxLink } from "./sandbox-link.ts";
import { sandboxSecrets } from "./sandbox-secrets.ts";
import { sandboxTunnel } from "./sandbox-tunnel.ts";
import { usage } from "./usage.ts";
import { transportHeaders, withSecurityHeaders } from "./security-headers.ts";
import { secretRenewal } from "./secret-renewal.ts";
import { secrets } from "./secrets.ts";
import { serviceAccounts } from "./service-accounts.ts";
import { sessionActions } from "./session-actions.ts";
import { sessions } from "./sessions.ts";
import { shares } from "./shares.ts";
import { signIn } from "./sign-in.ts";
import { signUp } from "./sign-up.ts";
import { stream } from "./stream.ts";
import { teams } from "./teams.ts";
import { workspace } from "./workspace.ts";

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
    context.set("log", log);
    const preflight = preflightOf(context.req.raw);
    if (preflight) return preflight;
    const services = await resolve(executionContextOf(() => context.executionCtx), context.env);
    if (isForPreviews(new URL(context.req.url).hostname, services.workspaceDomain, [services.publicUrl, services.sandboxUrl])) return problemResponse(makeProblem("not-found", "There is nothing at this address."));
    context.set("services", services);
    await next();
    // An upgrade is passed on untouched: a copy would lose its socket.
    if (context.res.status !== 101) for (const [name, value] of Object.entries({ ...rateHeadersOf(context.req.raw), ...corsHeadersOf(context.req.raw), ...transportHeaders(services.publicUrl) })) context.header(name, value);
    return undefined;
  });

  const subApps = [health, me, sessions, messages, sessionActions, sandboxPolicy, shares, clientOrigins, events, stream, workspace, files, outputs, runs, models, providerKeys, repositories, environments, secrets, budgets, usage, apiKeys, organization, members, serviceAccounts, teams, invitations, invitationPage, devices, devicePage, audit, machine, sandboxLink, sandboxTunnel, checkpointBlobs, sandboxSecrets, modelBroker, gitBroker, httpBroker, signIn, signUp, passwordReset, passwordChange, outsideSignIn, bootstrap, secretRenewal];
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
  app.fetch = async (...given) => {
    const [request, env, context] = given;
    const preview = await answerPreview(request, () => resolve(context ?? NO_CONTEXT, env)).catch((error: unknown) => toResponse(error, request, log, crypto.randomUUID()));
    // What is served there has its own word on what its pages may.
    return preview ?? withSecurityHeaders(await fetch(...given));
  };
  return app;
}

/** Without a platform's context, as in a test, background work simply runs. */
const NO_CONTEXT: ExecutionContextLike = { waitUntil: () => undefined };

function executionContextOf(read: () => ExecutionContextLike): ExecutionContextLike {
  try {
    return read();
  } catch {
    return NO_CONTEXT;
  }
}

function logToConsole({ error, ...entry }: Parameters<LogError>[0]): void {
  const described = error instanceof Error ? { name: error.name, message: error.message, stack: error.stack, cause: String(error.cause ?? "") } : { message: String(error) };
  console.error(JSON.stringify({ level: "error", event: "request.failed", ...entry, error: described }));
}
