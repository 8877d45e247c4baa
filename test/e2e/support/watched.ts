/** A session and its log as it comes, with the questions that tests of a turn's life ask of it. */
import type { SessionClient, SessionEvent } from "@berth/sdk";
import { recordFollowing, type Recording } from "./viewers.ts";
import { eventually } from "./waiting.ts";

export type EventOf<T extends SessionEvent["type"]> = Extract<SessionEvent, { type: T }>;

export class Watched {
  readonly session: SessionClient;
  readonly log: Recording;

  constructor(session: SessionClient, after = 0) {
    this.session = session;
    this.log = recordFollowing(session, after);
  }

  all<T extends SessionEvent["type"]>(type: T, messageId?: string): EventOf<T>[] {
    return this.log.events.filter((event): event is EventOf<T> => event.type === type && (messageId === undefined || event.messageId === messageId));
  }

  /** The first of this type that fits, past or future. */
  async first<T extends SessionEvent["type"]>(type: T, fits: (event: EventOf<T>) => boolean = () => true, timeoutMs = 60_000): Promise<EventOf<T>> {
    return (await this.log.first((event) => event.type === type && fits(event as EventOf<T>), timeoutMs)) as EventOf<T>;
  }

  /** The statuses a message went through. */
  statuses(messageId: string): string[] {
    return this.all("message.status", messageId).map(({ data }) => data.status);
  }

  async isOver(messageId: string, timeoutMs = 60_000): Promise<string> {
    const { data } = await this.first("message.status", (event) => event.messageId === messageId && OVER.includes(event.data.status), timeoutMs);
    return data.status;
  }

  /** A tool of this message's turn has started. */
  tool(messageId: string, timeoutMs?: number): Promise<EventOf<"part.started">> {
    return this.first("part.started", (event) => event.messageId === messageId && event.data.part.kind === "tool", timeoutMs);
  }

  /** What a turn's tools printed, in order. */
  outputs(messageId: string): string[] {
    return this.all("part.ended", messageId).flatMap(({ data }) => (data.part.tool ? [data.part.tool.output ?? data.part.tool.error ?? ""] : []));
  }

  texts(messageId: string): string[] {
    return this.all("part.ended", messageId).flatMap(({ data }) => (data.part.kind === "text" ? [data.part.text ?? ""] : []));
  }

  /** The session as the API shows it, once it is so. */
  async until(what: string, fits: (session: Awaited<ReturnType<SessionClient["get"]>>) => boolean, timeoutMs = 60_000): Promise<void> {
    await eventually(what, async () => {
      const session = await this.session.get().catch(() => null);
      if (session === null) return "no answer";
      return fits(session) ? true : `${session.status} ${session.waitingFor ?? ""}`;
    }, timeoutMs);
  }

  close(): void {
    this.log.close();
  }
}

const OVER = ["completed", "failed", "stopped", "interrupted", "cancelled"];

/** Milliseconds between two events, by the server's clock. */
export function between(first: SessionEvent, second: SessionEvent): number {
  return Date.parse(second.at) - Date.parse(first.at);
}
