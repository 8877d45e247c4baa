/** What the scripted agent does with a prompt: drawn from the seed when the prompt is submitted. */
import type { UpMessage } from "@berth/protocol";
import type { World } from "./world.ts";

type AskedMessage = Extract<UpMessage, { type: "permission-asked" | "question-asked" }>;

export type Act =
  | { readonly do: "say"; readonly message: UpMessage }
  | { readonly do: "delta"; readonly partId: string; readonly text: string }
  | { readonly do: "ask"; readonly requestId: string; readonly message: AskedMessage; /** The next one is asked before this one is answered. */ readonly andMore?: boolean }
  | { readonly do: "call" }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "fail" };

const PIECES = ["One ", "two words ", "and \u{1F680} ", "three\n", "more "] as const;

export function writeScript(world: World, messageId: string, epoch: number, asksForTools: boolean): Act[] {
  const acts: Act[] = [];
  const isShort = world.isBrief && world.healed;
  const mayAsk = asksForTools && !isShort;
  let count = 0;
  const id = (kind: string): string => `${kind}_${messageId.slice(-6)}_${epoch}_${(count += 1)}`;
  const say = (message: UpMessage): void => void acts.push({ do: "say", message });
  const pieces = (partId: string, least: number): string => {
    let text = "";
    for (let left = least + world.prng.int(2); left > 0; left -= 1) {
      const piece = world.pick(PIECES);
      acts.push({ do: "delta", partId, text: piece });
      // A model speaks at its own pace, so that pieces come in different frames.
      if (world.chance(0.3)) acts.push({ do: "sleep", ms: world.pick([10, 20, 40]) });
      text += piece;
    }
    return text;
  };
  const tool = (): void => {
    const part = { id: id("prt"), kind: "tool" as const };
    const call = { name: "bash", callId: id("call"), input: { command: "make" } };
    say({ type: "part-started", messageId, part: { ...part, tool: { ...call, status: "running" } } });
    if (mayAsk && (world.asks || world.chance(0.8))) {
      const requestId = id("per");
      acts.push({ do: "ask", requestId, message: { type: "permission-asked", messageId, requestId, tool: "bash", title: "make", patterns: ["make"] } });
    }
    const output = pieces(part.id, 1);
    if (!isShort && world.chance(0.1)) acts.push({ do: "sleep", ms: world.pick([2_000, 25_000, 300_000]) });
    say({ type: "part-ended", messageId, part: { ...part, tool: { ...call, status: "completed", output } } });
  };
  const ask = (): void => {
    const requestId = id("que");
    if (world.asksTwice || world.chance(0.4)) {
      const first = id("que");
      acts.push({ do: "ask", requestId: first, andMore: true, message: { type: "question-asked", messageId, requestId: first, questions: [{ question: "Who?", options: [] }] } });
    }
    acts.push({ do: "ask", requestId, message: { type: "question-asked", messageId, requestId, questions: [{ question: "Which?", options: [{ label: "A" }, { label: "B" }] }] } });
  };
  const speak = (kind: "text" | "reasoning", around: boolean): void => {
    const part = { id: id("prt"), kind };
    say({ type: "part-started", messageId, part: { ...part, text: "" } });
    let text = pieces(part.id, 1);
    if (around) {
      acts.push({ do: "sleep", ms: world.pick([5, 20, 30]) });
      tool();
      text += pieces(part.id, 1);
    }
    say({ type: "part-ended", messageId, part: { ...part, text } });
  };
  if (world.lingers && !world.healed) acts.push({ do: "sleep", ms: 20_000 });
  if (world.asks && !world.healed) {
    if (!world.asksTwice && world.chance(0.6)) tool();
    else ask();
    acts.push({ do: "sleep", ms: 1_000 });
  }
  if (isShort) {
    speak("text", world.chance(0.8));
    return acts;
  }
  if (world.chance(0.35)) acts.push({ do: "call" });
  for (let left = world.isBrief ? 1 : 1 + world.prng.int(2); left > 0; left -= 1) {
    const draw = world.prng.next();
    if (draw < 0.15) speak("text", false);
    else if (draw < 0.75) speak("text", true);
    else if (draw < 0.8) speak("reasoning", false);
    else if (draw < 0.9) tool();
    else if (draw < 0.97) ask();
    else say({ type: "todo", messageId, items: [{ text: "do it", status: "pending" }] });
  }
  if (world.chance(0.05)) acts.push({ do: "fail" });
  return acts;
}
