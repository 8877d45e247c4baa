/** Compares what a backend declares of a sandbox with what one part really sees of it. Every part is judged for itself. */
import type { PolicyFact, PolicyName, PolicyVerdict, SandboxDeclaration, SandboxMeasurement } from "@berth/protocol";

export interface Measured {
  readonly measurement: SandboxMeasurement;
  /** The part that measured. */
  readonly by: string;
  readonly atMs: number;
}

/** Longest text of one side: lists come from inside the sandbox, and what is kept of them is bounded. */
const TEXT_MAX = 1_000;
const DIFFERENCES_MAX = 8;

export function fact(
  name: PolicyName,
  { declared, measured, differences }: { readonly declared: string; readonly measured: string | null; readonly differences: readonly string[] },
  { by, atMs }: Omit<Measured, "measurement">,
): PolicyFact {
  const verdict = measured === null ? "unmeasured" : differences.length > 0 ? "mismatch" : "match";
  const kept = differences.slice(0, DIFFERENCES_MAX).map(short);
  return { name, declared: short(declared), measured: short(measured ?? "not measured"), by, at: new Date(atMs).toISOString(), verdict, differences: kept };
}

export function worstOf(facts: readonly PolicyFact[]): PolicyVerdict {
  if (facts.some(({ verdict }) => verdict === "mismatch")) return "mismatch";
  return facts.some(({ verdict }) => verdict === "match") ? "match" : "unmeasured";
}

export function judgeSandbox(declared: SandboxDeclaration, measured: Measured): readonly PolicyFact[] {
  return [isolation, egress, mounts, capabilities, secrets].flatMap((judge) => judge(declared, measured));
}

function isolation(declared: SandboxDeclaration, measured: Measured): PolicyFact[] {
  const { namespaces } = measured.measurement;
  if (namespaces === undefined) return [];
  const shared = declared.namespaces.filter((name) => !namespaces.includes(name));
  return [
    fact(
      "isolation",
      {
        declared: `${declared.isolation}: ${declared.namespaces.length === 0 ? "shares all namespaces with the machine" : `own namespaces: ${declared.namespaces.join(", ")}`}`,
        measured: `own namespaces: ${listed(namespaces)}`,
        differences: shared.map((name) => `It shares the ${NAMESPACE_WORDS[name] ?? name} namespace with the machine.`),
      },
      measured,
    ),
  ];
}

const NAMESPACE_WORDS: Readonly<Record<string, string>> = { mnt: "mount", pid: "process", net: "network", uts: "host-name" };

const EGRESS_WORDS: Readonly<Record<SandboxDeclaration["network"], string>> = {
  machine: "open: the network of the machine it runs on",
  brokers: "only the control plane and the allowlist",
  filtered: "its own network, let through to the control plane and the allowlist only",
  none: "no network",
};

function egress({ network: declared, allowedHosts = [] }: SandboxDeclaration, measured: Measured): PolicyFact[] {
  const { network } = measured.measurement;
  if (network === undefined) return [];
  const { own, interfaces, defaultRoute, allowedHosts: leadsTo, reached } = network;
  const differences: string[] = [];
  if (declared === "machine" && own === true) differences.push("It has a network of its own, and may not reach what it should.");
  if (declared !== "machine") {
    if (own === false) differences.push("It shares the network of the machine it runs on.");
    // Behind a filter that is not in the sandbox, a route says nothing.
    if (defaultRoute === true && declared !== "filtered") differences.push("It has a route to any address.");
    differences.push(...(leadsTo ?? []).filter((host) => !allowedHosts.includes(host)).map((host) => `It is let through to ${host}.`));
    if (reached !== undefined && reached.length > 0) differences.push(`It reached ${reached.join(", ")}.`);
  }
  const seen = [
    own === undefined ? null : own ? "own network" : "the machine's network",
    interfaces === undefined ? null : `interfaces: ${listed(interfaces)}`,
    defaultRoute === undefined ? null : defaultRoute ? "a route to any address" : "no route to other networks",
    leadsTo === undefined ? null : `let through to: ${listed(leadsTo)}`,
    reached === undefined ? null : `reached of what was tried: ${listed(reached)}`,
  ];
  const words = declared === "brokers" || declared === "filtered" ? `${EGRESS_WORDS[declared]}: ${listed(allowedHosts)}` : EGRESS_WORDS[declared];
  return [fact("egress", { declared: words, measured: joined(seen), differences }, measured)];
}

function mounts(declared: SandboxDeclaration, measured: Measured): PolicyFact[] {
  const { writable, readOnly } = measured.measurement;
  if (writable === undefined) return [];
  if (declared.writable === null) {
    const own = ["gvisor", "vm"].includes(declared.isolation);
    return [fact("mounts", { declared: own ? "its whole file system, which is its own" : "everything that the user who runs Berth can reach", measured: `writable: ${listed(writable)}`, differences: [] }, measured)];
  }
  const allowed = declared.writable;
  const mayRead = declared.readOnly;
  const differences = [
    ...writable.filter((path) => !allowed.includes(path)).map((path) => `${path} can be written.`),
    ...allowed.filter((path) => !writable.includes(path)).map((path) => `${path} cannot be written, though it should.`),
    ...(readOnly ?? []).filter((path) => mayRead !== null && !mayRead.includes(path) && !allowed.includes(path)).map((path) => `${path} is mounted.`),
  ];
  const words = `writable: ${listed(allowed)}; read-only: ${mayRead === null ? "any" : listed(mayRead)}`;
  return [fact("mounts", { declared: words, measured: `writable: ${listed(writable)}${readOnly ? `; read-only: ${listed(readOnly)}` : ""}`, differences }, measured)];
}

function capabilities(declared: SandboxDeclaration, measured: Measured): PolicyFact[] {
  const { user, capabilities: held, noNewPrivileges } = measured.measurement;
  if (held === undefined) return [];
  const claimed = declared.capabilities;
  const differences = claimed === null ? [] : held.filter((name) => !claimed.includes(name)).map((name) => `It has the capability ${name}.`);
  if (declared.noNewPrivileges && noNewPrivileges === false) differences.push("A program may gain new privileges.");
  const seen = [user ?? null, `capabilities: ${listed(held)}`, noNewPrivileges === undefined ? null : noNewPrivileges ? "no new privileges" : "new privileges possible"];
  const words = claimed === null ? "those of the user that runs Berth" : `capabilities: ${listed(claimed)}${declared.noNewPrivileges ? "; no new privileges" : ""}`;
  return [fact("capabilities", { declared: words, measured: joined(seen), differences }, measured)];
}

function secrets(declared: SandboxDeclaration, measured: Measured): PolicyFact[] {
  const { secrets: found } = measured.measurement;
  if (found === undefined) return [];
  const allowed = declared.secrets;
  const differences = allowed === null ? [] : found.filter((place) => !allowed.includes(place)).map((place) => `A secret can be read: ${place}.`);
  const words = allowed === null ? "Berth adds none; what the user's own files hold is within reach" : `the session's own token${allowed.map((name) => `, ${name}`).join("")}`;
  return [fact("secrets", { declared: words, measured: `readable: ${listed(found)}`, differences }, measured)];
}

export function listed(items: readonly string[]): string {
  return items.length === 0 ? "none" : items.join(", ");
}

function joined(parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join("; ");
}

function short(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`;
}
