/** GitHub, or a GitHub Enterprise Server: what it says of its people, beside a way that carries git's calls to any host. */
import { classifyFetchFailure } from "../../core/kernel/fetch-failure.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import { githubPeople } from "../../ports/source-control/github-people.ts";
import type { SourceControl } from "../../ports/source-control/source-control.port.ts";

export interface GithubDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Where people sign in and repositories are: `https://github.com`, or a server of one's own, without trailing slash. */
  readonly baseUrl: string;
  readonly answerTimeoutMs?: number;
}

const ANSWER_TIMEOUT_MS = 10_000;

export function createGithub({ fetch, baseUrl, answerTimeoutMs = ANSWER_TIMEOUT_MS }: GithubDeps, git: SourceControl): SourceControl {
  const people = githubPeople({
    baseUrl,
    send: async ({ url, method, headers, signal }) => {
      const both = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]);
      try {
        // A redirect would take the credential along.
        return await fetch(url, { method, headers, signal: both, redirect: "manual" });
      } catch (error) {
        const { says, ...verdict } = classifyFetchFailure(both.aborted ? both.reason : error);
        throw new PortError({ port: "source-control", operation: "rightOf", ...verdict, message: `${new URL(url).host} ${says}.`, cause: error });
      }
    },
  });
  return { inspect: (remote, signal) => git.inspect(remote, signal), forward: (call) => git.forward(call), ...people };
}
