/** What the host answers, as a table: method and path pattern → operation on a provider or on the machine. */
import type { z } from "zod";
import type { LocalMachine } from "../../../src/core/machine/local-machine.ts";
import { PortError, type PortErrorCode } from "../../../src/core/kernel/port-error.ts";
import type { SandboxProvider, SandboxSpec, ExecRequest } from "../../../src/ports/sandbox/sandbox.port.ts";
import type { MailSender } from "./mail/smtp.ts";
import type { VaultItems } from "./vault-items/service-account.ts";
import { ApplyBody, ExecBody, FindItemsBody, InspectBody, ItemBody, MailBody, RevealBody, SpecBody, type BackendReport } from "./wire.ts";

export interface HostParts {
  readonly providers: readonly SandboxProvider[];
  /** What was found about each backend's isolation at start. */
  readonly reports: readonly BackendReport[];
  readonly machine: LocalMachine | null;
  /** Absent where no mail server was set. */
  readonly mail?: MailSender;
  /** Absent where no service account of 1Password was set. */
  readonly vaultItems?: VaultItems;
}

export interface HostRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
}

/** Bytes travel as they are, everything else as JSON. */
export type HostAnswer = { readonly json: unknown } | { readonly bytes: Uint8Array };

function refuse(code: PortErrorCode, message: string): never {
  throw new PortError({ port: "sandbox", operation: "route", code, outcome: "not-applied", retry: "never", message });
}

function parse<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return refuse("invalid-argument", "The body is not valid JSON.");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse("invalid-argument", `The body is not right at ${issue?.path.join(".") || "its top"}: ${issue?.message ?? ""}`);
}

/** Without keys whose value is undefined, which optional fields of the ports do not allow. */
function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function toSpec(body: z.infer<typeof SpecBody>): SandboxSpec {
  const { workspace } = body;
  return { ...body, workspace: workspace.kind === "folder" ? withoutUndefined(workspace) : workspace };
}

function toExec(body: z.infer<typeof ExecBody>): ExecRequest {
  return withoutUndefined(body) as ExecRequest;
}

async function routeSandbox(provider: SandboxProvider, request: HostRequest, id: string, verb: string): Promise<HostAnswer | null> {
  const path = (): string => request.query.get("path") ?? refuse("invalid-argument", "The query has no path.");
  switch (`${request.method} ${verb}`) {
    case "GET ":
      return { json: await provider.describe(id) };
    case "DELETE ":
      return { json: (await provider.destroy(id)) ?? null };
    case "POST exec":
      return { json: await provider.exec(id, toExec(parse(ExecBody, request.body))) };
    case "GET files": {
      const bytes = await provider.readFile(id, path());
      return bytes ? { bytes } : { json: null };
    }
    case "PUT files":
      return { json: (await provider.writeFile(id, path(), request.body)) ?? null };
    case "POST apply":
      return { json: await provider.applyWork(id, parse(ApplyBody, request.body)) };
    case "GET policy":
      return { json: await provider.describePolicy(id) };
    case "POST stop":
      return { json: (await provider.stop(id)) ?? null };
    default:
      return null;
  }
}

async function routeBackend(provider: SandboxProvider, request: HostRequest, rest: readonly string[]): Promise<HostAnswer | null> {
  const [id, verb = "", ...more] = rest;
  if (id !== undefined) return more.length === 0 ? routeSandbox(provider, request, id, verb) : null;
  if (request.method === "POST") return { json: await provider.create(toSpec(parse(SpecBody, request.body))) };
  if (request.method !== "GET") return null;
  const [orgId, sessionId] = [request.query.get("orgId"), request.query.get("sessionId")];
  return { json: await provider.list({ ...(orgId === null ? {} : { orgId }), ...(sessionId === null ? {} : { sessionId }) }) };
}

async function routeMachine(machine: LocalMachine, request: HostRequest, verb: string): Promise<HostAnswer | null> {
  switch (`${request.method} ${verb}`) {
    case "GET discoveries":
      return { json: await machine.discover() };
    case "POST reveal":
      return { json: await machine.reveal(parse(RevealBody, request.body).id) };
    case "GET git-identity":
      return { json: await machine.gitIdentity() };
    case "POST inspect":
      return { json: await machine.inspectFolder(parse(InspectBody, request.body).path) };
    default:
      return null;
  }
}

async function routeMail(mail: MailSender | undefined, request: HostRequest): Promise<HostAnswer> {
  const body = parse(MailBody, request.body);
  if (!mail) throw new PortError({ port: "mailer", operation: "send", code: "unimplemented", outcome: "not-applied", retry: "never", message: "The sandbox host has no mail server.", fix: "Set SMTP_URL on the sandbox host." });
  return { json: (await mail.send(body)) ?? null };
}

async function routeVaultItems(items: VaultItems | undefined, request: HostRequest, rest: readonly string[]): Promise<HostAnswer | null> {
  if (!items) throw new PortError({ port: "secret-vault", operation: "route", code: "failed-precondition", outcome: "not-applied", retry: "never", message: "The sandbox host has no service account of 1Password.", fix: "Set OP_SERVICE_ACCOUNT_TOKEN and OP_VAULT on the sandbox host." });
  const [id, ...more] = rest;
  if (more.length > 0) return null;
  switch (`${request.method} ${id === undefined ? "" : id === "find" ? "find" : ":id"}`) {
    case "POST find":
      return { json: await items.find(parse(FindItemsBody, request.body)) };
    case "POST ":
      return { json: (await items.create(parse(ItemBody, request.body))) ?? null };
    case "PUT :id":
      return { json: (await items.replace(id ?? "", parse(ItemBody, request.body))) ?? null };
    case "DELETE :id":
      return { json: (await items.remove(id ?? "")) ?? null };
    default:
      return null;
  }
}

/** @throws PortError, also for an address the host does not have */
export async function route(parts: HostParts, request: HostRequest): Promise<HostAnswer> {
  const [empty, version, area, ...rest] = request.path.split("/").map(decode);
  let answer: HostAnswer | null = null;
  if (empty === "" && version === "v1" && area === "backends") {
    const [backend, sandboxes, ...more] = rest;
    if (backend === undefined && request.method === "GET") answer = { json: parts.reports };
    const provider = parts.providers.find((candidate) => candidate.backend === backend);
    if (backend !== undefined && !provider) refuse("not-found", `This host has no backend ${backend}.`);
    if (provider && sandboxes === "sandboxes") answer = await routeBackend(provider, request, more);
  }
  if (empty === "" && version === "v1" && area === "machine" && parts.machine && rest.length === 1) {
    answer = await routeMachine(parts.machine, request, rest[0] ?? "");
  }
  if (empty === "" && version === "v1" && area === "mail" && rest.length === 0 && request.method === "POST") answer = await routeMail(parts.mail, request);
  if (empty === "" && version === "v1" && area === "vault-items") answer = await routeVaultItems(parts.vaultItems, request, rest);
  return answer ?? refuse("unimplemented", "The host has no such address.");
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return refuse("invalid-argument", "The address is not valid.");
  }
}
