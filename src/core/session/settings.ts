/** What the agent is configured with, and what the session is called. */
import { withOthersOwn } from "../providers/own-providers.ts";
import { touch, emit, patch, AGENT, type Draft } from "./draft.ts";
import type { InputAuthor, InputOf } from "./session.inputs.ts";
import type { AgentSettings } from "./session.state.ts";

/** A changed list goes down before the next prompt. */
export function useProviders(draft: Draft, brought: AgentSettings["providers"], { actor }: InputAuthor): void {
  const { settings, demoOnly } = draft.state;
  const providers = withOthersOwn(brought, settings.providers, actor.id);
  if (JSON.stringify(providers) === JSON.stringify(settings.providers)) return;
  const known = new Set(settings.providers.map((provider) => provider.id));
  patch(draft, {
    settings: { ...settings, providers, revision: settings.revision + 1 },
    demoOnly: demoOnly && providers.every((provider) => known.has(provider.id)),
  });
}

export function sessionUpdated(draft: Draft, { title, model, metadata, onInterruption, providers, author }: InputOf<"session-updated">): null {
  if (providers) useProviders(draft, providers, author);
  if (metadata) patch(draft, { metadata });
  if (title !== undefined) patch(draft, { title, titleByPerson: true });
  if (model !== undefined) patch(draft, { model });
  if (onInterruption !== undefined) patch(draft, { onInterruption });
  touch(draft);
  if (title === undefined && model === undefined && onInterruption === undefined) return null;
  const changed = { ...(title === undefined ? {} : { title }), ...(model === undefined ? {} : { model }) };
  emit(draft, {
    type: "session.updated",
    data: { ...changed, ...(onInterruption === undefined ? {} : { onInterruption }) },
    actor: author.actor,
  });
  return null;
}

/** A person's title stays. */
export function titleSuggested(draft: Draft, title: string): void {
  if (draft.state.titleByPerson || title === draft.state.title || title.trim() === "") return;
  patch(draft, { title });
  emit(draft, { type: "session.updated", data: { title }, actor: AGENT });
}

export function workApplied(draft: Draft, { branch, commit, filesChanged, author }: InputOf<"work-applied">): null {
  touch(draft);
  emit(draft, { type: "workspace.applied", data: { branch, commit, filesChanged }, actor: author.actor });
  return null;
}
