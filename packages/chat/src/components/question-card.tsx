/** The agent asks what is meant. */
import { useState, type FormEvent } from "react";
import type { Answer, RequestItem } from "@berth/sdk";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { CardActions } from "./card-actions.tsx";
import { Parked } from "./parked.tsx";
import { QuestionFields, type Choice } from "./question-fields.tsx";
import css from "./request-card.module.css";

type QuestionItem = Extract<RequestItem, { kind: "question" }>;

export interface QuestionCardProps {
  readonly store: SessionStore;
  readonly item: QuestionItem;
  readonly active: boolean;
  /** The agent that asked is gone. */
  readonly parked: boolean;
}

export function QuestionCard({ store, item, active, parked }: QuestionCardProps) {
  const [choices, setChoices] = useState<readonly Choice[]>(() => item.questions.map(() => ({ labels: [], own: "" })));
  const { sent, error, answer } = useAnswer(store, item.id);
  const { mayWork } = useRights();
  if (item.answer || !active) return <Answered item={item} />;

  const answers = choices.map(({ labels, own }) => (own.trim() === "" ? [...labels] : [...labels, own.trim()]));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    answer({ kind: "question", answers });
  };
  return (
    <form className={css.card} aria-label="Question of the agent" onSubmit={submit}>
      <div className={css.head}>
        <Icon name="question" /> The agent has {item.questions.length === 1 ? "a question" : "questions"}
      </div>
      {item.questions.map((question, at) => (
        <QuestionFields
          key={question.question}
          name={`${item.id}-${at}`}
          question={question}
          disabled={!mayWork}
          choice={choices[at] ?? { labels: [], own: "" }}
          onChange={(choice) => setChoices(choices.map((before, index) => (index === at ? choice : before)))}
        />
      ))}
      {parked && mayWork ? <Parked /> : null}
      {error ? <ErrorNotice error={error} /> : null}
      <CardActions>
        <Button kind="primary" size="s" type="submit" busy={sent?.kind === "question"} disabled={sent !== null || answers.some((labels) => labels.length === 0)}>
          Answer
        </Button>
        <Button kind="quiet" size="s" disabled={sent !== null} onClick={() => answer({ kind: "reject" })}>
          Dismiss
        </Button>
      </CardActions>
    </form>
  );
}

function Answered({ item }: { readonly item: QuestionItem }) {
  return (
    <>
      {item.questions.map(({ question }, at) => (
        <p key={question} className={css.answered}>
          <Icon name="question" size={15} />
          <span>
            {question} <strong>{outcome(item.answer, at)}</strong>
          </span>
        </p>
      ))}
    </>
  );
}

function outcome(answer: Answer | null, at: number): string {
  if (!answer) return "Not answered";
  return answer.kind === "question" ? (answer.answers[at] ?? []).join(", ") : "Dismissed";
}
