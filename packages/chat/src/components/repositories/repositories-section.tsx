/** Repositories of the organization: what sessions may be started on. */
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
import { AddRepository } from "./add-repository.tsx";
import { RepositoryRow } from "./repository-row.tsx";
import rows from "../rows.module.css";

const ABOUT = "What sessions may be started on. The credential stays with Berth: a sandbox fetches and pushes through it, and pushes only to branches of its own.";

export function RepositoriesSection() {
  const berth = useBerth();
  const { me } = useAccount();
  const manages = may(me, "admin");
  const repositories = useLoad(useCallback(() => berth.repos.list().all(), [berth]));
  const [adding, setAdding] = useState(false);
  const { error, run } = useAct();
  const change = async (act: () => Promise<unknown>): Promise<void> => {
    await run(act);
    // Also after a refusal: what is shown may be what was refused.
    await repositories.reload();
  };
  return (
    <Section title="Repositories" about={ABOUT}>
      <div className={rows.rows}>
        <LoadList
          label="Repositories"
          loaded={repositories}
          empty="No repositories yet."
          wraps
          renderRow={(repository) => (
            <RepositoryRow
              key={repository.id}
              repository={repository}
              {...(manages
                ? {
                    setRights: (rights) => change(() => berth.repos.update(repository.id, { rights })),
                    remove: () => change(() => berth.repos.remove(repository.id)),
                  }
                : {})}
            />
          )}
        />
        {error ? <ErrorNotice error={error} /> : null}
        {manages ? null : <Notice tone="info">Only an owner or admin adds repositories. You are a {me.role}.</Notice>}
        {adding ? (
          <AddRepository
            onCancel={() => setAdding(false)}
            onAdded={() => {
              setAdding(false);
              void repositories.reload();
            }}
          />
        ) : null}
        {manages && !adding ? (
          <div className={rows.actions}>
            <Button icon="plus" onClick={() => setAdding(true)}>
              Add a repository
            </Button>
          </div>
        ) : null}
      </div>
    </Section>
  );
}
