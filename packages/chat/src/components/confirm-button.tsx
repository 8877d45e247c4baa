/** Removes something after a second press, in place. */
import { useState } from "react";
import { Button, IconButton } from "../ui/button.tsx";
import css from "./rows.module.css";

export interface ConfirmButtonProps {
  readonly label: string;
  /** What the second press says. */
  readonly confirm: string;
  readonly onConfirm: () => Promise<void>;
}

export function ConfirmButton({ label, confirm, onConfirm }: ConfirmButtonProps) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  if (!asking) return <IconButton icon="trash" label={label} onClick={() => setAsking(true)} />;
  const act = async (): Promise<void> => {
    setBusy(true);
    await onConfirm();
    setBusy(false);
    setAsking(false);
  };
  return (
    <span className={css.actions}>
      <Button size="s" kind="quiet" onClick={() => setAsking(false)}>
        Keep
      </Button>
      <Button size="s" kind="danger" autoFocus busy={busy} onClick={() => void act()}>
        {confirm}
      </Button>
    </span>
  );
}
