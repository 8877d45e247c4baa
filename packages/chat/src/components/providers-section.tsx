/** Keys of model providers, and what was found on this machine. */
import { useCallback, useState } from "react";
import { useAccount } from "../lib/account-context.tsx";
import { useBerth } from "../lib/berth-context.tsx";
import { may } from "../lib/rights.ts";
import { useAct } from "../lib/use-act.ts";
import { useLoad } from "../lib/use-load.ts";
import { useShared } from "../lib/workspace-context.tsx";
import { Button } from "../ui/button.tsx";
import { ErrorNotice, Notice } from "../ui/notice.tsx";
import { AddProvider } from "./add-provider.tsx";
import { DiscoveryList } from "./discovery-list.tsx";
import { ProviderList } from "./provider-list.tsx";
import { Section } from "./section.tsx";
import css from "./rows.module.css";

const ABOUT = "Keys are encrypted, stay with Berth and never enter a sandbox. Once saved, they cannot be read back.";

export function ProvidersSection() {
  const { me } = useAccount();
  return may(me, "keys:write") ? <Managed /> : <Seen />;
}

function Seen() {
  const berth = useBerth();
  const { me } = useAccount();
  const keys = useLoad(useCallback(() => berth.keys.list().all(), [berth]));
  return (
    <Section title="Model providers" about={ABOUT}>
      <div className={css.rows}>
        <ProviderList loaded={keys} me={me} />
        <Notice tone="info">Your role ({me.role}) sees the providers and brings no keys.</Notice>
      </div>
    </Section>
  );
}

function Managed() {
  const berth = useBerth();
  const { me } = useAccount();
  const { models } = useShared();
  const keys = useLoad(useCallback(() => berth.keys.list().all(), [berth]));
  const discoveries = useLoad(useCallback(() => (may(me, "admin") ? berth.machine.discoveries().all() : Promise.resolve([])), [berth, me]));
  const [adding, setAdding] = useState(false);
  const { error, run } = useAct();
  const refresh = async (): Promise<void> => {
    await Promise.all([keys.reload(), discoveries.reload(), models.reload()]);
  };
  const remove = async (id: string): Promise<void> => {
    await run(() => berth.keys.remove(id));
    // Also after a refusal: what is shown may be what was refused.
    await refresh();
  };
  const found = discoveries.data?.filter(({ imported }) => !imported) ?? [];
  return (
    <Section title="Model providers" about={ABOUT}>
      <div className={css.rows}>
        <ProviderList loaded={keys} me={me} onRemove={remove} />
        {error ? <ErrorNotice error={error} /> : null}
        {adding ? (
          <AddProvider
            me={me}
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
