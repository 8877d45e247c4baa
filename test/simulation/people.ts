/** Those who use the session: they ask, ask again when no answer comes, take back, stop, answer, rename, leave and come back. */
import { CLOSE_CODES } from "@berth/protocol";
import type { Author } from "../../src/app/session-handle.ts";
import type { SessionActor } from "../../src/app/session/session-actor.ts";
import type { SessionService } from "../../src/app/session/session-service.ts";
import type { LogChecks } from "./log-checks.ts";
import type { SimObject } from "./object.ts";
import type { World } from "./world.ts";
import type { Viewer } from "./viewers.ts";

export const ORG = "org_sim";
export const MODEL = "demo/demo";
export const PROVIDERS = [{ id: "demo", kind: "openai-compatible" as const, baseUrl: "http://simulation/v1/broker/model/demo", models: [{ id: "demo", name: "Demo" }] }];
const MORE_PROVIDERS = [...PROVIDERS, { id: "acme", kind: "anthropic" as const, baseUrl: "http://simulation/v1/broker/model/acme", models: [{ id: "large", name: "Large" }] }];

export const ADA: Author = { actor: { kind: "user", id: "usr_ada", name: "Ada" }, apiKeyId: null, role: "owner" };
export const KEY: Author = { actor: { kind: "api-key", id: "key_sim", name: "CI" } as Author["actor"], apiKeyId: "key_sim", role: "member" };

const TRIES = 4;
/** Nobody asks for more while so much waits. */
const QUEUE_MAX = 6;

export const POLICIES = ["ask", "ask", "continue", "retry", "fail"] as const;

type Handled = { readonly ok: boolean } | null | undefined | object;

export class People {
  readonly #world: World;
  readonly #object: SimObject;
  readonly #log: LogChecks;
  readonly #viewers: readonly Viewer[];
  #count = 0;
  promptsLeft: number;
  /** Texts that were sent and may or may not have been taken. */
  readonly sent = new Map<string, "asked" | "taken" | "refused">();
  /** What was last asked to follow from an interruption. */
  policy: (typeof POLICIES)[number] = "ask";
  /** What was ever asked to be done about interrupted work, by the policy or by a person. */
  readonly choices = new Set<string>();
  readonly #byKey = new Map<string, string>();
  /** Sent more than once, so that a refusal says nothing of the other times. */
  readonly #doubtful = new Set<string>();
  readonly #keys = new Map<string, string | null>();

  constructor(world: World, object: SimObject, log: LogChecks, viewers: readonly Viewer[], prompts: number) {
    this.#world = world;
    this.#object = object;
    this.#log = log;
    this.#viewers = viewers;
    this.promptsLeft = prompts;
  }

  nextText(): string {
    this.#count += 1;
    const text = `Task ${this.#count} of seed ${this.#world.seed}`;
    this.sent.set(text, "asked");
    return text;
  }

  /** One thing that somebody does now. */
  act(): void {
    const world = this.#world;
    const log = this.#log;
    const draw = world.prng.next();
    if (log.requests.size > 0 && draw < 0.45) return this.answer();
    if (log.waitingFor === "interrupted" && draw < 0.4) return this.resume();
    if (log.status === "failed" && draw < 0.3) return this.resume();
    if (this.promptsLeft > 0 && draw < 0.55) {
      this.promptsLeft -= 1;
      return this.prompt();
    }
    if (log.queue.length > 2 && draw > 0.8) return this.move();
    if (draw < 0.6) return this.stop();
    if (draw < 0.66) return this.cancel();
    if (draw < 0.72) return this.move();
    if (draw < 0.76) return this.update();
    if (draw < 0.78) return this.applyWork();
    if (draw < 0.8) return this.measure();
    if (draw < 0.83) return this.resume();
    if (draw < 0.86) return this.answer();
    if (draw < 0.88) return this.read();
    if (draw < 0.91) return this.hibernate();
    if (draw < 0.918) return this.remove();
    return this.#watch();
  }

  /** One that waits for its turn. */
  queue(): void {
    const text = this.nextText();
    this.#keys.set(text, null);
    this.#send(text, null, ADA, 0, false);
  }

