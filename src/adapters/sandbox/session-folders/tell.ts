/** Tells a runtime whom it works for by its input, which is nobody's any more once it was read: an environment and arguments stay readable while a process lives. */
import type { Writable } from "node:stream";

export function tell(input: Writable, link: object): Promise<void> {
  return new Promise((resolve, reject) => {
    input.once("error", reject);
    input.end(JSON.stringify(link), () => resolve());
  });
}
