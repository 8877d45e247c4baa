/** A source control whose hosts are functions in memory. Calls are made and answers judged as on the real way. */
import { FLUSH, joined, pkt } from "../../core/git/pkt-line.ts";
import { FaultScript, type Fault } from "../../core/kernel/fault.ts";
import type { OutsideProvider } from "../../core/access/outside-sign-in.ts";
import { InMemoryGitHost } from "./git-host.fake.ts";
import { githubPeople } from "./github-people.ts";
import { sourceControlOver, type HttpCall, type Operation } from "./smart-http.ts";
import { SOURCE_CONTROL_FAULTS } from "./source-control.faults.ts";
import type { GitCall, GitRemote, RemoteRepository, RepositoryRight, SourceControl } from "./source-control.port.ts";

export type InMemoryHost = (call: HttpCall) => Response | Promise<Response>;

export interface InMemorySourceControlOptions {
  readonly faults?: FaultScript;
  /** Absent: an `InMemoryGitHost`. */
  readonly host?: InMemoryHost;
  /** The host that knows people, as GitHub does. */
  readonly peopleUrl?: string;
}

const PEOPLE_URL = "https://git.example";

/** What the host answers when it is armed to fail so; the port's own code then judges it. */
const ANSWERS: Readonly<Record<string, () => Response>> = {
  "source-control:forward:branch-moved": () =>
    new Response(joined(pkt("unpack ok\n"), pkt("ng refs/heads/x failed to update ref\n"), FLUSH), { headers: { "content-type": "application/x-git-receive-pack-result" } }),
};

export class InMemorySourceControl implements SourceControl {
  readonly faults: FaultScript;
  readonly host: InMemoryGitHost;
  readonly #over: Pick<SourceControl, "inspect" | "forward">;
  readonly #people: Pick<SourceControl, "knowsPeople" | "rightOf">;
  /** Every call as a host saw it, credentials included. */
  readonly calls: HttpCall[] = [];

  constructor({ faults = new FaultScript(SOURCE_CONTROL_FAULTS), host, peopleUrl = PEOPLE_URL }: InMemorySourceControlOptions = {}) {
    this.faults = faults;
    this.host = new InMemoryGitHost();
    const answer = host ?? ((call: HttpCall) => this.host.answer(call));
    this.#over = sourceControlOver({ send: (call, { operation }) => this.#send(call, operation, answer) });
    this.#people = githubPeople({ baseUrl: peopleUrl, send: (call) => this.#send(call, "rightOf", answer) });
  }

  inspect(remote: GitRemote, signal: AbortSignal): Promise<RemoteRepository> {
    return this.#over.inspect(remote, signal);
  }

  forward(call: GitCall): Promise<ReadableStream<Uint8Array>> {
    return this.#over.forward(call);
  }

  knowsPeople(url: string): OutsideProvider | null {
    return this.#people.knowsPeople(url);
  }

  rightOf(remote: GitRemote, accountId: string, signal: AbortSignal): Promise<RepositoryRight> {
    return this.#people.rightOf(remote, accountId, signal);
  }

  async #send(call: HttpCall, operation: Operation, answer: InMemoryHost): Promise<Response> {
    call.signal.throwIfAborted();
    this.faults.strike(operation, "before-send");
    this.calls.push(call);
    const response = await answer(call);
    this.faults.strike(operation, "after-apply");
    const during = this.faults.strike(operation, "mid-stream");
    return during ? broken(during, response) : response;
  }
}

function broken({ id }: Fault, response: Response): Response {
  const instead = ANSWERS[id];
  if (instead) return instead();
  return new Response(response.body && cutAfterFirst(response.body), response);
}

function cutAfterFirst(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let chunks = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, Math.ceil(chunk.length / 2)));
        if (chunks++ === 0) controller.error(new TypeError("the connection was cut"));
      },
    }),
  );
}
