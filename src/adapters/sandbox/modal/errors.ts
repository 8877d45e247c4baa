/** How Modal's answers are reported: one pure classification of what its SDK throws. */
import { PortError, type Outcome, type PortErrorCode, type Retry } from "../../../core/kernel/port-error.ts";
import { refusal } from "../session-folders/errors.ts";

interface Known {
  readonly code: PortErrorCode;
  readonly outcome: Outcome;
  readonly retry?: Retry;
  readonly message: string;
  readonly fix?: string;
}

/** Modal's own waits are of this size. */
const ROOM_MS = 30_000;
const AWAY_MS = 5_000;
const SAID_MAX = 200;

const CREDENTIALS: Known = { code: "permission-denied", outcome: "not-applied", message: "Modal does not accept the token.", fix: "Set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET of the sandbox host to a token that `modal token new` made." };
const GONE: Known = { code: "not-found", outcome: "not-applied", message: "Modal does not have it any more." };
const TAKEN: Known = { code: "already-exists", outcome: "not-applied", message: "Modal has a sandbox of that name already." };
const WRONG: Known = { code: "invalid-argument", outcome: "not-applied", message: "Modal does not take what it was asked for." };
const FULL: Known = { code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: ROOM_MS }, message: "Modal has no room for it, or the workspace's limit is reached.", fix: "Stop a session that is not needed, or raise the workspace's limit at Modal." };
const STATE: Known = { code: "failed-precondition", outcome: "not-applied", message: "The sandbox at Modal is not in a state for that." };
const LATE: Known = { code: "deadline-exceeded", outcome: "unknown", retry: "same-request", message: "Modal took too long." };
const AWAY: Known = { code: "deadline-exceeded", outcome: "unknown", retry: { afterMs: AWAY_MS }, message: "Modal cannot be reached, or is not available." };
const BROKEN: Known = { code: "internal", outcome: "unknown", message: "Modal failed." };
const CUT: Known = { code: "unknown", outcome: "unknown", message: "Modal's answer was cut." };

/** By the number of gRPC. */
const BY_STATUS: Readonly<Record<number, Known>> = {
  1: { code: "canceled", outcome: "unknown", message: "The call to Modal was canceled." },
  2: { code: "unknown", outcome: "unknown", message: "Modal failed without saying how." },
  3: WRONG,
  4: LATE,
  5: GONE,
  6: TAKEN,
  7: { code: "permission-denied", outcome: "not-applied", message: "Modal's token may not do that.", fix: "Make a token for the workspace and environment that MODAL_ENVIRONMENT names." },
  8: FULL,
  9: STATE,
  10: CUT,
  11: WRONG,
  12: { code: "unimplemented", outcome: "not-applied", message: "Modal does not know the call: its API and this version of its SDK do not go together." },
  13: BROKEN,
  14: AWAY,
  15: CUT,
  16: CREDENTIALS,
};

/** Classes of the SDK, by name: another copy of it has classes of its own. */
const BY_NAME: Readonly<Record<string, Known>> = {
  NotFoundError: GONE,
  AlreadyExistsError: TAKEN,
  InvalidError: WRONG,
  ConflictError: STATE,
  ResourceExhaustedError: FULL,
  TimeoutError: LATE,
  FunctionTimeoutError: LATE,
  SandboxTimeoutError: LATE,
  InternalFailure: BROKEN,
  SnapshotCreationError: { code: "not-found", outcome: "not-applied", message: "Modal could not keep the files of the sandbox." },
  ExecutionError: BROKEN,
  RemoteError: BROKEN,
  AbortError: { code: "canceled", outcome: "unknown", message: "The call to Modal was canceled." },
  ClientClosedError: { code: "canceled", outcome: "unknown", message: "The connection to the sandbox was closed." },
};

/** Plain errors, which the SDK tells apart by its sentence alone. */
const BY_SENTENCE: readonly (readonly [sentence: RegExp, known: Known])[] = [
  [/missing credentials/i, CREDENTIALS],
  [/Image build .* failed with the exception/is, { code: "failed-precondition", outcome: "not-applied", message: "Modal could not build the image of sandboxes." }],
  [/Image build .* (terminated|timed out)/is, { code: "deadline-exceeded", outcome: "not-applied", retry: "same-request", message: "Modal did not finish building the image of sandboxes." }],
  [/Deadline exceeded/i, LATE],
];

/** Codes whose own words help whoever reads them. */
const TOLD: readonly PortErrorCode[] = ["invalid-argument", "internal", "unimplemented", "failed-precondition"];

/** Errors already classified pass through. */
export function classifyModal(operation: string, raw: unknown): PortError {
  if (raw instanceof PortError) return raw;
  const { name, code, details, message } = (raw ?? {}) as { readonly name?: unknown; readonly code?: unknown; readonly details?: unknown; readonly message?: unknown };
  const said = typeof details === "string" && details !== "" ? details : typeof message === "string" ? message : "";
  const known =
    (typeof name === "string" ? BY_NAME[name] : undefined) ??
    (typeof code === "number" ? BY_STATUS[code] : undefined) ??
    BY_SENTENCE.find(([sentence]) => sentence.test(said))?.[1];
  if (!known) return refusal(operation, "Modal could not do that for an unknown reason.", { code: "unknown", outcome: "unknown", cause: raw });
  const sentence = TOLD.includes(known.code) && said !== "" ? `${known.message} It said: ${said.trim().slice(0, SAID_MAX)}` : known.message;
  return refusal(operation, sentence, { code: known.code, outcome: known.outcome, retry: known.retry ?? "never", ...(known.fix ? { fix: known.fix } : {}), cause: raw });
}
