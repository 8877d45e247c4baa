/** What an agent tells of its newest prompt while its session is loaded again. */
import type { SessionUpdate } from "@agentclientprotocol/sdk/unstable";
import { textOf } from "./acp-updates.ts";

export class AcpReplay {
  prompt = "";
  updates: SessionUpdate[] = [];
  #isPrompt = false;
  #of: string | null = null;

  add(update: SessionUpdate): void {
    if (update.sessionUpdate !== "user_message_chunk") {
      this.#isPrompt = false;
      this.updates.push(update);
      return;
    }
    const of = update.messageId ?? null;
    // The next prompt: what was told before is of older ones.
    if (!this.#isPrompt || of !== this.#of) {
      this.prompt = "";
      this.updates = [];
    }
    this.#isPrompt = true;
    this.#of = of;
    this.prompt += textOf(update.content);
  }
}
