/** The title; a press makes it editable. */
import { useState } from "react";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import css from "./session-title.module.css";

export function SessionTitle({ store, title }: { readonly store: SessionStore; readonly title: string }) {
  const { mayWork } = useRights();
  const [draft, setDraft] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const save = async (): Promise<void> => {
    const next = draft?.trim() ?? "";
    setDraft(null);
    if (next === "" || next === title) return;
    await store.session.update({ title: next }).then(
      () => setError(null),
      (failure: unknown) => setError(store.refusal(failure).text),
    );
  };
  if (!mayWork) return <h1 className={css.title}>{title || "Untitled"}</h1>;
  if (draft === null) {
    return (
      <h1 className={css.title} title={error ?? undefined}>
        <button type="button" className={css.button} aria-label={`${title}. Rename`} onClick={() => setDraft(title)}>
          {title || "Untitled"}
        </button>
        {error ? <span role="alert" className={css.error}>{error}</span> : null}
      </h1>
    );
  }
  return (
    <input
      className={css.input}
      aria-label="Title of the session"
      autoFocus
      maxLength={200}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={() => void save()}
      onFocus={(event) => event.target.select()}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") setDraft(null);
      }}
    />
  );
}