  prompt(tabs = this.#world.takesChance("tab:second", 0.08) ? 2 : 1): void {
    if (this.#log.queue.length >= QUEUE_MAX) return;
    const world = this.#world;
    const text = this.nextText();
    const key = world.chance(0.7) || tabs > 1 ? `idem-${this.#count}` : null;
    this.#keys.set(text, key);
    if (tabs > 1) this.#doubtful.add(text);
    const by = world.chance(0.3) ? KEY : ADA;
    const viewer = world.chance(0.25) ? this.#viewers.find((each) => each.isConnected && !each.isForbidden) : undefined;
    const steers = world.chance(this.#log.running ? 0.4 : 0.1);
    for (let tab = 0; tab < tabs; tab += 1) {
      if (viewer) this.#promptBySocket(viewer, text, key);
      else this.#send(text, key, by, TRIES, steers);
    }
  }

  /** A message for the running turn. */
  steer(): void {
    const text = this.nextText();
    this.#keys.set(text, null);
    this.#send(text, null, ADA, 0, true);
  }

  stop(): void {
    const { running } = this.#log;
    this.#rest("stop", (service) => service.stop(ADA), (result) => {
      if (isOk(result) && running && this.#log.running?.runId === running.runId) {
        this.#world.records.stops.push({ runId: running.runId, atMs: this.#world.time.now(), slackMs: this.#world.records.slackMs });
      }
    });
  }

  resume(): void {
    const choice = this.#world.pick(["skip", "continue", "retry"] as const);
    this.choices.add(choice);
    this.#rest("resume", (service) => service.resume(ADA, choice));
  }

  hibernate(): void {
    this.#rest("hibernate", (service) => service.hibernate(ADA));
  }

  move(): void {
    const { queue } = this.#log;
    const messageId = queue.length > 0 ? this.#world.pick(queue) : "msg_unknown";
    this.#move(messageId, this.#world.chance(0.3) || queue.length === 0 ? null : this.#world.pick(queue));
  }

  /** The last goes before the second. */
  reorder(): void {
    const [, second] = this.#log.queue;
    const last = this.#log.queue.at(-1);
    if (second !== undefined && last !== undefined) this.#move(last, second);
  }

