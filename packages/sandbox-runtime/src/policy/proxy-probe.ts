/** What the way out leads to though nobody may be let through to it, asked for as any program in the sandbox could. */
import { request } from "node:http";

interface Tried {
  readonly name: string;
  readonly authority: string;
}

const TRIED: readonly Tried[] = [
  { name: "the cloud's metadata service, by the proxy", authority: "169.254.169.254:80" },
  // No name server knows it, and no list of hosts has it.
  { name: "a host that nobody allowed, by the proxy", authority: "not-allowed.invalid:443" },
];
const REFUSED = 403;
const ANSWER_MS = 3_000;

/** A proxy that tries, and does not come through, would have let it through as well. One that does not answer lets nobody. */
export async function letThrough(proxyPort: number): Promise<string[]> {
  const answers = await Promise.all(TRIED.map(({ authority }) => askTunnel(proxyPort, authority)));
  return TRIED.filter((_, index) => answers[index] !== null && answers[index] !== REFUSED).map(({ name }) => name);
}

/** The status of the answer; null for none. */
function askTunnel(port: number, path: string): Promise<number | null> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, method: "CONNECT", path, agent: false, signal: AbortSignal.timeout(ANSWER_MS) });
    asked.once("connect", ({ statusCode = null }, socket) => {
      socket.destroy();
      resolve(statusCode);
    });
    asked.once("error", () => resolve(null));
    asked.end();
  });
}
