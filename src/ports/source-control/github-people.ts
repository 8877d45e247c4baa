/**
 * What a person may do with a repository, asked of GitHub's REST API or of a server that speaks it. A person is known by the
 * number of their account: a login may be somebody else's tomorrow.
 */
import type { OutsideProvider } from "../../core/access/outside-sign-in.ts";
import { repositoryNameOf } from "../../core/git/repository-name.ts";
import { retryAfterMs, type Verdict } from "../../core/kernel/fetch-failure.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import type { HttpCall } from "./smart-http.ts";
import type { GitRemote, RepositoryRight, SourceControl } from "./source-control.port.ts";

export interface GithubApi {
  /** `https://github.com`, or a server of one's own, without trailing slash. */
  readonly baseUrl: string;
  /** Follows no redirect. @throws PortError when no answer came */
  send(call: HttpCall): Promise<Response>;
}

/** By GitHub's oldest words for it, which roles of an organization's own come down to. */
const RIGHTS: Readonly<Record<string, RepositoryRight>> = { admin: "write", maintain: "write", write: "write", triage: "read", read: "read" };

export function githubPeople({ baseUrl, send }: GithubApi): Pick<SourceControl, "knowsPeople" | "rightOf"> {
  const { origin } = new URL(baseUrl);
  const apiUrl = origin === "https://github.com" ? "https://api.github.com" : `${baseUrl}/api/v3`;

  /** Null for what is not there, or is hidden from the credential. */
  async function ask<T>({ credential }: GitRemote, path: string, read: (answer: unknown) => T | null, signal: AbortSignal): Promise<T | null> {
    const headers = new Headers({ accept: "application/vnd.github+json", "user-agent": "Berth", "x-github-api-version": "2022-11-28" });
    if (credential === null) throw failed(apiUrl, { code: "failed-precondition", outcome: "not-applied", retry: "never", says: "says what a person may do only to a credential, and the repository has none" });
    headers.set("authorization", `Bearer ${credential.password}`);
    const response = await send({ url: apiUrl + path, method: "GET", headers, body: null, signal });
    const problem = problemOf(response);
    if (response.status !== 200) await response.body?.cancel().catch(() => undefined);
    if (problem !== null) throw failed(apiUrl, problem);
    if (response.status !== 200) return null;
    const answer = read(await response.json().catch(() => null));
    if (answer === null) throw failed(apiUrl, { code: "failed-precondition", outcome: "not-applied", retry: "never", says: "answered, but not as GitHub does" });
    return answer;
  }

  const knowsPeople = (url: string): OutsideProvider | null => (URL.parse(url)?.origin === origin ? "github" : null);
  return {
    knowsPeople,
    async rightOf(remote, accountId, signal) {
      const name = repositoryNameOf(remote.url);
      if (knowsPeople(remote.url) === null || name === null) throw cannotAsk(remote.url);
      const account = await ask(remote, `/user/${encodeURIComponent(accountId)}`, accountIn, signal);
      if (account?.id !== accountId) return "none";
      const found = await ask(remote, `/repos/${name.owner}/${name.repo}/collaborators/${encodeURIComponent(account.login)}/permission`, permissionIn, signal);
      // The login may have gone to somebody else between the two questions.
      if (found?.accountId !== accountId) return "none";
      return Object.hasOwn(RIGHTS, found.permission) ? (RIGHTS[found.permission] ?? "none") : "none";
    },
  };
}

function accountIn(answer: unknown): { readonly id: string; readonly login: string } | null {
  const { id, login } = fieldsOf(answer);
  return typeof id === "number" && typeof login === "string" && login !== "" ? { id: String(id), login } : null;
}

function permissionIn(answer: unknown): { readonly accountId: string; readonly permission: string } | null {
  const { permission, user } = fieldsOf(answer);
  const { id } = fieldsOf(user);
  return typeof permission === "string" && typeof id === "number" ? { accountId: String(id), permission } : null;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** For hosts that say nothing of people. */
export function cannotAsk(url: string): PortError {
  return new PortError({ port: "source-control", operation: "rightOf", code: "unimplemented", outcome: "not-applied", retry: "never", message: `${new URL(url).host} cannot be asked what a person may do.` });
}

/** Null for an answer, 404 included. GitHub says that its limit is reached with 403 too. */
function problemOf({ status, headers }: Response): Verdict | null {
  const outcome = "not-applied";
  if (status === 200 || status === 404) return null;
  const isLimit = status === 429 || (status === 403 && (headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0"));
  if (isLimit) return { code: "resource-exhausted", outcome, retry: { afterMs: retryAfterMs(headers.get("retry-after")) }, says: "limits the rate of requests right now" };
  if (status === 401 || status === 403) return { code: "permission-denied", outcome, retry: "never", says: "does not tell the repository's credential what a person may do" };
  if (status >= 500) return { code: "unknown", outcome, retry: { afterMs: 1_000 }, says: `failed with status ${status}` };
  return { code: "failed-precondition", outcome, retry: "never", says: `answered with status ${status}` };
}

function failed(url: string, { says, ...verdict }: Verdict): PortError {
  return new PortError({ port: "source-control", operation: "rightOf", ...verdict, message: `${new URL(url).host} ${says}.` });
}
