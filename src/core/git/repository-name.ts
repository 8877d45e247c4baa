/** A repository's address, and the name `host/owner/repository` under which an organization and its sessions know it. */
import type { Workspace } from "@berth/protocol";

export interface RepositoryName {
  /** With the port where it is not the scheme's own. */
  readonly host: string;
  readonly owner: string;
  readonly repo: string;
}

/** Stands for the owner of a repository that lies directly below its host. */
const NO_OWNER = "_";
/** Between the folders of an owner, which is one step of the broker's address. */
const BETWEEN = "~";
const STEP = /^[A-Za-z0-9._~+-]{1,200}$/;

/** Null for an address that names no repository, or holds what has no place in a name. */
export function repositoryNameOf(address: string): RepositoryName | null {
  const url = parse(address);
  if (url === null) return null;
  const steps = url.pathname.split("/").filter((step) => step !== "");
  const repo = withoutSuffix(steps.pop() ?? "");
  if (![...steps, repo].every((step) => STEP.test(step) && !/^\.+$/.test(step))) return null;
  const owner = steps.length === 0 ? NO_OWNER : steps.join(BETWEEN);
  return owner.length > 200 ? null : { host: url.host, owner, repo };
}

export function textOf({ host, owner, repo }: RepositoryName): string {
  return `${host}/${owner}/${repo}`;
}

/** Below the address of an instance, with a leading slash. */
export function brokerPathOf(name: RepositoryName): string {
  return `/v1/broker/git/${textOf(name)}`;
}

export function withoutSuffix(repo: string): string {
  return repo.replace(/\.git$/, "");
}

function parse(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

/** Names of those that a session on this workspace may use. */
export function repositoriesOf(workspace: Workspace): readonly string[] {
  const name = workspace.kind === "repo" ? repositoryNameOf(workspace.url) : null;
  return name === null ? [] : [textOf(name)];
}
