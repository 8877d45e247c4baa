/** How the container engine's answers are reported: one pure classification of what its client throws. */
import type { Outcome, PortErrorCode, Retry } from "../../../core/kernel/port-error.ts";
import { PortError } from "../../../core/kernel/port-error.ts";
import { refusal } from "../session-folders/errors.ts";
import { missingImageWords, type ImageBuild } from "./image-build.ts";

interface Known {
  readonly code: PortErrorCode;
  readonly outcome: Outcome;
  readonly retry?: Retry;
  readonly message: string;
  readonly fix?: string;
}

const START_ENGINE = "Start Docker, for example with `systemctl start docker`.";
/** A daemon that is started again is back in seconds. */
const ENGINE_BACK_MS = 5_000;
/** Disks and pools of addresses are not freed in a moment. */
const ROOM_MS = 30_000;

const AWAY: Known = { code: "failed-precondition", outcome: "not-applied", retry: { afterMs: ENGINE_BACK_MS }, message: "The container engine cannot be reached.", fix: START_ENGINE };
const CUT: Known = { code: "unknown", outcome: "unknown", message: "The container engine's answer was cut." };

const BY_ERRNO: Readonly<Record<string, Known>> = {
  ENOENT: AWAY,
  ECONNREFUSED: AWAY,
  EACCES: {
    code: "permission-denied",
    outcome: "not-applied",
    message: "The container engine does not let this user in.",
    fix: "Add the user to the engine's group, for example with `sudo usermod -aG docker $USER`, and sign in again.",
  },
  ECONNRESET: CUT,
  EPIPE: CUT,
};

const NO_IMAGE = /no such image/i;

/** The engine tells these apart by its sentence alone, under one status. */
const BY_SENTENCE: readonly (readonly [sentence: RegExp, known: Known])[] = [
  [/no space left on device|disk quota exceeded/i, { code: "resource-exhausted", outcome: "unknown", retry: { afterMs: ROOM_MS }, message: "The engine's disk is full.", fix: "Free some space, for example with `docker system prune`." }],
  [/cannot allocate memory|resource temporarily unavailable|too many open files/i, { code: "resource-exhausted", outcome: "unknown", retry: { afterMs: ENGINE_BACK_MS }, message: "The machine has no memory or process left for another sandbox." }],
  [NO_IMAGE, { code: "failed-precondition", outcome: "not-applied", ...missingImageWords(null) }],
  [/unknown or invalid runtime name|runtime .*not found/i, { code: "failed-precondition", outcome: "not-applied", message: "The engine does not have the runtime that SANDBOX_RUNTIME names.", fix: "Add it to the engine's configuration, or unset SANDBOX_RUNTIME." }],
  [/executable file not found|no such file or directory: unknown/i, { code: "failed-precondition", outcome: "not-applied", message: "The image of sandboxes lacks a program of Berth's.", fix: "Build it anew with `npm run image`." }],
];

const BY_STATUS: Readonly<Record<number, Known>> = {
  400: { code: "invalid-argument", outcome: "not-applied", message: "The engine does not take what it was asked for." },
  404: { code: "not-found", outcome: "not-applied", message: "The container is gone." },
  409: { code: "failed-precondition", outcome: "not-applied", message: "The container is not in a state for that." },
  500: { code: "internal", outcome: "unknown", message: "The container engine failed." },
  503: AWAY,
};

const SAID_MAX = 200;

/** Errors already classified pass through. */
export function classifyEngine(operation: string, raw: unknown): PortError {
  if (raw instanceof PortError) return raw;
  const { code, statusCode, message } = (raw ?? {}) as { readonly code?: unknown; readonly statusCode?: unknown; readonly message?: unknown };
  const said = typeof message === "string" ? message : "";
  const known =
    (typeof code === "string" ? BY_ERRNO[code] : undefined) ??
    BY_SENTENCE.find(([sentence]) => sentence.test(said))?.[1] ??
    (typeof statusCode === "number" ? BY_STATUS[statusCode] : undefined);
  if (!known) return refusal(operation, "The container engine could not do that for an unknown reason.", { code: "unknown", outcome: "unknown", cause: raw });
  const sentence = known.code === "internal" || known.code === "invalid-argument" ? `${known.message} It said: ${bare(said)}` : known.message;
  return refusal(operation, sentence, { code: known.code, outcome: known.outcome, retry: known.retry ?? "never", ...(known.fix ? { fix: known.fix } : {}), cause: raw });
}

/** What a build of the image says is told in the place of the bare fact that it is missing; every other error is as it was. */
export function withBuildTold(error: PortError, build: () => ImageBuild | null): PortError {
  const { message: said } = (error.cause ?? {}) as { readonly message?: unknown };
  if (typeof said !== "string" || !NO_IMAGE.test(said)) return error;
  const { message, fix } = missingImageWords(build());
  return refusal(error.operation, message, { code: error.code, outcome: error.outcome, retry: error.retry, fix, cause: error.cause });
}

/** Without the client's own words around what the engine said. */
function bare(message: string): string {
  return message.replace(/^\(HTTP code \d+\) [^-]*- /, "").trim().slice(0, SAID_MAX);
}

/** The engine has no such container, or it does not run. */
export function isNotRunning(raw: unknown): boolean {
  const { statusCode } = (raw ?? {}) as { readonly statusCode?: unknown };
  return statusCode === 404 || statusCode === 409;
}
