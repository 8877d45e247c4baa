/** Keeps a secret: its name, whose sessions it is for, its value, and how it reaches what needs it. */
import { useState, type FormEvent } from "react";
import type { Me } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { may } from "../../lib/rights.ts";
import { useAct } from "../../lib/use-act.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { FormError } from "../form-error.tsx";
import { SecretHosts, type HostDraft } from "./secret-hosts.tsx";
import { scopeOf, SecretScopeFields, type ScopeDraft } from "./secret-scope-fields.tsx";
import { SecretValue } from "./secret-value.tsx";
import css from "../form-card.module.css";

const READABLE = "It becomes an environment variable of the sandbox. The agent and every program it runs can read it, print it, and send it wherever the sandbox can reach. Leave it off where a host of the list above is all that needs it.";
const HIDDEN = "The value never enters the sandbox: Berth adds it to requests for the hosts above.";

export interface NewSecretProps {
  readonly me: Me;
  readonly onCancel: () => void;
  readonly onAdded: () => void;
}

export function NewSecret({ me, onCancel, onAdded }: NewSecretProps) {
  const berth = useBerth();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [scope, setScope] = useState<ScopeDraft>({ kind: may(me, "admin") ? "org" : "user", of: "" });
  const [hosts, setHosts] = useState<readonly HostDraft[]>([]);
  const [readable, setReadable] = useState(false);
  const { busy, error, run } = useAct();
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const done = await run(() =>
      berth.secrets.create({
        name,
        value,
        scope: scopeOf(scope),
        readableByAgent: readable,
        hosts: hosts.map(({ host, header, prefix }) => ({ host: host.trim(), header: header.trim(), ...(prefix === "" ? {} : { prefix }) })),
      }),
    );
    if (done) onAdded();
  };
  const fields = error?.fields ?? {};
  const shown = ["/name", "/value", "/scope", "/scope/repo", "/scope/environment", "/hosts", ...hosts.flatMap((_, at) => ["host", "header", "prefix"].map((key) => `/hosts/${at}/${key}`))];
  return (
    // The server says all that is wrong at once; the browser would say one thing after the other.
    <form className={css.card} aria-label="Add a secret" noValidate onSubmit={(event) => void add(event)}>
      <Field label="Name" hint="As programs ask for it: capital letters, digits and underscores." error={fields["/name"]}>
        {(control) => <input {...control} required autoFocus maxLength={64} placeholder="DEPLOY_TOKEN" autoComplete="off" spellCheck={false} value={name} onChange={(event) => setName(event.target.value.toUpperCase())} />}
      </Field>
      <SecretScopeFields me={me} draft={scope} error={fields["/scope/repo"] ?? fields["/scope/environment"] ?? fields["/scope"]} onChange={setScope} />
      <SecretValue label="Value" hint="Written once; it cannot be read back." value={value} error={fields["/value"]} onChange={setValue} />
      <SecretHosts hosts={hosts} fields={fields} onChange={setHosts} />
      <label className={css.check}>
        <input type="checkbox" checked={readable} onChange={(event) => setReadable(event.target.checked)} />
        <span>
          Readable by the agent
          <small>{readable ? READABLE : HIDDEN}</small>
        </span>
      </label>
      <FormError error={error} fields={shown} />
      <div className={css.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy}>
          Keep it
        </Button>
      </div>
    </form>
  );
}
