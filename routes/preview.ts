/**
 * The gateway to what is served inside sandboxes. It answers at the origins of previews, and at these nothing else of Berth is:
 * no API, no page, none of its sign-ins. A ticket from the session opens one origin, whose cookie is the only way in from then on.
 */
import { makeProblem, type Problem } from "@berth/protocol";
import { openPreviewRequest, previewRequest } from "../src/app/http/preview-request.ts";
import { ProblemError, refuse } from "../src/app/http/problem-error.ts";
import { parseTicket } from "../src/app/http/ticket.ts";
import type { Services } from "../src/app/services.ts";
import { PROBLEM_HEADER } from "../src/app/workspace/file-transfer.ts";
import { headersInside, isOthersPage, readPassCookie, setPassCookie, withBodyLength } from "../src/core/preview/preview-headers.ts";
import { parsePreviewHost, previewLabel, type PreviewPlace } from "../src/core/preview/preview-host.ts";
import { isUpgrade } from "./auth.ts";
import { problemResponse } from "./errors.ts";
import { previewProblemPage } from "./preview-page.ts";
import { countPlace, countRefused } from "./rate.ts";

const OPEN_PATH = "/.berth/open";
/** As JSON, which is how the tunnel carries it: quotes and small headers are longer there. */
const HEAD_UNITS_MAX = 64 * 1024;

type PreviewServices = Pick<Services, "workspaces" | "workspaceDomain" | "publicUrl" | "rateLimiter" | "clientAddressHeader">;

/** Where a browser opens it, once. @param requested by which the client reached us: on one machine its port may be forwarded */
export function previewAddress({ publicUrl, workspaceDomain }: Pick<Services, "publicUrl" | "workspaceDomain">, requested: URL, place: PreviewPlace, ticket: string): string {
  if (workspaceDomain === undefined) {
    refuse("conflict", "This Berth has no domain for previews.", { fix: "Its operator sets WORKSPACE_DOMAIN: docs/runbooks/one-server.md says how." });
  }
  const own = new URL(publicUrl);
  const { port } = ["127.0.0.1", "localhost"].includes(requested.hostname) ? requested : own;
  return `${own.protocol}//${previewLabel(place)}.${workspaceDomain}${port === "" ? "" : `:${port}`}${OPEN_PATH}?ticket=${ticket}`;
}

/** Null where it is no preview's address. @param resolve the services of this request */
export async function answerPreview(request: Request, resolve: () => Services | Promise<Services>): Promise<Response | null> {
  const url = new URL(request.url);
  const place = parsePreviewHost(url.hostname);
  if (place === null) return null;
  const services = await resolve();
  if (place.domain !== services.workspaceDomain) return problemResponse(makeProblem("not-found", "There is nothing at this address."));
  try {
    return await passOn(request, url, place, services);
  } catch (error) {
    if (error instanceof ProblemError) return problem(request, error.problem, place, services);
    throw error;
  }
}

async function passOn(request: Request, url: URL, place: PreviewPlace, services: PreviewServices): Promise<Response> {
  const { port, sessionId } = place;
  // TLS may have ended in front of us.
  const origin = `${new URL(services.publicUrl).protocol}//${url.host}`;
  if (url.pathname === OPEN_PATH) return open(request, url.searchParams.get("ticket") ?? "", origin, place, services);
  const pass = readPassCookie(request.headers.get("cookie"), origin);
  const owner = parseTicket(pass ?? "", "wkp");
  if (pass === null || owner === null) return notOpen(request, place, services);
  if (isOthersPage(request.headers, origin)) refuse("forbidden", "A page of another origin may not use this preview.");
  if (request.headers.get("service-worker") === "script" && OPEN_PATH.startsWith(new URL(".", url).pathname)) {
    refuse("forbidden", "A service worker here would hear of the tickets that open this preview.", { fix: "Serve it from a folder below the root, without Service-Worker-Allowed." });
  }
  const told = [...request.headers].filter(([name]) => name !== services.clientAddressHeader?.toLowerCase());
  const headers = withBodyLength(headersInside(told, { port, origin }), request.body !== null);
  const path = url.pathname + url.search;
  if (JSON.stringify([path, headers]).length > HEAD_UNITS_MAX) refuse("bad-request", "The request's address and headers are too long.", { fix: "Clear this page's cookies." });
  const call = { pass, port, origin, socket: isUpgrade(request), method: request.method, path, headers };
  const object = services.workspaces.of(owner.orgId, sessionId);
  const answer = await object.fetch(previewRequest({ orgId: owner.orgId, sessionId }, call, request));
  if (answer.headers.get(PROBLEM_HEADER) === null) return answer;
  const found = (await answer.json()) as Problem;
  // Of a session that is gone nothing more is said than of one that never was.
  return found.status === 404 ? notOpen(request, place, services) : problem(request, found, place, services);
}

async function open(request: Request, ticket: string, origin: string, place: PreviewPlace, services: PreviewServices): Promise<Response> {
  countPlace(services, request, "page");
  const owner = parseTicket(ticket, "wkt");
  if (owner === null) return notOpen(request, place, services);
  const { sessionId, port } = place;
  const answer = await services.workspaces.of(owner.orgId, sessionId).fetch(openPreviewRequest({ orgId: owner.orgId, sessionId }, ticket, port));
  if (answer.headers.get(PROBLEM_HEADER) !== null) return notOpen(request, place, services);
  const { pass } = (await answer.json()) as { readonly pass: string };
  return new Response(null, { status: 303, headers: { location: "/", "set-cookie": setPassCookie(origin, pass), "cache-control": "no-store", "referrer-policy": "no-referrer" } });
}

function notOpen(request: Request, place: PreviewPlace, services: PreviewServices): Response {
  countRefused(services, request);
  return problem(request, makeProblem("unauthenticated", "This preview is not open in this browser.", { fix: "Open it again from the session." }), place, services);
}

function problem(request: Request, found: Problem, { sessionId }: PreviewPlace, { publicUrl }: PreviewServices): Response {
  const isPage = request.headers.get("accept")?.includes("text/html") === true && !isUpgrade(request);
  return isPage ? previewProblemPage(found, `${publicUrl}/sessions/${sessionId}`) : problemResponse(found);
}
