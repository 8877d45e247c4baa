/** A folder of this machine, looked at while its path is typed. */
import { useEffect, useState } from "react";
import type { InspectedFolder } from "@berth/sdk";
import { useBerth } from "./berth-context.tsx";
import { toMessage, type ErrorMessage } from "./error-message.ts";

const PAUSE_MS = 350;

export interface Folder {
  readonly path: string;
  readonly setPath: (path: string) => void;
  readonly info: InspectedFolder | null;
  readonly error: ErrorMessage | null;
  readonly checking: boolean;
  /** A session cannot start on it. */
  readonly blocks: boolean;
}

interface Seen {
  readonly path: string;
  readonly info: InspectedFolder | null;
  readonly error: ErrorMessage | null;
}

export function useFolder(): Folder {
  const berth = useBerth();
  const [path, setPath] = useState("");
  const [seen, setSeen] = useState<Seen>({ path: "", info: null, error: null });
  const wanted = path.trim();
  useEffect(() => {
    if (wanted === "") return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      berth.machine.inspectFolder(wanted, { signal: abort.signal }).then(
        (info) => setSeen({ path: wanted, info, error: null }),
        (error: unknown) => {
          if (!abort.signal.aborted) setSeen({ path: wanted, info: null, error: toMessage(error) });
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [berth, wanted]);

  const current = seen.path === wanted ? seen : { info: null, error: null };
  const checking = wanted !== "" && current.info === null && current.error === null;
  return { path, setPath, info: current.info, error: current.error, checking, blocks: wanted !== "" && current.info === null };
}
