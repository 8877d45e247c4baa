/** What is in a file, where that is text and not too much. */
import { useCallback } from "react";
import { bytes as size } from "../../lib/format.ts";
import { saveAs } from "../../lib/save-as.ts";
import type { SessionStore } from "../../lib/session-store.ts";
import { useLoad } from "../../lib/use-load.ts";
import { ErrorNotice } from "../../ui/notice.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { ActButton } from "../act-button.tsx";
import css from "./files-dialog.module.css";

/** More of it makes the page slow. */
const SHOWN_BYTES_MAX = 256 * 1024;

export function FileView({ store, path }: { readonly store: SessionStore; readonly path: string }) {
  const { data, error } = useLoad(useCallback(() => store.session.readFile(path), [store, path]));
  if (error) return <ErrorNotice error={error} />;
  if (data === undefined) {
    return (
      <p className={css.loading}>
        <Spinner /> Reading…
      </p>
    );
  }
  const text = data.length > SHOWN_BYTES_MAX ? null : textOf(data);
  return (
    <>
      {text === null ? (
        <p className={css.none}>{data.length > SHOWN_BYTES_MAX ? `It has ${size(data.length)}, too much to show.` : "It is no text."} Download it to look at it.</p>
      ) : (
        <pre className={css.text} tabIndex={0} aria-label={path}>
          {text === "" ? "The file is empty." : text}
        </pre>
      )}
      <div>
        <ActButton icon="down" act={async () => saveAs(path.slice(path.lastIndexOf("/") + 1), data)}>
          Download
        </ActButton>
      </div>
    </>
  );
}

function textOf(data: Uint8Array): string | null {
  try {
    return data.includes(0) ? null : new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return null;
  }
}
