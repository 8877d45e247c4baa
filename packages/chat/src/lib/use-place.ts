/** What a new session works on: a repository of the organization, a folder of this machine, or nothing yet. */
import { useCallback, useState } from "react";
import type { CreateSession, Repository } from "@berth/sdk";
import { useBerth } from "./berth-context.tsx";
import { useFolder, type Folder } from "./use-folder.ts";
import { useLoad } from "./use-load.ts";

export interface Place {
  readonly repositories: readonly Repository[];
  readonly repository: Repository | null;
  /** @param id null for none */
  readonly choose: (id: string | null) => void;
  /** Branch, tag or commit of the repository; empty for its own branch. */
  readonly ref: string;
  readonly setRef: (ref: string) => void;
  readonly folder: Folder;
  readonly workspace: NonNullable<CreateSession["workspace"]>;
  /** A session cannot start on it. */
  readonly blocks: boolean;
}

export function usePlace(): Place {
  const berth = useBerth();
  const known = useLoad(useCallback(() => berth.repos.list().all(), [berth]));
  const [chosen, setChosen] = useState<string | null>(null);
  const [ref, setRef] = useState("");
  const folder = useFolder();
  const repositories = known.data ?? [];
  const repository = repositories.find(({ id }) => id === chosen) ?? null;
  const choose = (id: string | null): void => {
    setChosen(id);
    setRef("");
  };
  return { repositories, repository, choose, ref, setRef, folder, workspace: workspaceOf(repository, ref.trim(), folder.path.trim()), blocks: repository === null && folder.blocks };
}

function workspaceOf(repository: Repository | null, ref: string, path: string): Place["workspace"] {
  if (repository) return { kind: "repo", url: repository.url, ...(ref === "" ? {} : { ref }) };
  return path === "" ? { kind: "empty" } : { kind: "folder", path };
}
