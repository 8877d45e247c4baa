/** The Worker that the workerd suites run in: the objects of the program, and an empty one to run contracts inside. */
import { DurableObject } from "cloudflare:workers";

/** Has nothing of its own; a suite reaches its storage by `runInDurableObject`. */
export class EmptyObject extends DurableObject {}

export default {
  fetch(): Response {
    return new Response("the suites call the objects, not the Worker", { status: 404 });
  },
};
