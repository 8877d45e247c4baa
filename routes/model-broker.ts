/** `/v1/broker/model/:provider/*`: model calls of sandboxes, which hold a token of their session and no key. */
import { createModelBroker } from "../src/app/model-broker.ts";
import { createSubApp, pathBelow, route, type Call } from "./route.ts";

export const modelBroker = createSubApp();

const PREFIX = "/v1/broker/model/";

const common = {
  path: `${PREFIX}:provider/*`,
  policy: "sandbox-token",
  audit: { exempt: "A sandbox's own traffic, not somebody's deed: each call is in the ledger." },
  scope: null,
  tag: "Sandbox",
  description: "The provider's own API, with the sandbox's token in place of a key. Errors are spoken as the provider would.",
  success: { status: 200, description: "What the provider answered, streamed" },
} as const;

function pass({ request, services, url, param }: Call<"sandbox-token", unknown, unknown>): Promise<Response> {
  const provider = param("provider");
  // Taken from the address as it came: a model's name may hold escaped characters.
  const path = pathBelow(url, PREFIX);
  return createModelBroker(services).handle(request, { provider, path });
}

route(modelBroker, { ...common, method: "get", summary: "Ask a model provider" }, pass);
route(modelBroker, { ...common, method: "post", summary: "Call a model" }, pass);
