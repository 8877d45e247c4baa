/** Any server of git's smart HTTP protocol, with `fetch` and a user name and password or a token. Runs in workerd and in Node. */
import { classifyFetchFailure } from "../../core/kernel/fetch-failure.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import { cannotAsk } from "../../ports/source-control/github-people.ts";
import { sourceControlOver, type HttpCall } from "../../ports/source-control/smart-http.ts";
import type { SourceControl } from "../../ports/source-control/source-control.port.ts";

export interface PlainGitDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** How long the first byte of an answer may take. Default: by what is asked. */
  readonly answerTimeoutMs?: number;
}

const LIST_TIMEOUT_MS = 30_000;
/** A host that counts the objects of a large repository, or takes in a large push, answers when it is done. */
const EXCHANGE_TIMEOUT_MS = 10 * 60_000;

export function createPlainGit({ fetch, answerTimeoutMs }: PlainGitDeps): SourceControl {
  /** The deadline is for the first byte alone, so its timer is taken away once the answer begins. */
  async function answer({ url, method, headers, body, signal: callers }: HttpCall, timeoutMs: number): Promise<Response> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new DOMException("No answer in time.", "TimeoutError")), timeoutMs);
    const signal = AbortSignal.any([callers, deadline.signal]);
    try {
      // `duplex` is what Node wants of a body that is a stream.
      const init: RequestInit & { duplex: "half" } = { method, headers, body, signal, redirect: "manual", duplex: "half" };
      return await fetch(url, init);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  }

  const git = sourceControlOver({
    send: async (call, { operation, step }) => {
      try {
        return await answer(call, answerTimeoutMs ?? (step === "advertise" ? LIST_TIMEOUT_MS : EXCHANGE_TIMEOUT_MS));
      } catch (error) {
        const { says, ...verdict } = classifyFetchFailure(error);
        throw new PortError({ port: "source-control", operation, ...verdict, message: `${new URL(call.url).host} ${says}.`, cause: error });
      }
    },
  });
  return { ...git, knowsPeople: () => null, rightOf: (remote) => Promise.reject(cannotAsk(remote.url)) };
}
