/** The session's work folder, folder by folder: what is in it, to look at, to take away and to add to. */
import { useCallback, useRef, useState } from "react";
import type { FolderListing, SessionStatus } from "@berth/sdk";
import { toMessage, type ErrorMessage } from "../../lib/error-message.ts";
import type { SessionStore } from "../../lib/session-store.ts";
import { isAwake } from "../../lib/shown-status.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { InsideError } from "../inside-error.tsx";
import { SandboxAway } from "../sandbox-away.tsx";
import { FileRow } from "./file-row.tsx";
import { FileView } from "./file-view.tsx";
import { FolderPath } from "./folder-path.tsx";
import css from "./files-dialog.module.css";

export interface FilesDialogProps {
  readonly store: SessionStore;
  readonly status: SessionStatus;
  readonly onClose: () => void;
}

export function FilesDialog({ store, status, onClose }: FilesDialogProps) {
  return (
    <Dialog title="Files" wide onClose={onClose}>
      {isAwake(status) ? <WorkFiles store={store} status={status} /> : <SandboxAway store={store} status={status} />}
    </Dialog>
  );
}

function WorkFiles({ store, status }: Omit<FilesDialogProps, "onClose">) {
  const [folder, setFolder] = useState("");
  const [file, setFile] = useState<string | null>(null);
  const { data, error, reload } = useLoad(useCallback(() => store.session.files(folder), [store, folder]), `${status} ${folder}`);
  const upload = useUpload(store, folder, reload);
  const isThere = data?.path === folder;
  const open = (path: string): void => {
    setFile(null);
    setFolder(path);
  };
  return (
    <>
      <FolderPath path={file ?? folder} onOpen={open} />
      {file === null ? (
        <div
          className={css.drop}
          data-over={upload.isOver}
          onDragOver={(event) => {
            event.preventDefault();
            upload.setOver(true);
          }}
          onDragLeave={() => upload.setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            upload.setOver(false);
            void upload.send([...event.dataTransfer.files]);
          }}
        >
          {error ? <InsideError store={store} error={error} /> : null}
          {upload.error ? <ErrorNotice error={upload.error} /> : null}
          {!error && !isThere ? (
            <p className={css.loading}>
              <Spinner /> Looking…
            </p>
          ) : null}
          {!error && isThere ? <Entries store={store} listing={data} onFolder={open} onFile={setFile} /> : null}
        </div>
      ) : (
        <FileView store={store} path={file} />
      )}
      <div className={css.actions}>
        {upload.sending > 0 ? <span role="status">Uploading…</span> : null}
        <Button size="s" icon="retry" onClick={() => void reload()}>
          Look again
        </Button>
        {file === null && !error ? <UploadButton busy={upload.sending > 0} onFiles={(files) => void upload.send(files)} /> : null}
      </div>
    </>
  );
}

interface EntriesProps {
  readonly store: SessionStore;
  readonly listing: FolderListing;
  readonly onFolder: (path: string) => void;
  readonly onFile: (path: string) => void;
}

function Entries({ store, listing: { path, entries, truncated }, onFolder, onFile }: EntriesProps) {
  if (entries.length === 0) return <p className={css.none}>Nothing is in this folder. Drop files here to upload them.</p>;
  return (
    <>
      <ul className={css.list} aria-label={path === "" ? "Work folder" : path}>
        {entries.map((entry) => (
          <FileRow key={entry.name} store={store} folder={path} entry={entry} onFolder={onFolder} onFile={onFile} />
        ))}
      </ul>
      {truncated ? <Notice tone="warn">There is more in this folder than is listed here.</Notice> : null}
    </>
  );
}

function UploadButton({ busy, onFiles }: { readonly busy: boolean; readonly onFiles: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="upload"
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          target.value = "";
        }}
      />
      <Button kind="primary" size="s" icon="up" busy={busy} onClick={() => input.current?.click()}>
        Upload…
      </Button>
    </>
  );
}

function useUpload({ session }: SessionStore, folder: string, reload: () => Promise<void>) {
  const [sending, setSending] = useState(0);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const [isOver, setOver] = useState(false);
  const send = async (files: readonly File[]): Promise<void> => {
    setSending((count) => count + 1);
    setError(null);
    try {
      for (const file of files) await session.writeFile(folder === "" ? file.name : `${folder}/${file.name}`, file);
    } catch (failure) {
      setError(toMessage(failure));
    }
    setSending((count) => count - 1);
    await reload();
  };
  return { sending, error, isOver, setOver, send };
}
