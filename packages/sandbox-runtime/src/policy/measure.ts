/**
 * How the sandbox is kept, looked at from inside by the program that the agent is started by. What it tells is compared
 * with what is declared, beside what the enforcing parts tell: a sandbox that lies about itself convinces nobody else.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import type { SandboxMeasurement } from "@berth/protocol";
import { TOKEN_ROUTES } from "../../../../src/core/policy/grants.ts";
import { controlPlaneUrl } from "../control-plane.ts";
import { letThrough } from "./proxy-probe.ts";
import { hasDefaultRoute, readMounts, readRights } from "./proc.ts";
import { secretsInReach } from "./secrets-in-reach.ts";

export interface MeasureRequest {
  /** Of the link, by which the control plane is found. */
  readonly url: string;
  readonly token: string;
  readonly workFolder: string;
  readonly home: string;
  /** Of the sandbox's way out; null where it has the machine's network. */
  readonly proxyPort: number | null;
  /** Secrets that the agent was given to read. */
  readonly given?: Readonly<Record<string, string>>;
}

const ANSWER_MS = 3_000;
const CONNECT_MS = 500;
/** Hands out the machine's own credentials on most clouds. */
const TRIED = [{ name: "the cloud's metadata service", host: "169.254.169.254", port: 80 }];

export async function measureInside(request: MeasureRequest): Promise<SandboxMeasurement> {
  const rights = readRights(readText("/proc/self/status"));
  const { writable, readOnly } = readMounts(readText("/proc/self/mountinfo"));
  const { proxyPort } = request;
  const [reached, byProxy, token, git] = await Promise.all([reachedOf(TRIED), proxyPort === null ? [] : letThrough(proxyPort), tokenOpens(request), gitSettings(request.workFolder)]);
  return {
    network: {
      interfaces: Object.keys(networkInterfaces()).slice(0, 32),
      defaultRoute: hasDefaultRoute(readText("/proc/net/route"), readText("/proc/net/ipv6_route")),
      reached: [...reached, ...byProxy],
    },
    writable: bounded(writable, 128),
    readOnly: bounded(readOnly, 256),
    user: `uid ${rights.uid}`,
    capabilities: [...rights.capabilities],
    noNewPrivileges: rights.noNewPrivileges,
    secrets: secretsInReach({ home: request.home, given: request.given ?? {} }),
    token,
    git,
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function bounded(paths: readonly string[], max: number): string[] {
  return paths.slice(0, max).map((path) => path.slice(0, 200));
}

async function reachedOf(targets: readonly { readonly name: string; readonly host: string; readonly port: number }[]): Promise<string[]> {
  const answers = await Promise.all(targets.map(({ host, port }) => connects(host, port)));
  return targets.filter((_, index) => answers[index]).map(({ name }) => name);
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

/** Each route is really asked with the token. One that does not answer is in neither list. */
export async function tokenOpens({ url, token }: Pick<MeasureRequest, "url" | "token">): Promise<{ allowed: string[]; refused: string[] }> {
  const ask = async (route: string): Promise<{ route: string; opens: boolean } | null> => {
    try {
      const answer = await fetch(controlPlaneUrl(url, route), { headers: { authorization: `Bearer ${token}` }, redirect: "manual", signal: AbortSignal.timeout(ANSWER_MS) });
      await answer.body?.cancel();
      return answer.status === 429 || answer.status >= 500 ? null : { route, opens: answer.status < 300 };
    } catch {
      return null;
    }
  };
  const routes = [...TOKEN_ROUTES.allowed, ...TOKEN_ROUTES.refused];
  const answers = (await Promise.all(routes.map(ask))).filter((answer) => answer !== null);
  const those = (opens: boolean): string[] => answers.filter((answer) => answer.opens === opens).map(({ route }) => route);
  return { allowed: those(true), refused: those(false) };
}

/** Settings by which git would send a credential that is not the broker's. */
const CREDENTIAL = /^(credential\..*helper|http\..*extraheader|http\.extraheader|credential\.helper)$/i;
const GIT_MS = 5_000;

async function gitSettings(workFolder: string): Promise<NonNullable<SandboxMeasurement["git"]>> {
  const lines = (await git(workFolder, "config", "--null", "--list")).split("\0").map((entry) => entry.split("\n"));
  const remotes = lines.filter(([name = ""]) => /^remote\..*\.(push)?url$/i.test(name)).map(([, value = ""]) => value);
  // The broker's helper hands out the sandbox's own token.
  const ours = (value: string): boolean => value === "" || value.includes("berth_sbx_") || value.includes("/.berth-runtime/");
  const own = lines.filter(([name = "", value = ""]) => CREDENTIAL.test(name) && !ours(value)).map(([name = ""]) => name);
  const inAddress = remotes.filter((address) => /:\/\/[^/@]+@/.test(address) && !address.includes("berth_sbx_")).map(() => "in a remote's address");
  const branch = (await git(workFolder, "symbolic-ref", "--quiet", "--short", "HEAD")).trim();
  return {
    branch: branch === "" ? null : branch.slice(0, 300),
    remotes: bounded(remotes.map((address) => address.replace(/:\/\/[^/@]+@/, "://")), 16),
    credentials: bounded([...new Set([...own, ...inAddress])], 16),
  };
}

/** Empty when git is not there or the folder is no repository. */
function git(workFolder: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile("git", ["-c", "safe.directory=*", "-C", workFolder, ...args], { timeout: GIT_MS }, (error, stdout) => resolve(error ? "" : stdout));
  });
}
