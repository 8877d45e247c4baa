/** Adds a repository: its branches are listed with the credential before anything is kept. */
import { useState, type FormEvent } from "react";
import { useBerth } from "../../lib/berth-context.tsx";
import { useAct } from "../../lib/use-act.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { FormError } from "../form-error.tsx";
import css from "../form-card.module.css";

const SHOWN = ["/url", "/credential", "/credential/username", "/credential/password"];

export interface AddRepositoryProps {
  readonly onCancel: () => void;
  readonly onAdded: () => void;
}

export function AddRepository({ onCancel, onAdded }: AddRepositoryProps) {
  const berth = useBerth();
  const [url, setUrl] = useState("");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const { busy, error, run } = useAct();
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const credential = password === "" ? {} : { credential: { password, ...(username.trim() === "" ? {} : { username: username.trim() }) } };
    if (await run(() => berth.repos.create({ url: url.trim(), ...credential }))) onAdded();
  };
  const fields = error?.fields ?? {};
  return (
    // The server says all that is wrong at once; the browser would say one thing after the other.
    <form className={css.card} aria-label="Add a repository" noValidate onSubmit={(event) => void add(event)}>
      <Field label="Address to clone from" error={fields["/url"]}>
        {(control) => <input {...control} type="url" required autoFocus maxLength={2048} placeholder="https://github.com/acme/app.git" autoComplete="off" spellCheck={false} value={url} onChange={(event) => setUrl(event.target.value)} />}
      </Field>
      <Field label="Access token or password" hint="Leave it empty for a repository that anyone may read. Written once; it cannot be read back." error={fields["/credential"] ?? fields["/credential/password"]}>
        {(control) => <input {...control} type="password" maxLength={4096} autoComplete="off" spellCheck={false} value={password} onChange={(event) => setPassword(event.target.value)} />}
      </Field>
      <Field label="User name (optional)" hint="A token mostly needs none." error={fields["/credential/username"]}>
        {(control) => <input {...control} maxLength={255} autoComplete="off" spellCheck={false} value={username} onChange={(event) => setUsername(event.target.value)} />}
      </Field>
      <FormError error={error} fields={SHOWN} />
      <div className={css.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={url.trim() === ""}>
          {busy ? "Asking its host…" : "Test and add"}
        </Button>
      </div>
    </form>
  );
}
