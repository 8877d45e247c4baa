/**
 * How git in the sandbox reaches the session's repository: by its true address, which git rewrites to the broker's, and
 * with the sandbox's token, which git asks a helper for. Neither a remote nor a configuration, an environment or a command
 * line holds the token, and what is written here is of this epoch only, so a restored work folder needs no change.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brokerPathOf, repositoryNameOf } from "../../../../src/core/git/repository-name.ts";
import { controlPlaneUrl } from "../control-plane.ts";

export interface GitAccess {
  readonly home: string;
  /** Of the runtime, over all epochs. */
  readonly runtimeFolder: string;
  /** Of this epoch, for its token. */
  readonly stateFolder: string;
  /** `ws://` or `wss://` address of the link; the broker is beside it. */
  readonly linkUrl: string;
  readonly token: string;
  readonly repositoryUrl: string;
}

/** @throws Error when the address names no repository */
export function giveGitAccess({ home, runtimeFolder, stateFolder, linkUrl, token, repositoryUrl }: GitAccess): void {
  const name = repositoryNameOf(repositoryUrl);
  if (name === null) throw new Error(`${repositoryUrl} is no address of a repository.`);
  const { origin } = controlPlaneUrl(linkUrl, "/");
  const credential = join(stateFolder, "git-credential");
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(credential, `username=berth\npassword=${token}\n`, { mode: 0o600 });

  const config = join(runtimeFolder, "gitconfig");
  const sections = [
    // The empty one forgets the helpers that were named before.
    [`credential ${quoted(origin)}`, "helper =", `helper = ${quoted(`!f() { test "$1" = get && cat ${shellQuoted(credential)}; }; f`)}`],
    [`url ${quoted(origin + brokerPathOf(name))}`, ...spellings(repositoryUrl).map((url) => `insteadOf = ${quoted(url)}`)],
    ["push", "default = current"],
  ];
  writeFileSync(config, sections.map(([title, ...lines]) => [`[${title}]`, ...lines.map((line) => `\t${line}`), ""].join("\n")).join(""), { mode: 0o600 });
  include(join(home, ".gitconfig"), config);
}

/** With git's own suffix it is the same repository. */
function spellings(url: string): readonly string[] {
  return url.endsWith(".git") ? [url] : [`${url}.git`, url];
}

/** First in the file, so that what the agent sets there itself wins. */
function include(file: string, config: string): void {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const line = `path = ${quoted(config)}`;
  if (!before.includes(line)) writeFileSync(file, `[include]\n\t${line}\n${before}`);
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
