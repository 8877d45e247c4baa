/** Looks at a repository at its host, and proposes what its environment could hold. */
import { useState } from "react";
import type { DetectedEnvironment } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { foundIn } from "../../lib/environment-words.ts";
import { useAct } from "../../lib/use-act.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";

export interface EnvironmentProposalProps {
  readonly repository: { readonly id: string; readonly name: string };
  readonly onFound: (found: DetectedEnvironment) => void;
}

export function EnvironmentProposal({ repository, onFound }: EnvironmentProposalProps) {
  const berth = useBerth();
  const [found, setFound] = useState<DetectedEnvironment | null>(null);
  const { busy, error, run } = useAct();
  const look = (): void =>
    void run(async () => {
      const seen = await berth.environments.detect(repository.id);
      setFound(seen);
      onFound(seen);
    });
  return (
    <>
      <div>
        <Button size="s" icon="search" busy={busy} onClick={look}>
          Propose from {repository.name.split("/").at(-1)}
        </Button>
      </div>
      {found ? (
        <Notice tone="info">
          <span data-testid="found">{foundIn(found)}</span>
        </Notice>
      ) : null}
      {error ? <ErrorNotice error={error} /> : null}
    </>
  );
}
