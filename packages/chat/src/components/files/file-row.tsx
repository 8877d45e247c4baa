/** One thing in a folder: a folder to go into, or a file to look at and to take away. */
import type { FileEntry } from "@berth/sdk";
import { ago, bytes } from "../../lib/format.ts";
import { saveAs } from "../../lib/save-as.ts";
import type { SessionStore } from "../../lib/session-store.ts";
import { useNow } from "../../lib/use-now.ts";
import { Icon } from "../../ui/icon.tsx";
import { ActButton } from "../act-button.tsx";
import css from "./files-dialog.module.css";

export interface FileRowProps {
  readonly store: SessionStore;
  readonly folder: string;
  readonly entry: FileEntry;
  readonly onFolder: (path: string) => void;
  readonly onFile: (path: string) => void;
}

export function FileRow({ store, folder, entry, onFolder, onFile }: FileRowProps) {
  const { name, kind, size, modifiedAt } = entry;
  const path = folder === "" ? name : `${folder}/${name}`;
  const now = useNow(60_000);
  const isFile = kind === "file";
  return (
    <li>
      <button type="button" className={css.open} disabled={kind === "other"} onClick={() => (kind === "folder" ? onFolder(path) : onFile(path))}>
        <Icon name={kind === "folder" ? "folder" : "file"} size={16} />
        <span className={css.name}>{name}</span>
        <span className={css.facts}>
          {kind === "link" ? "link · " : size === undefined ? "" : `${bytes(size)} · `}
          {ago(modifiedAt, now)}
        </span>
      </button>
      {isFile ? (
        <ActButton icon="down" title={`Download ${name}`} act={async () => saveAs(name, await store.session.readFile(path))}>
          <span className={css.word}>Download</span>
          <span className="hidden-text">{` ${name}`}</span>
        </ActButton>
      ) : null}
    </li>
  );
}
