/** What a sandbox is kept in, a line for each kind of boundary; who said what opens below it. */
import type { PolicyFact, SandboxPolicy } from "@berth/sdk";
import { plural } from "../../lib/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Notice } from "../../ui/notice.tsx";
import css from "./policy-facts.module.css";

const NAMES: Readonly<Record<PolicyFact["name"], string>> = {
  isolation: "Isolation",
  egress: "Network",
  mounts: "Folders",
  capabilities: "Rights",
  secrets: "Readable secrets",
  tokenScopes: "The sandbox's token",
  branchPrefix: "Pushes",
  caps: "Spending caps",
};

type Verdict = PolicyFact["verdict"];

export function PolicyFacts({ policy: { facts, measuring, verdict } }: { readonly policy: SandboxPolicy }) {
  const kinds = Object.entries(Object.groupBy(facts, ({ name }) => name)) as [PolicyFact["name"], PolicyFact[]][];
  const kept = kinds.filter(([, of]) => verdictOf(of) === "match").length;
  return (
    <>
      {measuring ? <Notice tone="info">It is being measured now. Refresh in a few seconds.</Notice> : null}
      {verdict === "mismatch" ? <Notice tone="bad">The sandbox is not kept as declared.</Notice> : null}
      {facts.length === 0 && !measuring ? <p>Nothing was measured yet: there is no sandbox, or it is still starting.</p> : null}
      {facts.length > 0 && verdict !== "mismatch" ? (
        <p className={css.sum} role="status">
          {kept === kinds.length ? "Everything is kept as declared." : `${plural(kept, "boundary", "boundaries")} of ${kinds.length} are kept as declared; of the others not all can be measured here.`}
        </p>
      ) : null}
      <ul className={css.list}>
        {kinds.map(([name, of]) => (
          <li key={name}>
            <details open={verdictOf(of) === "mismatch"}>
              <summary className={css.head}>
                <Mark verdict={verdictOf(of)} />
                <span className={css.name}>{NAMES[name]}</span>
                <span className={css.short}>{shortly(of)}</span>
                <span className={css.chevron}>
                  <Icon name="chevron" size={14} />
                </span>
              </summary>
              {of.map((fact) => (
                <Fact key={fact.by} {...fact} />
              ))}
            </details>
          </li>
        ))}
      </ul>
    </>
  );
}

function Mark({ verdict }: { readonly verdict: Verdict }) {
  if (verdict === "mismatch") return <Badge tone="warn">mismatch</Badge>;
  return (
    <span className={verdict === "match" ? css.kept : css.unknown}>
      <Icon name={verdict === "match" ? "check" : "info"} size={16} />
      <span className="hidden-text">{verdict === "match" ? "As declared" : "Not all of it can be measured"}</span>
    </span>
  );
}

function Fact({ by, declared, measured, differences }: PolicyFact) {
  return (
    <dl className={css.fact}>
      <dt>Declared</dt>
      <dd>{declared}</dd>
      <dt>Measured by {by}</dt>
      <dd>{measured}</dd>
      {differences.length > 0 ? (
        <>
          <dt>Differs</dt>
          <dd className={css.differs}>{differences.join("; ")}</dd>
        </>
      ) : null}
    </dl>
  );
}

/** A difference that one of them saw counts; else that one of them could look. */
function verdictOf(facts: readonly PolicyFact[]): Verdict {
  const verdicts = facts.map(({ verdict }) => verdict);
  return (["mismatch", "match"] as const).find((verdict) => verdicts.includes(verdict)) ?? verdicts[0] ?? "match";
}

/** The first clause of what is declared. */
function shortly([first]: readonly PolicyFact[]): string {
  return first?.declared.split(/[;,]/)[0] ?? "";
}
