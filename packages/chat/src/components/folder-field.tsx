/** The folder a session works on, with what was found there. */
import { plural } from "../lib/format.ts";
import type { Folder } from "../lib/use-folder.ts";
import { Field } from "../ui/field.tsx";

export function FolderField({ folder }: { readonly folder: Folder }) {
  const { error } = folder;
  return (
    <Field label="Work on a folder of this machine (optional)" hint={hintOf(folder)} error={error ? [error.text, error.fix].filter(Boolean).join(" ") : undefined}>
      {(control) => (
        <input {...control} placeholder="/home/you/code/project" autoComplete="off" autoCapitalize="off" spellCheck={false} value={folder.path} onChange={(event) => folder.setPath(event.target.value)} />
      )}
    </Field>
  );
}

function hintOf({ path, info, checking }: Folder): string {
  if (path.trim() === "") return "Without one the agent starts in an empty workspace.";
  if (checking) return "Looking…";
  if (!info) return "";
  if (!info.isRepository) return "A folder without git. The agent works on a copy of it.";
  const branch = info.branch ? `on ${info.branch}` : "without a branch";
  const left = info.uncommitted > 0 ? ` ${plural(info.uncommitted, "uncommitted file")} stay${info.uncommitted === 1 ? "s" : ""} out of it.` : "";
  return `Git repository ${branch}. The agent works on a clone; your files are not touched.${left}`;
}
