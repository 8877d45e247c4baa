/** The calls Berth makes of OpenCode's server, each with its own time-out; failures come out classified. */
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk/v2/client";
import type { Event } from "@opencode-ai/sdk/v2/types";
import { classify } from "./opencode-classify.ts";
import { authorization } from "./opencode-server.ts";
import type { StoredMessage } from "./opencode-turn.ts";

export interface ClientOptions {
  readonly url: string;
  readonly password: string;
  readonly workFolder: string;
  readonly callTimeoutMs: number;
}

interface Answer<T> {
  readonly data?: T | undefined;
  readonly error?: unknown;
  readonly response?: Response | undefined;
}

const MESSAGES_PER_PAGE = 50;

export class OpenCodeCalls {
  readonly #client: OpencodeClient;
  readonly #timeoutMs: number;

  constructor({ url, password, workFolder, callTimeoutMs }: ClientOptions) {
    const headers = { authorization: authorization(password) };
    this.#client = createOpencodeClient({ baseUrl: url, directory: workFolder, headers, fetch: (request) => fetch(request) });
    this.#timeoutMs = callTimeoutMs;
  }

  /** Ends when the connection does; the caller connects again. */
  async events(signal: AbortSignal): Promise<AsyncIterable<Event>> {
    const { stream } = await this.#client.event.subscribe({}, { signal, sseMaxRetryAttempts: 1 });
    return stream;
  }

  async hasSession(sessionID: string): Promise<boolean> {
    const answer = await this.#client.session.get({ sessionID }, this.#bound());
    if (answer.response?.status === 404) return false;
    // No answer is not a no: taken for one, the session's memory would be left behind and its prompts would run again.
    await this.#call("open", async () => answer);
    return true;
  }

  async createSession(): Promise<string> {
    const { id } = await this.#call("open", () => this.#client.session.create({}, this.#bound()));
    return id;
  }

  /** A whole turn in a session that is removed afterwards. */
  async throwAway(text: string, model: string): Promise<void> {
    const sessionID = await this.createSession();
    await this.#call("open", () => this.#client.session.prompt({ sessionID, model: modelOf(model), parts: [{ type: "text", text }] }, this.#bound()));
    await this.#call("open", () => this.#client.session.delete({ sessionID }, this.#bound()));
  }

  /** With whatever else was loaded for the work folder; nothing may run there. */
  async readConfigurationAnew(): Promise<void> {
    await this.#call("open", () => this.#client.instance.dispose({}, this.#bound()));
  }

  async isBusy(sessionID: string): Promise<boolean> {
    const statuses = await this.#call("lookup", () => this.#client.session.status({}, this.#bound()));
    const status = statuses[sessionID];
    return status !== undefined && status.type !== "idle";
  }

  async submit(sessionID: string, messageID: string, text: string, model: string, operation = "prompt"): Promise<void> {
    const parts = [{ type: "text" as const, text }];
    await this.#call(operation, () => this.#client.session.promptAsync({ sessionID, messageID, model: modelOf(model), parts }, this.#bound()));
  }

  /** Lets OpenCode answer a message that it has and left unanswered; one that is answered is not answered again. */
  async nudge(sessionID: string, messageID: string, model: string): Promise<void> {
    await this.#call("steer", () => this.#client.session.promptAsync({ sessionID, messageID, model: modelOf(model), parts: [] }, this.#bound()));
  }

  async abort(sessionID: string): Promise<void> {
    await this.#call("interrupt", () => this.#client.session.abort({ sessionID }, this.#bound()));
  }

  /** The prompt and everything after it, oldest first; null when OpenCode has no such message, or not what it says. */
  async messagesFrom(sessionID: string, messageID: string): Promise<readonly StoredMessage[] | null> {
    const found: StoredMessage[] = [];
    for (let before: string | null = null; ; ) {
      const page: Answer<readonly StoredMessage[]> = await this.#client.session.messages(
        { sessionID, limit: MESSAGES_PER_PAGE, ...(before !== null && { before }) },
        this.#bound(),
      );
      const messages = await this.#call("lookup", async () => page);
      const start = messages.findIndex(({ info }) => info.id === messageID);
      // A message is stored before its parts, and on a full disk without them.
      if (messages[start]?.parts.length === 0) return null;
      found.unshift(...messages.slice(Math.max(0, start)));
      if (start >= 0) return found;
      before = page.response?.headers.get("x-next-cursor") ?? null;
      if (before === null) return null;
    }
  }

  async replyPermission(requestID: string, reply: "once" | "always" | "reject"): Promise<void> {
    await this.#call("answer", () => this.#client.permission.reply({ requestID, reply }, this.#bound()));
  }

  async replyQuestion(requestID: string, answers: string[][]): Promise<void> {
    await this.#call("answer", () => this.#client.question.reply({ requestID, answers }, this.#bound()));
  }

  async rejectQuestion(requestID: string): Promise<void> {
    await this.#call("answer", () => this.#client.question.reject({ requestID }, this.#bound()));
  }

  #bound(): { readonly signal: AbortSignal } {
    return { signal: AbortSignal.timeout(this.#timeoutMs) };
  }

  async #call<T>(operation: string, ask: () => Promise<Answer<T>>): Promise<T> {
    let answer: Answer<T>;
    try {
      answer = await ask();
    } catch (error) {
      throw classify(error, operation);
    }
    const { data, error, response } = answer;
    if (response?.ok === true) return data as T;
    throw classify(response ? { status: response.status, body: error } : error, operation);
  }
}

function modelOf(model: string): { readonly providerID: string; readonly modelID: string } {
  const slash = model.indexOf("/");
  return { providerID: model.slice(0, slash), modelID: model.slice(slash + 1) };
}
