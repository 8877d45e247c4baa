/** Environments of the organization: what sessions begin with. */
import { useCallback, useState } from "react";
import { useAccount } from "../../lib/account-context.tsx";
import { useBerth } from "../../lib/berth-context.tsx";
import { may } from "../../lib/rights.ts";
import { useAct } from "../../lib/use-act.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { LoadList } from "../load-list.tsx";
import { Section } from "../section.tsx";
import { EnvironmentForm } from "./environment-form.tsx";
import { EnvironmentRow } from "./environment-row.tsx";
import rows from "../rows.module.css";

const ABOUT = "What sessions begin with: variables, a script that sets a fresh sandbox up, and names for the ports they serve. Where one environment alone is for a repository, its sessions take it by themselves; elsewhere you choose one for a session.";

export function EnvironmentsSection() {
  const berth = useBerth();
  const { me } = useAccount();
  const manages = may(me, "admin");
  const loaded = useLoad(
    useCallback(async () => {
      const [environments, repositories] = await Promise.all([berth.environments.list().all(), berth.repos.list().all()]);
      return { environments, repositories };
    }, [berth]),
  );
  const [adding, setAdding] = useState(false);
  const { error, run } = useAct();
  const remove = async (id: string): Promise<void> => {
    await run(() => berth.environments.remove(id));
    // Also after a refusal: what is shown may be what was refused.
    await loaded.reload();
  };
  const repositories = loaded.data?.repositories ?? [];
  return (
    <Section title="Environments" about={ABOUT}>
      <div className={rows.rows}>
        <LoadList
          label="Environments"
          loaded={{ ...loaded, data: loaded.data?.environments }}
          empty="No environments yet."
          wraps
          renderRow={(environment) => (
            <EnvironmentRow key={environment.id} environment={environment} repositories={repositories} {...(manages ? { onChanged: () => void loaded.reload(), remove: () => remove(environment.id) } : {})} />
          )}
        />
        {error ? <ErrorNotice error={error} /> : null}
        {manages ? null : <Notice tone="info">Only an owner or admin keeps environments. You are a {me.role}.</Notice>}
        {adding && loaded.data ? (
          <EnvironmentForm
            repositories={repositories}
            onCancel={() => setAdding(false)}
            onSaved={() => {
              setAdding(false);
              void loaded.reload();
            }}
          />
        ) : null}
        {manages && !adding && loaded.data ? (
          <div className={rows.actions}>
            <Button icon="plus" onClick={() => setAdding(true)}>
              Add an environment
            </Button>
          </div>
        ) : null}
      </div>
    </Section>
  );
}
