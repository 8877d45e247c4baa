/** The agent asks whether it may. */
import type { Answer, RequestItem } from "@berth/sdk";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { CardActions } from "./card-actions.tsx";
import { Parked } from "./parked.tsx";
import css from "./request-card.module.css";

type Permission = Extract<RequestItem, { kind: "permission" }>;
type Reply = Extract<Answer, { kind: "permission" }>["reply"];

const OUTCOMES: Readonly<Record<Reply, string>> = { once: "Allowed once", always: "Always allowed", reject: "Denied" };

export interface PermissionCardProps {
  readonly store: SessionStore;
  readonly item: Permission;
  /** False once its turn is over: then it cannot be answered any more. */
  readonly active: boolean;
  /** The agent that asked is gone. */
  readonly parked: boolean;
}

export function PermissionCard({ store, item, active, parked }: PermissionCardProps) {
  const { sent, error, answer } = useAnswer(store, item.id);
  const { mayWork } = useRights();
  const given = item.answer;
  if (given || !active) {
    const outcome = given?.kind === "permission" ? OUTCOMES[given.reply] : given ? OUTCOMES.reject : "Not answered";
    return (
      <p className={css.answered}>
        <Icon name="shield" size={15} />
        <span>
          {outcome}: {item.title}
        </span>
      </p>
    );
  }
  const reply = (choice: Reply) => () => answer({ kind: "permission", reply: choice });
  const busyWith = sent?.kind === "permission" ? sent.reply : null;
  const pattern = item.patterns[0];
  return (
    <section className={css.card} aria-label={`Permission: ${item.title}`}>
      <div className={css.head}>
        <Icon name="shield" /> The agent asks to use {item.tool}
      </div>
      <pre className={css.command}>{commandIn(item) ?? item.title}</pre>
      {parked && mayWork ? <Parked /> : null}
      {error ? <ErrorNotice error={error} /> : null}
      <CardActions>
        <Button kind="primary" size="s" busy={busyWith === "once"} disabled={sent !== null} onClick={reply("once")}>
          Allow once
        </Button>
        <Button size="s" busy={busyWith === "always"} disabled={sent !== null} onClick={reply("always")} title={item.patterns.join(", ")}>
          Always allow {pattern ? <code>{pattern}</code> : null}
        </Button>
        <Button kind="danger" size="s" busy={busyWith === "reject"} disabled={sent !== null} onClick={reply("reject")}>
          Deny
        </Button>
      </CardActions>
    </section>
  );
}

function commandIn(item: Permission): string | undefined {
  const command = item.detail?.["command"];
  return typeof command === "string" ? command : undefined;
}
