/** Why a port gave no answer, as whoever opened it is told. */
import type { PortHead } from "@berth/protocol";

export function refusalOf(port: number, error: unknown): PortHead {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return { is: "refused", why: "silent", detail: `Nothing listens on port ${port}.` };
  return { is: "refused", why: "broken", detail: `What listens on port ${port} broke off: ${code ?? message}`.slice(0, 300) };
}
