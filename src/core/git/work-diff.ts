/** What a session changed, as git tells it. Pure: the commands to ask with, and what their answer means. */
import type { ChangedFile, WorkDiff } from "@berth/protocol";

/** Between the list of files, whose names each end with one of these, and the patch. */
const BREAK = "\0\0\0";

/** A command that is ended from outside leaves behind what it wrote. */
const ADD_SECONDS = 15;
/** What the script ends with when that was not enough. */
export const TOOK_TOO_LONG = 124;

/**
 * For `sh -c`, in the work folder; its first argument is the commit the work began from, or empty. The index and the objects of
 * what is compared lie in a folder of their own, so the repository stays as the agent has it. Files that git ignores are left out.
 * Without a repository, or with one that began empty, all that is there is new.
 */
export const DIFF_SCRIPT = String.raw`
set -eu
tmp=$(printenv TMPDIR || echo /tmp)
find "$tmp" -maxdepth 1 -name 'berth-diff.*' -mmin +1 -exec rm -rf {} + 2>/dev/null || true
own=$(mktemp -d "$tmp/berth-diff.XXXXXX")
trap 'rm -rf "$own"' EXIT
base=$1
here=$(pwd -P)
if [ -n "$base" ] && [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$here" ] && git cat-file -e "$base^{commit}" 2>/dev/null; then
  index=$(git rev-parse --path-format=absolute --git-path index)
  objects=$(git rev-parse --path-format=absolute --git-path objects)
  if [ -f "$index" ]; then cp "$index" "$own/index"; fi
  mkdir "$own/objects"
  export GIT_OBJECT_DIRECTORY="$own/objects" GIT_ALTERNATE_OBJECT_DIRECTORIES="$objects"
else
  git init --quiet --bare "$own/repository"
  export GIT_DIR="$own/repository" GIT_WORK_TREE="$here"
  base=$(git hash-object -t tree -w --stdin </dev/null)
fi
export GIT_INDEX_FILE="$own/index"
limit=
if command -v timeout >/dev/null; then limit="timeout ${ADD_SECONDS}"; fi
# 1: something in it may not be read, and is left out.
$limit git add --all --ignore-errors >/dev/null 2>&1 || { code=$?; if [ "$code" -ne 1 ]; then exit "$code"; fi; }
show() { git -c core.quotePath=false diff --cached --no-color --no-ext-diff --no-textconv --find-renames --submodule=short --src-prefix=a/ --dst-prefix=b/ "$@" "$base" --; }
show --raw --numstat --abbrev=8 -z
printf '\0\0\0'
show --patch
`;

const STATUSES: Readonly<Record<string, ChangedFile["status"]>> = { A: "added", D: "deleted", R: "renamed" };

/** @param output of the script; @param truncated its end is missing. Null where it is none of the script's. */
export function readDiff(output: string, truncated: boolean): WorkDiff | null {
  const at = output.indexOf(BREAK);
  if (at < 0) return truncated ? { files: filesOf(output.split("\0").slice(0, -1)), patch: "", truncated } : null;
  const patch = output.slice(at).replace(/^\0+/, "");
  return { files: filesOf(output.slice(0, at).split("\0")), patch: truncated ? wholeLines(patch) : patch, truncated };
}

/** `:modes ids R100`, a name or two; then for each `added removed name`, or with two names after an empty one. */
function filesOf(fields: readonly string[]): ChangedFile[] {
  const statuses = new Map<string, Pick<ChangedFile, "status" | "from">>();
  const files: ChangedFile[] = [];
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] ?? "";
    if (field.startsWith(":")) {
      const letter = field.split(" ").at(-1)?.charAt(0) ?? "";
      const first = fields[++at] ?? "";
      if (letter === "R") statuses.set(fields[++at] ?? "", { status: "renamed", from: first });
      else statuses.set(first, { status: STATUSES[letter] ?? "modified" });
      continue;
    }
    const [added, removed, name] = field.split("\t");
    if (added === undefined || removed === undefined || name === undefined) continue;
    if (name === "") at += 2;
    const path = name === "" ? (fields[at] ?? "") : name;
    const isBinary = added === "-";
    files.push({ path, status: "modified", ...statuses.get(path), added: isBinary ? null : Number(added), removed: isBinary ? null : Number(removed) });
  }
  return files;
}

function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}
