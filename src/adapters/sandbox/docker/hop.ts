/** Headers that belong to one connection and not to what is passed over it. */
import type { OutgoingHttpHeaders } from "node:http";

/** What is expected was answered by whoever passes it on. */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "upgrade", "expect"];

export function withoutHop(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
