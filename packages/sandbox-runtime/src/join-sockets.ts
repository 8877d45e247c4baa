/** Two connections made one. */
import type { Socket } from "node:net";

/** Each half until its own end. When one side is gone the other goes too, after what is still on its way to it. */
export function joinSockets(one: Socket, other: Socket): void {
  for (const [from, to] of [[one, other], [other, one]] as const) {
    // Its closing says it.
    from.on("error", () => undefined);
    from.pipe(to);
    from.once("close", () => (from.readableEnded ? to.destroySoon() : to.destroy()));
  }
}
