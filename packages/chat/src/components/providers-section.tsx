/** Keys of model providers, and what was found on this machine. */
import { useCallback, useState } from "react";
import type { ProviderKey } from "@berth/sdk";
import { useBerth } from "../lib/berth-context.tsx";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { plural } from "../lib/format.ts";
import { providerLabel } from "../lib/providers.ts";
import { useLoad } from "../lib/use-load.ts";
import { useShared } from "../lib/workspace-context.tsx";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { AddProvider } from "./add-provider.tsx";
import { ConfirmButton } from "./confirm-button.tsx";
import { DiscoveryList } from "./discovery-list.tsx";
import { Section } from "./section.tsx";
import css from "./rows.module.css";

export function ProvidersSection() {
  const berth = useBerth();
  const { models } = useShared();
  const keys = useLoad(useCallback(() => berth.keys.list().all(), [berth]));
  const discoveries = useLoad(useCallback(() => berth.machine.discoveries().all(), [berth]));
  const [adding, setAdding] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const refresh = async (): Promise<void> => {
    await Promise.all([keys.reload(), discoveries.reload(), models.reload()]);
  };
  const remove = async (id: string): Promise<void> => {
    try {
      await berth.keys.remove(id);
      setError(null);
      await refresh();
    } catch (failure) {
      setError(toMessage(failure));
    }
  };
  const found = discoveries.data?.filter(({ imported }) => !imported) ?? [];
  return (
    <Section title="Model providers" about="Keys are encrypted, stay with Berth and never enter a sandbox. Once saved, they cannot be read back.">
      <div className={css.rows}>
        {keys.data && keys.data.length > 0 ? (
          <ul>
            {keys.data.map((key) => (
              <ProviderRow key={key.id} provider={key} onRemove={() => remove(key.id)} />
            ))}
          </ul>
        ) : null}
        {keys.data?.length === 0 && !adding ? <p className={css.empty}>No provider yet. Only the demo model can be used.</p> : null}
        {keys.error ? <ErrorNotice error={keys.error} action={<Button size="s" icon="retry" onClick={() => void keys.reload()}>Try again</Button>} /> : null}
        {error ? <ErrorNotice error={error} /> : null}
        {adding ? (
          <AddProvider
            onCancel={() => setAdding(false)}
            onAdded={async () => {
              setAdding(false);
              await refresh();
            }}
          />
        ) : (
          <div className={css.actions}>
            <Button icon="plus" onClick={() => setAdding(true)}>
              Add a provider
            </Button>
          </div>
        )}
      </div>
      {found.length > 0 ? <DiscoveryList title="Found on this machine" items={found} onImported={refresh} /> : null}
    </Section>
  );
}

function ProviderRow({ provider, onRemove }: { readonly provider: ProviderKey; readonly onRemove: () => Promise<void> }) {
  const facts = [plural(provider.modelCount, "model"), provider.hasKey ? "key saved" : "no key", provider.baseUrl.replace(/^https?:\/\//, "")];
  return (
    <li>
      <div className={css.text}>
        <strong>{providerLabel(provider.provider)}</strong>
        <span>{facts.join(" · ")}</span>
      </div>
      <ConfirmButton label={`Remove ${providerLabel(provider.provider)}`} confirm="Remove" onConfirm={onRemove} />
    </li>
  );
}
