/** What is served in the session's sandbox: which ports there are, and a tab for one of them. */
import { useCallback, useState, type FormEvent } from "react";
import type { ListeningPorts, SessionStatus } from "@berth/sdk";
import { toMessage, type ErrorMessage } from "../../lib/error-message.ts";
import { openPreview } from "../../lib/open-preview.ts";
import type { SessionStore } from "../../lib/session-store.ts";
import { isAwake } from "../../lib/shown-status.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { InsideError } from "../inside-error.tsx";
import { SandboxAway } from "../sandbox-away.tsx";
import css from "./preview-dialog.module.css";

export interface PreviewDialogProps {
  readonly store: SessionStore;
  readonly status: SessionStatus;
  readonly onClose: () => void;
}

export function PreviewDialog({ store, status, onClose }: PreviewDialogProps) {
  return (
    <Dialog title="Preview" onClose={onClose}>
      {isAwake(status) ? <Ports store={store} status={status} /> : <SandboxAway store={store} status={status} />}
    </Dialog>
  );
}

function Ports({ store, status }: Omit<PreviewDialogProps, "onClose">) {
  const { session } = store;
  const { data, error, reload } = useLoad(useCallback(() => session.portList(), [session]), status);
  const [failure, setFailure] = useState<ErrorMessage | null>(null);
  const [opening, setOpening] = useState<number | null>(null);
  const open = async (port: number): Promise<void> => {
    setOpening(port);
    setFailure(null);
    await openPreview(session, port).catch((refused: unknown) => setFailure(toMessage(refused)));
    setOpening(null);
  };
  return (
    <>
      <p className={css.lead}>What a program serves in the sandbox opens in a tab of its own. Only who may work in this session gets in.</p>
      {failure ? <ErrorNotice error={failure} /> : null}
      {error ? <InsideError store={store} error={error} /> : null}
      {!error && !data ? (
        <p className={css.looking}>
          <Spinner /> Looking for what listens…
        </p>
      ) : null}
      {data ? <Listening listed={data} opening={opening} onOpen={(port) => void open(port)} /> : null}
      <OtherPort busy={opening !== null} onOpen={(port) => void open(port)} onReload={() => void reload()} />
    </>
  );
}

interface ListeningProps {
  readonly listed: ListeningPorts;
  readonly opening: number | null;
  readonly onOpen: (port: number) => void;
}

function Listening({ listed: { ports, expected = [] }, opening, onOpen }: ListeningProps) {
  if (ports.length + expected.length === 0) return <p className={css.none}>Nothing listens in the sandbox yet. Ask the agent to start the server, or start it in the terminal.</p>;
  return (
    <>
      <PortButtons label="Ports that listen" ports={ports.map(({ port, name, program }) => ({ port, words: name === undefined ? program : `${name} · ${program}` }))} opening={opening} onOpen={onOpen} />
      <PortButtons label="Ports where nothing listens yet" ports={expected.map(({ port, name }) => ({ port, words: `${name} · not started` }))} opening={opening} onOpen={onOpen} />
    </>
  );
}

interface PortButtonsProps extends Omit<ListeningProps, "listed"> {
  readonly label: string;
  readonly ports: readonly { readonly port: number; readonly words: string }[];
}

function PortButtons({ label, ports, opening, onOpen }: PortButtonsProps) {
  if (ports.length === 0) return null;
  return (
    <ul className={css.list} aria-label={label}>
      {ports.map(({ port, words }) => (
        <li key={port}>
          <button type="button" className={css.port} disabled={opening !== null} onClick={() => onOpen(port)}>
            <Icon name="globe" size={17} />
            <span className={css.number}>{port}</span>
            <span className={css.program}>{words}</span>
            {opening === port ? <Spinner /> : <span className={css.open}>Open</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface OtherPortProps {
  readonly busy: boolean;
  readonly onOpen: (port: number) => void;
  readonly onReload: () => void;
}

function OtherPort({ busy, onOpen, onReload }: OtherPortProps) {
  const [text, setText] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onOpen(Number(text));
  };
  return (
    <form className={css.other} aria-label="Another port" onSubmit={submit}>
      <Field label="Another port">
        {(control) => <input {...control} required type="number" inputMode="numeric" min={1} max={65_535} placeholder="3000" value={text} onChange={({ target }) => setText(target.value)} />}
      </Field>
      <Button type="submit" disabled={busy || text === ""}>
        Open
      </Button>
      <Button kind="quiet" icon="retry" onClick={onReload}>
        Look again
      </Button>
    </form>
  );
}
