/** A sentence in which `commands` stand between backticks. */
import css from "./inline-code.module.css";

export function InlineCode({ text }: { readonly text: string | undefined }) {
  if (!text) return null;
  return text.split("`").map((piece, at) => (at % 2 === 1 ? <code key={at} className={css.code}>{piece}</code> : piece));
}
