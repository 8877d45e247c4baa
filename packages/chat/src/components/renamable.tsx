/** A name that can be changed where it stands. */
import { useState } from "react";
import { IconButton } from "../ui/button.tsx";
import { RenameForm } from "./rename-form.tsx";
import form from "./form-card.module.css";
import css from "./renamable.module.css";

export interface RenamableProps {
  /** What is renamed, for who hears the button. */
  readonly what: string;
  readonly name: string;
  /** Said behind the name. */
  readonly note?: string;
  /** Absent for who may not. */
  readonly rename: ((name: string) => Promise<unknown>) | undefined;
}

export function Renamable({ what, name, note, rename }: RenamableProps) {
  const [renaming, setRenaming] = useState(false);
  if (renaming && rename) return <RenameForm className={form.card} name={name} rename={rename} onDone={() => setRenaming(false)} />;
  return (
    <span className={css.line}>
      <span>
        {name}
        {note ? ` ${note}` : null}
      </span>
      {rename ? <IconButton icon="pencil" size={15} label={`Rename ${what}`} onClick={() => setRenaming(true)} /> : null}
    </span>
  );
}
