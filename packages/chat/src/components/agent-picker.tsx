/** How the agent of a new session is driven. */
import type { AgentKind } from "@berth/sdk";
import { Choice } from "../ui/choice.tsx";

const WORDS: Readonly<Record<AgentKind, string>> = { opencode: "OpenCode", acp: "OpenCode over ACP" };

export const ACP_LIMITS = "Over the Agent Client Protocol the agent takes no message into a running turn, asks for permissions only, and tells of no retries.";

export interface AgentPickerProps {
  readonly value: AgentKind;
  readonly onChange: (value: AgentKind) => void;
}

export function AgentPicker({ value, onChange }: AgentPickerProps) {
  return (
    <Choice label="How the agent is driven" testId="agent-picker" value={value} onChange={(chosen) => onChange(chosen as AgentKind)}>
      {(Object.keys(WORDS) as AgentKind[]).map((kind) => (
        <option key={kind} value={kind}>
          {WORDS[kind]}
        </option>
      ))}
    </Choice>
  );
}
