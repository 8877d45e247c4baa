/** What is planted in a sandbox to be found there, and what is kept of people and must be found nowhere. */
import { randomBytes } from "node:crypto";
import { mask, type Needle, type Plan } from "../support/secret-search.ts";

/** Characters that each encoding spells in its own way. */
export const secretText = (name: string): string => `${name}/+=&${randomBytes(16).toString("base64")}`;
export const PROVIDER_KEY = secretText("sk-example");
export const CANARY_ENCODINGS = ["raw", "base64 +0", "hex", "URL"];
/** Where a canary is planted, and where it must then be found. */
export const CANARIES: Readonly<Record<string, { readonly plant: Plan["plant"][number]["place"] | "prompt"; readonly path?: string; readonly found: RegExp }>> = {
  "environment of a process": { plant: "environ", found: /^environ$/ },
  "command line of a process": { plant: "cmdline", found: /^cmdline$/ },
  "work folder": { plant: "file", path: "/workspace/canary.txt", found: /^file \/workspace\/canary\.txt$/ },
  home: { plant: "file", path: "/home/agent/.canary", found: /^file \/home\/agent\/\.canary$/ },
  "temporary folder": { plant: "file", path: "/tmp/deep/er/canary", found: /^file \/tmp\/deep\/er\/canary$/ },
  "runtime folder": { plant: "file", path: "/run/berth/canary", found: /^file \/run\/berth\/canary$/ },
  "OpenCode's configuration": { plant: "file", path: "/home/agent/.config/opencode/canary.json", found: /^file .*\/\.config\/opencode\/canary\.json$/ },
  "OpenCode's logs": { plant: "file", path: "/home/agent/.local/share/opencode/log/canary.log", found: /^file .*\/opencode\/log\/canary\.log$/ },
  "git's configuration": { plant: "file", path: "/home/agent/.config/git/canary", found: /^file \/home\/agent\/\.config\/git\/canary$/ },
  "the repository's git folder": { plant: "file", path: "/workspace/.git/canary", found: /^file \/workspace\/\.git\/canary$/ },
  "the runtime's own folder": { plant: "file", path: "/home/agent/.berth-runtime/canary", found: /^file .*\/\.berth-runtime\/canary$/ },
  "target of a link": { plant: "link", path: "/workspace/canary-link", found: /^link \/workspace\/canary-link$/ },
  "open file without a name": { plant: "fd", path: "/tmp/canary-open", found: /^open file$/ },
  "OpenCode's database": { plant: "prompt", found: /^database .*\/opencode\/.*\.db$/ },
};
/** Only seen while its process lives. */
export const OF_PROCESSES = /process$|^open file/;
export const NOT_ENTERED = ["/proc", "/sys", "/dev", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix"];

export const GIT_PASSWORD = secretText("git-example");
/** Kept by people and by the operator; nothing of it belongs into a sandbox or a log. */
export const KEPT = { "broker's secret": secretText("broker"), "mail password": secretText("smtp"), "sign-in client secret": secretText("oauth"), "a person's password": secretText("password") };
/** Another organization's: the secret is in the environment of its own sandbox. */
export const THEIRS = { "another organization's prompt": secretText("org-prompt"), "another organization's file": secretText("org-file"), "another organization's secret": secretText("org-secret") };
export const OTHERS = { "another session's prompt": secretText("their-prompt"), "another session's file": secretText("their-file") };
export const canaries: Needle[] = Object.keys(CANARIES).map((name) => ({ name, masked: mask(secretText("canary")) }));

/** What others said in their sessions and wrote there, which their sessions keep. */
export function isSaid(name: string): boolean {
  return name in OTHERS || name === "another organization's prompt" || name === "another organization's file";
}
