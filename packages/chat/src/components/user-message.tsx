/** What a person asked for. */
import css from "./user-message.module.css";

export function UserMessage({ text, at }: { readonly text: string; readonly at?: string }) {
  return (
    <div className={css.row}>
      <div className={css.bubble} title={at ? new Date(at).toLocaleString() : undefined}>
        <span className="hidden-text">You: </span>
        {text}
      </div>
    </div>
  );
}
