/** Sets a cap, or another limit for one that is there. */
import { useState, type FormEvent } from "react";
import type { BudgetUnit } from "@berth/protocol";
import { useBerth } from "../../lib/berth-context.tsx";
import { CAP_TARGETS, CAP_UNITS, capLimit, capTarget } from "../../lib/cap-words.ts";
import { useAct } from "../../lib/use-act.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { FormError } from "../form-error.tsx";
import { CapSubject } from "./cap-subject.tsx";
import css from "../form-card.module.css";

const FIELDS = ["/limit", "/unit", "/scope", "/subject"];

export function NewCap({ onCancel, onSet }: { readonly onCancel: () => void; readonly onSet: () => void }) {
  const berth = useBerth();
  const [target, setTarget] = useState(capTarget("org"));
  const [subject, setSubject] = useState("");
  const [unit, setUnit] = useState<BudgetUnit>("cost");
  const [text, setText] = useState("");
  const { busy, error, run } = useAct();
  const chosen = CAP_UNITS.find((known) => known.unit === unit);
  const limit = capLimit(unit, text);
  // One session is one session.
  const units = CAP_UNITS.filter((known) => target.scope !== "session" || known.unit !== "sessions");
  const choose = (id: string): void => {
    const next = capTarget(id);
    setTarget(next);
    setSubject("");
    if (next.scope === "session" && unit === "sessions") setUnit("cost");
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (limit === null) return;
    void run(async () => {
      await berth.budgets.set({ scope: target.scope, ...(target.one ? { subject } : {}), unit, limit });
      onSet();
    });
  };
  return (
    <form className={css.card} aria-label="Set a cap" onSubmit={submit}>
      <Field label="For" error={error?.fields["/scope"]}>
        {(control) => (
          <select {...control} value={target.id} onChange={(event) => choose(event.target.value)}>
            {CAP_TARGETS.map((known) => (
              <option key={known.id} value={known.id}>
                {known.label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {target.one ? <CapSubject key={target.one} one={target.one} value={subject} error={error?.fields["/subject"]} onChange={setSubject} /> : null}
      <Field label="Of what" error={error?.fields["/unit"]}>
        {(control) => (
          <select {...control} value={unit} onChange={(event) => setUnit(event.target.value as BudgetUnit)}>
            {units.map((known) => (
              <option key={known.unit} value={known.unit}>
                {known.label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={`At most, in ${chosen?.of ?? unit}`} hint="Months are counted in UTC. Raising it lets what waits go on by itself." error={error?.fields["/limit"]}>
        {(control) => <input {...control} required autoFocus type="number" min="0" step={chosen?.step ?? "1"} value={text} onChange={(event) => setText(event.target.value)} />}
      </Field>
      <FormError error={error} fields={FIELDS} />
      <div className={css.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={limit === null || (target.one !== undefined && subject === "")}>
          Set
        </Button>
      </div>
    </form>
  );
}
