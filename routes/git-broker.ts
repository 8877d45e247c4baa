/** `/v1/broker/git/:host/:owner/:repo/*`: fetches and pushes of sandboxes, which hold a token of their session and no credential. */
import { createGitBroker } from "../src/app/git-broker.ts";
import { createSubApp, route, type Call } from "./route.ts";

export const gitBroker = createSubApp();

const PATH = "/v1/broker/git/:host/:owner/:repo/*";
const STEPS_BEFORE = PATH.split("/").length - 1;

const common = {
  path: PATH,
  policy: "sandbox-token",
  audit: { exempt: "A sandbox's own traffic, not somebody's deed: what it may push is its session's branch, and the repository has that." },
  scope: null,
  tag: "Sandbox",
  description: "Git's smart HTTP protocol, with the sandbox's token as password or bearer. Refusals are spoken in that protocol, so that git prints them.",
  success: { status: 200, description: "What the repository's host answered, streamed" },
} as const;

function pass({ request, services, url, param }: Call<"sandbox-token", unknown, unknown>): Promise<Response> {
  const step = url.pathname.split("/").slice(STEPS_BEFORE).join("/");
  return createGitBroker(services).handle(request, { host: param("host"), owner: param("owner"), repo: param("repo"), step });
}

route(gitBroker, { ...common, method: "get", summary: "List a repository's references" }, pass);
route(gitBroker, { ...common, method: "post", summary: "Fetch from or push to a repository" }, pass);
