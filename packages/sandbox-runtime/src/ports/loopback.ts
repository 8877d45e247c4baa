/** How a port of this sandbox is dialed, and nothing else. */
import type { LookupFunction } from "node:net";

/** Nothing else is dialed, whatever names the sandbox knows. A server that is told `localhost` may listen on either address. */
const lookup: LookupFunction = (_name, _options, answer) => {
  answer(null, [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ]);
};
export const LOOPBACK = { lookup, autoSelectFamily: true } as const;
