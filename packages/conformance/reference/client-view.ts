/** What a client shows besides text: which messages wait, and what was asked and not answered. */
type Json = Record<string, unknown>;
export interface ViewEvent { readonly type: string; readonly data: Json; readonly messageId?: string }
/** Ways in which it can be bent. */
export type ViewFlaw = "cards-for-ever" | "cards-of-questions" | "moves-ignored" | "moves-to-the-front" | "queue-of-all" | "queue-twice";

export class ClientView {
  #waiting: string[] = [];
  #cards: string[] = [];
  #running: string | null = null;
  readonly #flaw: string | undefined;

  constructor(flaw: string | undefined) {
    this.#flaw = flaw;
  }

  get waiting(): readonly string[] {
    return [...this.#waiting];
  }

  get cards(): readonly string[] {
    return [...this.#cards];
  }

  /** @returns whether it changed what is shown */
  take({ type, data, messageId = "" }: ViewEvent): boolean {
    const before = JSON.stringify([this.#waiting, this.#cards]);
    if (type === "run.started") this.#running = messageId;
    if (type === "run.ended") this.#running = null;
    if (type === "message.queued") this.#place(messageId, this.#waiting.length);
    if (type === "message.moved" && !this.#is("moves-ignored")) this.#place(messageId, this.#is("moves-to-the-front") ? 0 : Number(data["position"]) - (this.#running === null ? 0 : 1));
    if (type === "message.status" && data["status"] !== "queued" && !this.#is("queue-of-all")) this.#waiting = this.#waiting.filter((id) => id !== messageId);
    if (type === "message.status" && data["status"] === "queued") this.#place(messageId, this.#waiting.length);
    if (type === "question.asked" || (type === "permission.asked" && !this.#is("cards-of-questions"))) this.#ask(String(data["requestId"]));
    if (type === "request.answered" && !this.#is("cards-for-ever")) this.#cards = this.#cards.filter((id) => id !== data["requestId"]);
    return before !== JSON.stringify([this.#waiting, this.#cards]);
  }

  #is(flaw: ViewFlaw): boolean {
    return this.#flaw === flaw;
  }

  #place(messageId: string, at: number): void {
    if (!this.#is("queue-twice")) this.#waiting = this.#waiting.filter((id) => id !== messageId);
    this.#waiting.splice(at, 0, messageId);
  }

  #ask(requestId: string): void {
    if (!this.#cards.includes(requestId)) this.#cards.push(requestId);
  }
}
