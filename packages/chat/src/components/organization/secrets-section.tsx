/** Secrets for sessions: whose each is, how it reaches what needs it, and when it last did. */
import { useCallback, useState } from "react";
import type { Secret } from "@berth/sdk";
import { useAccount } from "../../lib/account-context.tsx";
import { useBerth } from "../../lib/berth-context.tsx";
import { may } from "../../lib/rights.ts";
import { groupSecrets, isOwn } from "../../lib/secret-words.ts";
import { useAct } from "../../lib/use-act.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { LoadList } from "../load-list.tsx";
import { Section } from "../section.tsx";
import { NewSecret } from "./new-secret.tsx";
import { SecretRow } from "./secret-row.tsx";
import rows from "../rows.module.css";

const ABOUT = "Credentials that sessions need beside the model's key. Values are encrypted, and nobody can read them back here or by the API.";

export function SecretsSection() {
  const berth = useBerth();
  const { me } = useAccount();
  const secrets = useLoad(useCallback(() => berth.secrets.list().all(), [berth]));
  const isAdmin = may(me, "admin");
  // Whose those are that others keep for themselves, which only who administers sees.
  const members = useLoad(useCallback(async () => (isAdmin ? await berth.members.list().all() : []), [berth, isAdmin]));
  const environments = useLoad(useCallback(() => berth.environments.list().all(), [berth]));
  const reader = { userId: me.user?.id, names: new Map(members.data?.map(({ userId, name }) => [userId, name])), environments: new Map(environments.data?.map(({ id, name }) => [id, name])) };
  const [adding, setAdding] = useState(false);
  const { error, run } = useAct();
  const remove = async (id: string): Promise<void> => {
    await run(() => berth.secrets.remove(id));
    await secrets.reload();
  };
  const mayReplace = (secret: Secret): boolean => (secret.scope.kind === "user" ? isOwn(secret, reader) && may(me, "secrets:write") : isAdmin);
  const row = (secret: Secret) => (
    <SecretRow
      key={secret.id}
      secret={secret}
      {...(mayReplace(secret) ? { onReplaced: () => void secrets.reload() } : {})}
      {...(mayReplace(secret) || isAdmin ? { remove: () => remove(secret.id) } : {})}
    />
  );
  const groups = groupSecrets(secrets.data ?? [], reader);
  return (
    <Section title="Secrets" about={ABOUT}>
      <div className={rows.rows}>
        {groups.length === 0 ? <LoadList label="Secrets" loaded={secrets} empty="No secrets yet." renderRow={row} /> : null}
        {groups.map(({ title, secrets: own }) => (
          <LoadList key={title} label={title} heading={title} loaded={{ ...secrets, data: own }} empty="" wraps renderRow={row} />
        ))}
        {error ? <ErrorNotice error={error} /> : null}
        {may(me, "secrets:write") ? null : <Notice tone="info">Your role ({me.role}) sees which secrets there are and keeps none.</Notice>}
        {adding ? (
          <NewSecret
            me={me}
            onCancel={() => setAdding(false)}
            onAdded={() => {
              setAdding(false);
              void secrets.reload();
            }}
          />
        ) : null}
        {may(me, "secrets:write") && !adding ? (
          <div className={rows.actions}>
            <Button icon="plus" onClick={() => setAdding(true)}>
              Add a secret
            </Button>
          </div>
        ) : null}
      </div>
    </Section>
  );
}
