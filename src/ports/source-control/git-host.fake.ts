/**
 * A git server in memory: repositories with references and a credential, but no objects. It lists, takes pushes into its
 * references by compare-and-swap, and answers a fetch with nothing. Real git against a real server is the adapters' matter.
 */
import { FLUSH, joined, pkt } from "../../core/git/pkt-line.ts";
import { pushReport } from "../../core/git/git-speech.ts";
import { PushReader, type RefCommand } from "../../core/git/receive-pack.ts";
import type { HttpCall } from "./smart-http.ts";

export interface InMemoryRepository {
  readonly refs: Map<string, string>;
  readonly defaultBranch: string;
  /** `user:password` that may do everything; null: anyone may read. */
  readonly credential: string | null;
  /** What each person may do, in the host's words, by the number of their account. */
  readonly people: Map<string, string>;
}

const API = "/api/v3";
const ZERO = "0".repeat(40);
const READ_CAPABILITIES = "side-band-64k shallow";
const PUSH_CAPABILITIES = "report-status delete-refs side-band-64k atomic";

export class InMemoryGitHost {
  /** By address without trailing slash. */
  readonly repositories = new Map<string, InMemoryRepository>();

  add(url: string, { credential = null, refs = { "refs/heads/main": "1".repeat(40) }, defaultBranch = "main" }: { readonly credential?: string | null; readonly refs?: Readonly<Record<string, string>>; readonly defaultBranch?: string } = {}): InMemoryRepository {
    const repository = { refs: new Map(Object.entries(refs)), defaultBranch, credential, people: new Map<string, string>() };
    this.repositories.set(url, repository);
    return repository;
  }

  async answer({ url: address, headers, body }: HttpCall): Promise<Response> {
    const url = new URL(address);
    if (url.pathname.startsWith(API)) return this.#api(url, headers);
    const [, base = "", step = ""] = /^(.*)\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(`${url.origin}${url.pathname}`) ?? [];
    const repository = this.repositories.get(base);
    if (!repository) return new Response("Not Found", { status: 404 });
    const pushes = step === "git-receive-pack" || url.searchParams.get("service") === "git-receive-pack";
    if ((repository.credential !== null || pushes) && headers.get("authorization") !== `Basic ${btoa(repository.credential ?? "")}`) return new Response("Unauthorized", { status: 401 });
    if (step === "info/refs") return advertisement(repository, pushes ? "git-receive-pack" : "git-upload-pack");
    const sent = new Uint8Array(await new Response(body).arrayBuffer());
    return pushes ? received(repository, sent) : git("git-upload-pack-result", joined(pkt("NAK\n"), FLUSH));
  }

  /** Of GitHub's API what is asked about people. The login of account 7 is `login-7`. */
  #api({ origin, pathname }: URL, headers: Headers): Response {
    const [, account] = /^\/user\/(\d+)$/.exec(pathname.slice(API.length)) ?? [];
    if (account !== undefined) return Response.json({ id: Number(account), login: `login-${account}` });
    const [, name = "", id = ""] = /^\/repos\/([^/]+\/[^/]+)\/collaborators\/login-(\d+)\/permission$/.exec(pathname.slice(API.length)) ?? [];
    const repository = this.repositories.get(`${origin}/${name}`) ?? this.repositories.get(`${origin}/${name}.git`);
    if (!repository) return new Response("Not Found", { status: 404 });
    if (headers.get("authorization") !== `Bearer ${repository.credential?.split(":")[1] ?? ""}`) return new Response("Unauthorized", { status: 401 });
    return Response.json({ permission: repository.people.get(id) ?? "none", user: { id: Number(id), login: `login-${id}` } });
  }
}

function advertisement({ refs, defaultBranch }: InMemoryRepository, service: string): Response {
  const push = service === "git-receive-pack";
  const head = refs.get(`refs/heads/${defaultBranch}`);
  const listed: [string, string][] = [...(push || head === undefined ? [] : [["HEAD", head] as [string, string]]), ...refs];
  const capabilities = push ? PUSH_CAPABILITIES : `${READ_CAPABILITIES} symref=HEAD:refs/heads/${defaultBranch}`;
  const [[name, oid] = ["capabilities^{}", ZERO], ...rest] = listed;
  return git(`${service}-advertisement`, joined(pkt(`# service=${service}\n`), FLUSH, pkt(`${oid} ${name}\0${capabilities}\n`), ...rest.map(([ref, at]) => pkt(`${at} ${ref}\n`)), FLUSH));
}

function received({ refs }: InMemoryRepository, sent: Uint8Array): Response {
  const read = new PushReader().take(sent);
  if (read.kind !== "head") return new Response("Bad Request", { status: 400 });
  const { commands, capabilities } = read.head;
  const verdicts = commands.map((command) => ({ ref: command.ref, refusal: moved(refs, command) }));
  return git("git-receive-pack-result", pushReport(verdicts, capabilities, "received"));
}

/** Null once the reference moved. */
function moved(refs: Map<string, string>, { ref, before, after }: RefCommand): string | null {
  if ((refs.get(ref) ?? ZERO) !== before) return "failed to update ref";
  if (after === ZERO) refs.delete(ref);
  else refs.set(ref, after);
  return null;
}

function git(type: string, bytes: Uint8Array<ArrayBuffer>): Response {
  return new Response(bytes, { headers: { "content-type": `application/x-${type}`, "cache-control": "no-cache" } });
}
