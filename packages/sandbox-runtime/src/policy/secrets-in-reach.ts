/** Looks where secrets usually lie, as any program in the sandbox could. Tells kind and place, never a value. */
import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readableMark } from "../../../../src/core/secrets/secret-scope.ts";

/** By their looks. The sandbox's own token may be there: it is worth nothing elsewhere. */
const KINDS: Readonly<Record<string, RegExp>> = {
  "private key": /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  "model provider's key": /\b(sk-[A-Za-z0-9_-]{20,}|AIza[0-9A-Za-z_-]{35})/,
  "GitHub token": /\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})/,
  "AWS key": /\b(AKIA|ASIA)[0-9A-Z]{16}\b/,
  "Slack token": /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  "Berth API key": /\bberth_(?!sbx_)[A-Za-z0-9_]{20,}/,
  "password in an address": /\b[a-z][a-z+]{2,12}:\/\/[^\s:@/"']{1,64}:[^\s@/"']{3,}@/i,
  "password hash": /^root:\$[0-9a-z]+\$/m,
};

const FILE_BYTES_MAX = 256 * 1024;
const FOUND_MAX = 32;
/** With those that were given. */
const TOLD_MAX = 64;

/** Below the agent's home. Its work folder is the user's own, and is not looked into. */
const IN_HOME = [".ssh", ".aws", ".netrc", ".git-credentials", ".gitconfig", ".config", ".docker", ".npmrc", ".pypirc", ".kube", ".gnupg", ".local/share/opencode/auth.json"];
const ON_MACHINE = ["/run/secrets", "/var/run/secrets", "/run/berth", "/etc/shadow", "/root"];
/** Who can talk to one of these is as good as the machine's administrator. */
const SOCKETS = ["/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock"];

export interface SecretPlaces {
  readonly home: string;
  /** What the agent was given to read, by name: it is found, and told as that. */
  readonly given?: Readonly<Record<string, string>>;
  /** Absent: those of the machine. For tests. */
  readonly paths?: readonly string[];
  readonly sockets?: readonly string[];
  readonly proc?: string;
}

export function secretsInReach({ home, given = {}, paths = ON_MACHINE, sockets = SOCKETS, proc = "/proc" }: SecretPlaces): string[] {
  const found = new Set<string>();
  const look = (text: string, place: string): void => {
    for (const [kind, looks] of Object.entries(KINDS)) if (looks.test(text) && found.size < FOUND_MAX) found.add(`${kind} in ${place}`);
  };
  for (const pid of namesIn(proc).filter((name) => /^\d+$/.test(name))) {
    for (const part of ["environ", "cmdline"]) {
      const text = textOf(join(proc, pid, part));
      // By the program's name, since numbers of processes say nothing the next time.
      if (text !== null) look(apart(part === "environ" ? without(text, given) : text), `the ${part === "environ" ? "environment" : "command line"} of ${textOf(join(proc, pid, "comm"))?.trim() || "a process"}`);
    }
  }
  for (const path of [...IN_HOME.map((name) => join(home, name)), ...paths]) walk(path, look, 0);
  for (const path of sockets) if (isWritable(path)) found.add(`control of the machine at ${path}`);
  return [...found, ...Object.keys(given).map(readableMark)].slice(0, TOLD_MAX).map((place) => place.slice(0, 200));
}

function without(environment: string, given: Readonly<Record<string, string>>): string {
  return Object.entries(given).reduce((text, [name, value]) => text.replaceAll(`${name}=${value}`, ""), environment);
}

/** What one variable ends with and the next begins with is no secret. */
function apart(entries: string): string {
  return entries.replaceAll("\0", "\n");
}

const DEPTH_MAX = 4;
/** Programs that agents install, not settings. */
const NOT_ENTERED = ["node_modules", "cache"];

function walk(path: string, look: (text: string, place: string) => void, depth: number): void {
  const text = textOf(path);
  if (text !== null) return look(text, path);
  if (depth < DEPTH_MAX) for (const name of namesIn(path)) if (!NOT_ENTERED.includes(name)) walk(join(path, name), look, depth + 1);
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Null for what is no small file that can be read. */
function textOf(path: string): string | null {
  try {
    const entry = statSync(path);
    return entry.isFile() && entry.size <= FILE_BYTES_MAX ? readFileSync(path, "utf8") : null;
  } catch {
    return null;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
