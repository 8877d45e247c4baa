/** Adds an environment, or changes one. */
import { useState, type FormEvent } from "react";
import type { DetectedEnvironment, Environment, Repository } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { portDraftsOf, portsOf, portsTwice, withPorts, type PortDraft } from "../../lib/environment-ports.ts";
import { resourcesDraftOf, resourcesOf } from "../../lib/environment-resources.ts";
import { draftsOf, namedTwice, variablesOf, withNames, type VariableDraft } from "../../lib/environment-words.ts";
import { useAct } from "../../lib/use-act.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { FormError } from "../form-error.tsx";
import { EnvironmentPorts } from "./environment-ports.tsx";
import { EnvironmentProposal } from "./environment-proposal.tsx";
import { EnvironmentRepositories } from "./environment-repositories.tsx";
import { EnvironmentResources } from "./environment-resources.tsx";
import { EnvironmentVariables } from "./environment-variables.tsx";
import form from "../form-card.module.css";
import css from "./environment-form.module.css";

const SCRIPT_HINT = "Run by bash in the work folder of a fresh sandbox, before the first message. It ends at its first failing line; the session goes on then, with a warning.";

export interface EnvironmentFormProps {
  /** Absent: a new one. */
  readonly known?: Environment;
  readonly repositories: readonly Repository[];
  readonly onCancel: () => void;
  readonly onSaved: () => void;
}

export function EnvironmentForm({ known, repositories, onCancel, onSaved }: EnvironmentFormProps) {
  const berth = useBerth();
  const [name, setName] = useState(known?.name ?? "");
  const [chosen, setChosen] = useState<readonly string[]>(known?.repositories ?? []);
  const [variables, setVariables] = useState<readonly VariableDraft[]>(draftsOf(known?.variables ?? {}));
  const [setupScript, setSetupScript] = useState(known?.setupScript ?? "");
  const [ports, setPorts] = useState<readonly PortDraft[]>(portDraftsOf(known?.ports ?? []));
  const [resources, setResources] = useState(resourcesDraftOf(known?.resources ?? {}));
  const { busy, error, run } = useAct();
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const input = { name, repositories: [...chosen], variables: variablesOf(variables), setupScript, ports: portsOf(ports), resources: resourcesOf(resources) };
    if (await run(() => (known ? berth.environments.update(known.id, input) : berth.environments.create(input)))) onSaved();
  };
  const [only] = repositories.filter(({ id }) => chosen.includes(id));
  // What a person wrote stays.
  const propose = (found: DetectedEnvironment): void => {
    if (setupScript.trim() === "") setSetupScript(found.setupScript);
    if (name.trim() === "") setName(found.repository.name.split("/").at(-1)?.slice(0, 64) ?? "");
    setVariables(withNames(variables, found.variables));
    setPorts(withPorts(ports, found.ports));
  };
  const fields = error?.fields ?? {};
  const shown = ["/name", "/setupScript", "/variables", ...chosen.map((_, at) => `/repositories/${at}`), ...variables.map((each) => `/variables/${each.name}`), "/resources/memoryMb", "/resources/cpus", "/ports", ...ports.flatMap((_, at) => [`/ports/${at}/port`, `/ports/${at}/name`])];
  return (
    <form className={known ? css.plain : form.card} aria-label={known ? `Change ${known.name}` : "Add an environment"} onSubmit={(event) => void save(event)}>
      <Field label="Name" error={fields["/name"]}>
        {(control) => <input {...control} required autoFocus maxLength={64} placeholder="Web tests" autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <EnvironmentRepositories repositories={repositories} chosen={chosen} fields={fields} onChange={setChosen} />
      {only ? <EnvironmentProposal key={only.id} repository={only} onFound={propose} /> : null}
      <EnvironmentVariables variables={variables} fields={fields} onChange={setVariables} />
      <Field label="Setup script" hint={SCRIPT_HINT} error={fields["/setupScript"]}>
        {(control) => (
          <textarea {...control} className={`${control.className} ${css.script}`} rows={6} maxLength={32_768} placeholder={"npm ci\nnpm run build"} autoComplete="off" autoCapitalize="off" spellCheck={false} value={setupScript} onChange={(event) => setSetupScript(event.target.value)} />
        )}
      </Field>
      <EnvironmentPorts ports={ports} fields={fields} onChange={setPorts} />
      <EnvironmentResources resources={resources} fields={fields} onChange={setResources} />
      <FormError error={error} fields={shown} />
      <div className={form.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={name.trim() === "" || namedTwice(variables).size > 0 || portsTwice(ports).size > 0}>
          {known ? "Save" : "Add it"}
        </Button>
      </div>
    </form>
  );
}
