/** What the in-memory server knows. */
import { makeProblem, SCOPES, type CreatedApiKey, type CreateSession, type Discovery, type Environment, type Model, type Organization, type ProviderKey } from "@berth/protocol";
import { MemorySession, Refused } from "./session.ts";
import type { Answered } from "./routes.ts";

export const TEST_KEY = "berth_example_key_for_tests";

export class MemoryState {
  readonly sessions = new Map<string, MemorySession>();
  readonly tickets = new Set<string>();
  readonly discoveries: Discovery[] = [];
  readonly environments: Environment[] = [];
  readonly providerKeys: ProviderKey[] = [];
  readonly models: Model[] = [{ id: "demo/demo", name: "Demo model", provider: "demo", demo: true }];
  userName = "Ada Lovelace";
  organization: Organization = { id: "org_1", name: "Ada's workspace" };
  readonly apiKeys: CreatedApiKey[] = [
    { id: "key_0", name: "tests", start: "berth_ex", scopes: [...SCOPES], key: TEST_KEY, createdAt: new Date().toISOString(), expiresAt: null, lastUsedAt: null },
  ];
  #answers = new Map<string, { request: string; answer: Promise<Answered> }>();
  #counter = 0;

  id(prefix: string): string {
    return `${prefix}_${++this.#counter}`;
  }

  open(input: CreateSession): MemorySession {
    if (!this.models.some(({ id }) => id === input.model)) {
      throw new Refused(makeProblem("unknown-model", `${input.model} is not available`, { allowed: this.models.map(({ id }) => id) }));
    }
    const environment = this.environments.find(({ id, name }) => id === input.environment || name === input.environment);
    const session = new MemorySession(this.id("ses"), input, new Date().toISOString(), environment && { id: environment.id, name: environment.name });
    this.sessions.set(session.id, session);
    setTimeout(() => session.ready(), 2);
    return session;
  }

  session(id: string): MemorySession {
    const session = this.sessions.get(id);
    if (!session) throw new Refused(makeProblem("not-found", "There is no such session"));
    return session;
  }

  once(key: string, request: string, run: () => Promise<Answered>): Promise<Answered> {
    const known = this.#answers.get(key);
    if (known && known.request !== request) throw new Refused(makeProblem("idempotency-mismatch", "This key was used with another body"));
    if (known) return known.answer;
    const answer = run();
    this.#answers.set(key, { request, answer });
    return answer;
  }
}
