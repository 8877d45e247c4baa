/** `/v1/broker/http/:host/*`: calls of sandboxes to hosts for which somebody keeps a secret. */
import { passHttp } from "../src/app/http-broker.ts";
import { createSubApp, pathBelow, route, type Call } from "./route.ts";

export const httpBroker = createSubApp();

const PREFIX = "/v1/broker/http/";

const common = {
  path: `${PREFIX}:host/*`,
  policy: "sandbox-token",
  audit: { exempt: "A sandbox's own traffic, not somebody's deed: each use of a secret is in the log of its uses." },
  scope: null,
  tag: "Sandbox",
  description: "The host's own API over https, with the sandbox's token in place of a credential. Secrets whose owner named this host are added as headers. Redirects are not followed.",
  success: { status: 200, description: "What the host answered, streamed" },
} as const;

function pass({ request, services, url, param }: Call<"sandbox-token", unknown, unknown>): Promise<Response> {
  // Taken from the address as it came: a path may hold escaped characters.
  const path = pathBelow(url, PREFIX);
  return passHttp(services, request, { host: param("host"), path });
}

route(httpBroker, { ...common, method: "get", summary: "Read from a host" }, pass);
route(httpBroker, { ...common, method: "post", summary: "Send to a host" }, pass);
route(httpBroker, { ...common, method: "put", summary: "Write to a host" }, pass);
route(httpBroker, { ...common, method: "patch", summary: "Change at a host" }, pass);
route(httpBroker, { ...common, method: "delete", summary: "Delete at a host" }, pass);
