/** Keys for the API and the SDK. A new one is shown once. */
import { useCallback, useState } from "react";
import type { ApiKey, CreatedApiKey } from "@berth/sdk";
import { useBerth } from "../lib/berth-context.tsx";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { useLoad } from "../lib/use-load.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { ConfirmButton } from "./confirm-button.tsx";
import { NewApiKey } from "./new-api-key.tsx";
import { Section } from "./section.tsx";
import rows from "./rows.module.css";
import css from "./api-keys-section.module.css";

export function ApiKeysSection() {
  const berth = useBerth();
  const keys = useLoad(useCallback(() => berth.apiKeys.list().all(), [berth]));
  const [adding, setAdding] = useState(false);
  const [created, setCreated] = useState<CreatedApiKey | null>(null);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const revoke = async (id: string): Promise<void> => {
    try {
      await berth.apiKeys.revoke(id);
      setError(null);
      await keys.reload();
    } catch (failure) {
      setError(toMessage(failure));
    }
  };
  return (
    <Section title="API keys" about="For scripts and the SDK: everything this page does, they can do too.">
      {created ? <Reveal created={created} onDone={() => setCreated(null)} /> : null}
      <div className={rows.rows}>
        {keys.data && keys.data.length > 0 ? (
          <ul>
            {keys.data.map((key) => (
              <li key={key.id}>
                <div className={rows.text}>
                  <strong>{key.name}</strong>
                  <span>
                    <code>{key.start}…</code> · {lifeOf(key)}
                  </span>
                </div>
                <ConfirmButton label={`Revoke ${key.name}`} confirm="Revoke" onConfirm={() => revoke(key.id)} />
              </li>
            ))}
          </ul>
        ) : null}
        {keys.data?.length === 0 && !adding ? <p className={rows.empty}>No API keys yet.</p> : null}
        {keys.error ? <ErrorNotice error={keys.error} action={<Button size="s" icon="retry" onClick={() => void keys.reload()}>Try again</Button>} /> : null}
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

function Reveal({ created, onDone }: { readonly created: CreatedApiKey; readonly onDone: () => void }) {
  return (
    <div className={css.reveal} role="status">
      <p>
        <strong>{created.name}</strong> was made. Copy it now: it is not shown again.
      </p>
      <div className={css.secret}>
        <code>{created.key}</code>
        <CopyButton text={created.key} />
      </div>
      <Button size="s" onClick={onDone}>
        Done
      </Button>
    </div>
  );
}

function lifeOf({ expiresAt, lastUsedAt }: ApiKey): string {
  const day = (iso: string): string => new Date(iso).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
  const used = lastUsedAt ? `last used ${day(lastUsedAt)}` : "never used";
  return `${expiresAt ? `expires ${day(expiresAt)}` : "does not expire"} · ${used}`;
}
