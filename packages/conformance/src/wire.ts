/** What travels, as the kit reads it: nothing is taken for granted that a case is there to check. */

export interface WireEvent {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly messageId?: string;
  readonly runId?: string;
  readonly actor?: { readonly kind: string; readonly id: string };
}

export interface WireDelta {
  readonly partId: string;
  readonly offset: number;
  readonly text: string;
}

export interface WirePart {
  readonly id: string;
  readonly kind: string;
  readonly text?: string;
  readonly tool?: { readonly status: string; readonly output?: string; readonly outputRef?: WireOutputRef; readonly truncated?: boolean };
}

export interface WireOutputRef {
  readonly name: string;
  readonly address: string;
  readonly bytes: number;
}

export interface WireMessage {
  readonly id: string;
  readonly text: string;
  readonly status: string;
  readonly runId?: string;
  readonly delivery?: string;
}

export interface WireProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
  readonly allowed?: readonly string[];
}

export interface WirePage {
  readonly data: readonly WireEvent[];
  readonly next: string | null;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export const partOf = (event: WireEvent): WirePart => event.data["part"] as WirePart;
export const partsEnded = (events: readonly WireEvent[]): WirePart[] => events.filter(({ type }) => type === "part.ended").map(partOf);
export const slugOf = ({ type }: { readonly type: string }): string => type.slice(type.lastIndexOf("/") + 1);

/** Text of one part put together from deltas alone. @throws Error at a hole */
export function joined(deltas: readonly WireDelta[], partId: string): string {
  let text = "";
  for (const delta of deltas) {
    if (delta.partId !== partId) continue;
    if (delta.offset > text.length) throw new Error(`a hole in ${partId}: ${text.length} units are known and the next delta begins at ${delta.offset}`);
    if (delta.offset + delta.text.length > text.length) text = text.slice(0, delta.offset) + delta.text;
  }
  return text;
}
