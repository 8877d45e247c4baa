/** A bound on calls to a service that may never answer. */
import { refusal } from "../session-folders/errors.ts";

/** @throws PortError when it is not over in time */
export async function withDeadline<T>(operation: string, ms: number, call: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(refusal(operation, `Modal did not answer within ${ms} ms.`, { code: "deadline-exceeded", outcome: "unknown", retry: "same-request" })), ms);
  // Whoever comes too late is heard by nobody.
  call.catch(() => undefined);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