  #move(messageId: string, before: string | null): void {
    this.#rest("move", (service) => service.move(messageId, before, ADA));
  }

  answer(): void {
    const open = [...this.#log.requests];
    if (open.length === 0) this.answerNothing();
    else this.#answer(this.#world.pick(open));
  }

  /** What changes nothing, and must be taken or refused wherever the session is. */
  stir(): void {
    const { running, requests, status } = this.#log;
    this.#cancel("msg_unknown");
    this.move();
    this.update();
    this.applyWork();
    this.measure();
    this.answerNothing();
    if (running !== null) this.#rest("resume", (service) => service.resume(ADA, "skip"));
    else if (requests.size === 0) this.stop();
    if (status === "hibernated") this.hibernate();
  }

  /** Nobody asked that. */
  answerNothing(): void {
    this.#answer(["req_unknown", "permission"]);
  }

  answerAll(): void {
    for (const request of this.#log.requests) this.#answer(request);
  }

  #answer([requestId, kind]: readonly [string, "permission" | "question"]): void {
    const isWrong = this.#world.chance(0.05) && !this.#world.healed;
    const asPermission = (kind === "permission") !== isWrong;
    const answer = this.#world.chance(0.15)
      ? ({ kind: "reject" } as const)
      : asPermission
        ? ({ kind: "permission", reply: "once" } as const)
        : ({ kind: "question", answers: [["A"]] } as const);
    this.#rest("answer", (service) => service.answer(requestId, answer as never, ADA));
  }

  cancel(): void {
    const queued = this.#log.queue;
    this.#cancel(queued.length > 0 ? this.#world.pick(queued) : "msg_unknown");
  }

  cancelAll(): void {
    for (const messageId of this.#log.queue) this.#cancel(messageId);
  }

  #cancel(messageId: string): void {
    this.#rest("cancel", (service) => service.cancel(messageId, ADA), (result) => {
      if (isOk(result)) this.#world.records.cancelled.add(messageId);
    });
  }

  /** Whoever gets no answer asks again. */
  remove(tries = TRIES): void {
    this.#rest(
      "remove",
      (service, actor) => {
        const result = service.remove(ADA);
        if (result.ok) actor.hub.closeAll(CLOSE_CODES.sessionEnded, "the session was deleted");
        return result;
      },
      (result) => {
        if (isOk(result)) this.#world.records.removed = true;
      },
      () => {
        if (tries > 0) this.#world.time.after(2_000, () => this.remove(tries - 1));
      },
    );
  }

  read(): void {
    this.#rest("read", (service) => {
      if (this.#world.takes("session-store:messages:unknown-cursor")) service.messages({ after: "msg_unknown", limit: 5 });
      return service.events(this.#world.prng.int(this.#log.lastSeq + 1), 50);
    });
  }

  /** From the first event on, of which the object may not hold all any more. */
  readAll(): void {
    this.#rest("read all", (service) => service.events(0, 200));
  }

  update(): void {
    const world = this.#world;
    const policy = world.pick(POLICIES);
    const change = world.pick([{ title: `Title ${this.#count}` }, { metadata: { n: String(this.#count) } }, { model: MODEL }, { onInterruption: policy }] as const);
    if ("onInterruption" in change) {
      this.policy = policy;
      this.choices.add(policy);
    }
    const providers = world.chance(0.3) ? world.pick([PROVIDERS, MORE_PROVIDERS]) : undefined;
    this.#rest("update", (service) => service.update(change, ADA, providers));
  }

  /** A provider that a sandbox which was asked for with the demo model in mind may not have. */
  addProvider(): void {
    this.#rest("update", (service) => service.update({}, ADA, MORE_PROVIDERS));
  }

  choose(policy: (typeof POLICIES)[number]): void {
    this.policy = policy;
    this.choices.add(policy);
    this.#rest("update", (service) => service.update({ onInterruption: policy }, ADA));
  }

  /** How is the sandbox kept now? */
  measure(): void {
    this.#rest("measure", (service) => service.policy("measure", ADA));
  }

  applyWork(): void {
    this.#rest("apply", (service) => service.applyWork({ branch: "work" }, ADA));
  }

  #watch(): void {
    const viewer = this.#world.pick(this.#viewers);
    if (!viewer.isConnected) return viewer.join();
    if (viewer.isStalled) return viewer.goOn();
    if (this.#world.chance(0.4)) viewer.isStalled = true;
    else viewer.leave();
  }

  #send(text: string, key: string | null, by: Author, tries: number, steers: boolean): void {
    const world = this.#world;
    const options = key === null ? {} : { idempotency: { key, bodyHash: `h:${text}` } };
    this.#rest(
      "prompt",
      (service) => service.send({ text, ...(steers ? { delivery: "steer" as const } : {}) }, by, options),
      (result) => this.#answered(text, key, isOk(result) ? (result as { value: { id: string } }).value.id : null),
      () => {
        this.#doubtful.add(text);
        // Sent again only under a key: whoever has none cannot know.
        if (key !== null && tries > 0) void world.gate("a second try", 1_000).then(() => this.#send(text, key, by, tries - 1, steers));
      },
    );
  }

  #promptBySocket(viewer: Viewer, text: string, key: string | null): void {
    const requestId = `req-${text}`;
    viewer.onAnswer = (id, value) => {
      const asked = id.replace(/^req-/, "");
      if (this.sent.has(asked) && value !== "unknown") this.#answered(asked, this.#keys.get(asked) ?? null, (value as { id?: string } | null)?.id ?? null);
    };
    viewer.says({ type: "prompt", requestId, text, ...(key === null ? {} : { idempotencyKey: key }) });
  }

  #answered(text: string, key: string | null, messageId: string | null): void {
    if (messageId === null) {
      if (this.sent.get(text) === "asked" && !this.#doubtful.has(text)) this.sent.set(text, "refused");
      return;
    }
    this.sent.set(text, "taken");
    const first = key === null ? undefined : this.#byKey.get(key);
    if (first !== undefined && first !== messageId) this.#world.violate("SIM3", `one key was answered with ${first} and with ${messageId}`);
    if (key !== null) this.#byKey.set(key, messageId);
    if (first === undefined) this.#world.records.accepted.push({ messageId, text, key });
  }

  /** A request and its answer, either of which may be lost with the object. */
  #rest(label: string, work: (service: SessionService, actor: SessionActor) => Handled | Promise<Handled>, answered: (result: Handled) => void = () => undefined, lost: () => void = () => undefined): void {
    const world = this.#world;
    world.traffic.once(label, () => {
      this.#object.call(work).then(
        (result) => {
          if (world.takes("rest:answer:lost")) return lost();
          world.traffic.once(`${label} is answered`, () => answered(result), result);
        },
        () => lost(),
      );
    });
  }
}

function isOk(result: Handled): boolean {
  return typeof result === "object" && result !== null && "ok" in result && result.ok === true;
}
