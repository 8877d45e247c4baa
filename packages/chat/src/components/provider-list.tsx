/** Providers, whose each is, and whether their keys are used. */
import { useCallback } from "react";
import type { Me, ProviderKey } from "@berth/sdk";
import { useBerth } from "../lib/berth-context.tsx";
import { plural } from "../lib/format.ts";
import { mayRemoveKey, whoseKey } from "../lib/provider-words.ts";
import { providerLabel } from "../lib/providers.ts";
import { may } from "../lib/rights.ts";
import { useLoad, type Loaded } from "../lib/use-load.ts";
import { Badge } from "../ui/badge.tsx";
import { Notice } from "../ui/notice.tsx";
import { ConfirmButton } from "./confirm-button.tsx";
import { LoadList } from "./load-list.tsx";
import css from "./rows.module.css";

export interface ProviderListProps {
  readonly loaded: Loaded<readonly ProviderKey[]>;
  readonly me: Me;
  /** Absent for who may not remove one. */
  readonly onRemove?: (id: string) => Promise<void>;
}

export function ProviderList({ loaded, me, onRemove }: ProviderListProps) {
  const berth = useBerth();
  // Whose the others' own are, which only who administers is told of.
  const members = useLoad(useCallback(() => (may(me, "admin") ? berth.members.list().all() : Promise.resolve([])), [berth, me]));
  const unused = loaded.data?.some(isUnused) ?? false;
  return (
    <>
      <LoadList
        label="Providers"
        loaded={loaded}
        empty="No provider yet. Only the demo model can be used."
        wraps
        renderRow={(key) => (
          <li key={key.id}>
            <div className={css.text}>
              <strong>{providerLabel(key.provider)}</strong>
              <span>{[whoseKey(key, me, members.data ?? []), ...factsOf(key)].join(" · ")}</span>
            </div>
            <div className={css.actions}>
              {isUnused(key) ? <Badge tone="warn" icon="warn">Key not used</Badge> : null}
              {onRemove && mayRemoveKey(me, key) ? <ConfirmButton label={`Remove ${providerLabel(key.provider)}`} confirm="Remove" onConfirm={() => onRemove(key.id)} /> : null}
            </div>
          </li>
        )}
      />
      {unused ? (
        <Notice tone="warn">
          The keys saved here are kept and not used: whoever operates this Berth has calls to models go by a gateway with keys of its own.
        </Notice>
      ) : null}
    </>
  );
}

function isUnused({ hasKey, usesKey }: ProviderKey): boolean {
  return hasKey && !usesKey;
}

function factsOf({ modelCount, hasKey, baseUrl }: ProviderKey): readonly string[] {
  return [plural(modelCount, "model"), hasKey ? "key saved" : "no key", baseUrl.replace(/^https?:\/\//, "")];
}
