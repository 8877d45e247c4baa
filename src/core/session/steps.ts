/** Inputs that came together, as one step: what each decided, in order, for one commit. */
import type { Message } from "@berth/protocol";
import type { Effect, Refusal, Step } from "./session.effects.ts";
import type { SessionInput } from "./session.inputs.ts";
import { step } from "./session.machine.ts";
import type { SessionState } from "./session.state.ts";

/**
 * Ends at the first input that is refused, for which nothing changes. `taken` is what the inputs before it come to, or null
 * when there is none.
 */
export function stepAll(before: SessionState | null, inputs: readonly SessionInput[]): { readonly taken: Step | null; readonly refusal: Refusal | null } {
  const steps: Step[] = [];
  let state = before;
  for (const input of inputs) {
    const next = step(state, input);
    if (next.state === null || next.refusal !== null) return { taken: joined(steps), refusal: next.refusal };
    steps.push(next);
    state = next.state;
  }
  return { taken: joined(steps), refusal: null };
}

function joined(steps: readonly Step[]): Step | null {
  const last = steps.at(-1);
  if (last === undefined || steps.length === 1) return last ?? null;
  const messages = new Map<string, Message>();
  // A message that is told of twice keeps the place of the first.
  for (const message of steps.flatMap((each) => each.messages)) messages.set(message.id, message);
  return {
    ...last,
    events: steps.flatMap(({ events }) => events),
    effects: withoutRepeats(steps.flatMap(({ effects }) => effects)),
    outbox: steps.flatMap(({ outbox }) => outbox),
    messages: [...messages.values()],
  };
}

/** Of acknowledgements over one link, and of times to wake at, only the last counts. */
function withoutRepeats(effects: readonly Effect[]): readonly Effect[] {
  const seen = new Set<string>();
  return effects
    .toReversed()
    .filter((effect) => {
      const key = replacedBy(effect);
      if (key === null) return true;
      const isLast = !seen.has(key);
      seen.add(key);
      return isLast;
    })
    .toReversed();
}

/** Effects with the same key take each other's place; null: this one stands for itself. */
function replacedBy(effect: Effect): string | null {
  if (effect.type === "set-alarm") return effect.type;
  return effect.type === "send-frame" && effect.frame.type === "ack" ? `ack ${effect.linkId}` : null;
}
