/** The session's title as the agent finds one: told by itself, or in its list of sessions after a turn. */
import { setTimeout as delay } from "node:timers/promises";
import { methods, type ClientContext, type InitializeResponse } from "@agentclientprotocol/sdk/unstable";
import { titleOf } from "./opencode-events.ts";

export interface TitleSource {
  readonly agent: ClientContext;
  readonly told: InitializeResponse;
  readonly sessionId: string;
  readonly stopping: AbortController;
}

/** A title is mostly found beside the first answer, or a moment after it. */
const PAUSES_MS: readonly number[] = [0, 500, 1_000, 2_000, 4_000, 8_000];

export class AcpTitle {
  readonly #tell: (title: string) => void;
  #title: string | null = null;
  #isAsking = false;

  constructor(tell: (title: string) => void) {
    this.#tell = tell;
  }

  /** Of placeholders nothing is told. */
  found(raw: string | null | undefined): void {
    const title = titleOf(raw ?? "");
    if (title === null || title === this.#title) return;
    this.#title = title;
    this.#tell(title);
  }

  /** Goes on in the background until there is one; a later turn asks again. */
  ask(source: TitleSource): void {
    if (this.#title !== null || this.#isAsking || !source.told.agentCapabilities?.sessionCapabilities?.list) return;
    this.#isAsking = true;
    void this.#ask(source)
      .catch(() => {})
      .finally(() => {
        this.#isAsking = false;
      });
  }

  async #ask({ agent, sessionId, stopping }: TitleSource): Promise<void> {
    for (const pauseMs of PAUSES_MS) {
      await delay(pauseMs, undefined, { signal: stopping.signal, ref: false });
      const { sessions } = await agent.request(methods.agent.session.list, {});
      this.found(sessions.find((session) => session.sessionId === sessionId)?.title);
      if (this.#title !== null) return;
    }
  }
}
