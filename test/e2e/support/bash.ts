/** Commands of the demo agent's, by what they printed. */
import type { SessionClient } from "@berth/sdk";
import { logOf, turn } from "./stack.ts";

export async function bash(session: SessionClient, script: string): Promise<string> {
  const [last] = (await logOf(session)).slice(-1);
  await turn(session, `!bash ${script}`);
  const texts = (await logOf(session, last?.seq ?? 0)).flatMap((event) => (event.type === "part.ended" && event.data.part.tool ? [event.data.part.tool.output ?? event.data.part.tool.error ?? ""] : []));
  return texts.join("\n").trim();
}
