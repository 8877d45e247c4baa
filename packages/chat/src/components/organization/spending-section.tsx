/** Caps with what is used of them, and the one stop for everything. */
import { useCallback, useState } from "react";
import type { Budget } from "@berth/protocol";
import { useAccount } from "../../lib/account-context.tsx";
import { useBerth } from "../../lib/berth-context.tsx";
import { capAmount } from "../../lib/cap-words.ts";
import { may } from "../../lib/rights.ts";
import { useAct } from "../../lib/use-act.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { ActButton } from "../act-button.tsx";
import { ConfirmButton } from "../confirm-button.tsx";
import { LoadList } from "../load-list.tsx";
import { readCaps } from "./read-caps.ts";
import { NewCap } from "./new-cap.tsx";
import { Section } from "../section.tsx";
import rows from "../rows.module.css";
import css from "./spending-section.module.css";

const FULL_FROM = 0.9;

const ABOUT = "A session that reaches a cap waits, says so, and goes on by itself when there is room again.";

export function SpendingSection() {
  const { me } = useAccount();
  if (may(me, "admin")) return <Caps />;
  return (
    <Section title="Spending" about={ABOUT}>
      <p className={rows.empty}>Owners and admins of the organization see its caps and set them.</p>
    </Section>
  );
}

function Caps() {
  const berth = useBerth();
  const caps = useLoad(useCallback(() => readCaps(berth), [berth]));
  const stop = useLoad(useCallback(() => berth.budgets.stopped(), [berth]));
  const { error, run } = useAct();
  const [adding, setAdding] = useState(false);
  const toggle = async (work: () => Promise<unknown>): Promise<void> => {
    await work();
    await stop.reload();
  };
  const stopped = stop.data?.stopped ?? null;
  return (
    <Section title="Spending" about={ABOUT}>
      <div className={rows.rows}>
        {stopped ? (
          <Notice tone="warn" action={<ActButton kind="primary" act={() => toggle(() => berth.budgets.resume())}>Go on</ActButton>}>
            Everything is stopped since {new Date(stopped.at).toLocaleString()}: no session calls a model, and no sandbox is started.
          </Notice>
        ) : null}
        <LoadList
          label="Caps"
          loaded={caps}
          empty="No caps: sessions spend as much as they need."
          renderRow={({ cap, title }) => (
            <li key={cap.id}>
              <div className={rows.text}>
                <strong title={title}>{title}</strong>
                <Used cap={cap} />
              </div>
              <ConfirmButton label={`Remove the cap ${title}`} confirm="Remove" onConfirm={async () => void ((await run(() => berth.budgets.lift(cap.id))) && (await caps.reload()))} />
            </li>
          )}
        />
        {error ? <ErrorNotice error={error} /> : null}
        {stop.error ? <ErrorNotice error={stop.error} /> : null}
        {adding ? (
          <NewCap
            onCancel={() => setAdding(false)}
            onSet={() => {
              setAdding(false);
              void caps.reload();
            }}
          />
        ) : (
          <div className={css.actions}>
            <Button icon="plus" onClick={() => setAdding(true)}>
              Set a cap
            </Button>
            {stop.data && !stopped ? (
              <ActButton icon="stop" kind="danger" title="Every session waits before its next model call, and no sandbox is started." act={() => toggle(() => berth.budgets.stop())}>
                Stop everything
              </ActButton>
            ) : null}
          </div>
        )}
      </div>
    </Section>
  );
}

/** A cap for each person or session has no figure of its own. */
function Used({ cap: { unit, limit, spent, reserved = 0 } }: { readonly cap: Budget }) {
  if (spent === undefined) return <span>{capAmount(unit, limit)} each</span>;
  const share = limit === 0 ? 1 : Math.min(1, (spent + reserved) / limit);
  return (
    <>
      <span>
        {capAmount(unit, spent)} of {capAmount(unit, limit)} used{reserved > 0 ? `, ${capAmount(unit, reserved)} held` : ""}
      </span>
      <meter className={css.meter} data-full={share >= FULL_FROM} min={0} max={1} value={share} aria-label="Used" />
    </>
  );
}
