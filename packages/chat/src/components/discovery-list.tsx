/** Keys and model servers found on this machine. Their values are not shown, and stay where they are until imported. */
import { useState } from "react";
import type { Discovery } from "@berth/sdk";
import { useBerth } from "../lib/berth-context.tsx";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { providerLabel } from "../lib/providers.ts";
import { useShared } from "../lib/workspace-context.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import css from "./rows.module.css";

export interface DiscoveryListProps {
  readonly title?: string;
  readonly items: readonly Discovery[];
  readonly onImported: () => Promise<void>;
}

export function DiscoveryList({ title, items, onImported }: DiscoveryListProps) {
  const berth = useBerth();
  const { models } = useShared();
  const [busy, setBusy] = useState<string | null>(null);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const importOne = async (id: string): Promise<void> => {
    setBusy(id);
    setError(null);
    try {
      await berth.machine.import(id);
      await Promise.all([onImported(), models.reload()]);
    } catch (failure) {
      setError(toMessage(failure));
    }
    setBusy(null);
  };
  return (
    <section className={css.rows} aria-label={title ?? "Found on this machine"}>
      {title ? <h2 className={css.title}>{title}</h2> : null}
      <ul>
        {items.map(({ id, provider, source, imported }) => (
          <li key={id}>
            <div className={css.text}>
              <strong>{providerLabel(provider)}</strong>
              <span>{source}</span>
            </div>
            {imported ? (
              <Badge tone="good" icon="check">
                Imported
              </Badge>
            ) : (
              <Button size="s" busy={busy === id} disabled={busy !== null} onClick={() => void importOne(id)}>
                Import
              </Button>
            )}
          </li>
        ))}
      </ul>
      {error ? <ErrorNotice error={error} /> : null}
    </section>
  );
}
