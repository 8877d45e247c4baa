/** CODEBASE_MAP.md leads to places that exist, and leaves no room of the house out. */
import { has, listFiles, read } from "./files.ts";

const MAP = "CODEBASE_MAP.md";
const ROOMS = ["src", "packages", "routes", "test", "docs"] as const;
/** Their rooms are named one by one. */
const DEEPER = ["src/core", "src/app", "src/ports", "src/adapters", "src/db"] as const;

export function mapProblems(root: string): readonly string[] {
  const map = read(root, MAP);
  const named = [...map.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? "").filter(looksLikePath);
  const mentioned = new Set(named.map((path) => path.replace(/\/$/, "")));
  const isMentioned = (folder: string): boolean => [...mentioned].some((path) => path === folder || path.startsWith(`${folder}/`));
  return [
    ...[...mentioned].filter((path) => !has(root, path)).map((path) => `${MAP} leads to ${path}, which does not exist`),
    ...roomsOf(root).filter((folder) => !isMentioned(folder)).map((folder) => `${MAP} does not mention ${folder}/`),
  ];
}

function roomsOf(root: string): string[] {
  const rooms = new Set<string>();
  for (const path of listFiles(root, ROOMS, /./)) {
    const steps = path.split("/").slice(0, -1);
    for (const depth of [1, 2, 3]) {
      const folder = steps.slice(0, depth).join("/");
      if (steps.length >= depth && (depth < 3 || DEEPER.some((deep) => folder.startsWith(`${deep}/`)))) rooms.add(folder);
    }
  }
  return [...rooms].sort();
}

/** `src/core/session/`, `package.json`; not a command, an address of the API or a placeholder. */
function looksLikePath(code: string): boolean {
  return /^[.\w@][\w.@-]*(\/[\w.@-]+)*\/?$/.test(code) && (code.includes("/") || /\.(ts|mjs|json|jsonc|md|tsx|sql)$/.test(code));
}
