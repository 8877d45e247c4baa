/** Keys for the API and the SDK. A new one is shown once. */
import { useCallback, useState } from "react";
import type { ApiKey, CreatedApiKey } from "@berth/sdk";
import { useAccount } from "../lib/account-context.tsx";
import { useBerth } from "../lib/berth-context.tsx";
import { day } from "../lib/format.ts";
import { may } from "../lib/rights.ts";
import { useAct } from "../lib/use-act.ts";
import { useLoad } from "../lib/use-load.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice, Notice } from "../ui/notice.tsx";
import { ConfirmButton } from "./confirm-button.tsx";
import { LoadList } from "./load-list.tsx";
import { NewApiKey } from "./new-api-key.tsx";
import { Reveal } from "./reveal.tsx";
import { Section } from "./section.tsx";
import rows from "./rows.module.css";

const ABOUT = "For scripts and the SDK: everything this page does, they can do too.";

export function ApiKeysSection() {
  const { me } = useAccount();
  if (may(me, "admin")) return <Keys />;
  return (
    <Section title="API keys" about={ABOUT}>
      <Notice tone="info">Only an owner or admin makes keys and revokes them. You are a {me.role}.</Notice>
    </Section>
  );
}

function Keys() {
  const berth = useBerth();
  const keys = useLoad(useCallback(() => berth.apiKeys.list().all(), [berth]));
  const [adding, setAdding] = useState(false);
  const [created, setCreated] = useState<CreatedApiKey | null>(null);
  const { error, run } = useAct();
  const revoke = async (id: string): Promise<void> => {
    await run(() => berth.apiKeys.revoke(id));
    // Also after a refusal: what is shown may be what was refused.
    await keys.reload();
  };
  return (
    <Section title="API keys" about={ABOUT}>
      {created ? (
        <Reveal secret={created.key} onDone={() => setCreated(null)}>
          <strong>{created.name}</strong> was made. Copy it now: it is not shown again.
        </Reveal>
      ) : null}
      <div className={rows.rows}>
        <LoadList
          label="API keys"
          loaded={keys}
          empty="No API keys yet."
          renderRow={(key) => (
            <li key={key.id}>
              <div className={rows.text}>
                <strong>{key.name}</strong>
                <span>
                  <code>{key.start}…</code> · {lifeOf(key)}
                </span>
                <span>May use: {key.scopes.join(", ")}</span>
              </div>
              <ConfirmButton label={`Revoke ${key.name}`} confirm="Revoke" onConfirm={() => revoke(key.id)} />
            </li>
          )}
        />
        {error ? <ErrorNotice error={error} /> : null}
        {adding ? (
          <NewApiKey
            onCancel={() => setAdding(false)}
            onCreated={(key) => {
              setAdding(false);
              setCreated(key);
              void keys.reload();
            }}
          />
        ) : (
          <div className={rows.actions}>
            <Button icon="plus" onClick={() => setAdding(true)}>
              New API key
            </Button>
          </div>
        )}
      </div>
    </Section>
  );
}

function lifeOf({ expiresAt, lastUsedAt }: ApiKey): string {
  const used = lastUsedAt ? `last used ${day(lastUsedAt)}` : "never used";
  return `${expiresAt ? `expires ${day(expiresAt)}` : "does not expire"} · ${used}`;
}
