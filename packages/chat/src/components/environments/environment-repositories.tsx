/** The repositories whose sessions an environment is for; none: any session. */
import type { Repository } from "@berth/sdk";
import form from "../form-card.module.css";
import field from "../../ui/field.module.css";
import css from "./environment-form.module.css";

export interface EnvironmentRepositoriesProps {
  readonly repositories: readonly Repository[];
  /** Ids; one of a repository that was removed may be among them. */
  readonly chosen: readonly string[];
  /** What was refused, by pointer. */
  readonly fields: Readonly<Record<string, string>>;
  readonly onChange: (chosen: readonly string[]) => void;
}

export function EnvironmentRepositories({ repositories, chosen, fields, onChange }: EnvironmentRepositoriesProps) {
  const gone = chosen.filter((id) => !repositories.some((repository) => repository.id === id));
  const choices = [...repositories.map(({ id, name }) => ({ id, name })), ...gone.map((id) => ({ id, name: "A repository that was removed" }))];
  const refused = chosen.map((_, at) => fields[`/repositories/${at}`]).find((message) => message !== undefined);
  const toggle = (id: string): void => onChange(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  return (
    <fieldset className={css.group} aria-invalid={refused ? true : undefined}>
      <legend>For sessions on</legend>
      {choices.length === 0 ? null : (
        <div className={css.choices}>
          {choices.map(({ id, name }) => (
            <label key={id} className={form.check}>
              <input type="checkbox" checked={chosen.includes(id)} onChange={() => toggle(id)} />
              <code>{name}</code>
            </label>
          ))}
        </div>
      )}
      {refused ? <p className={field.error}>{refused}</p> : <p className={field.hint}>{hintOf(choices.length, chosen.length)}</p>}
    </fieldset>
  );
}

function hintOf(choices: number, chosen: number): string {
  if (choices === 0) return "Any session: the organization has no repository yet.";
  return chosen === 0 ? "None is ticked: it can be chosen for any session." : "A session on one of these is in it by itself, where it is the only environment for that repository.";
}
