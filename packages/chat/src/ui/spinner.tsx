/** Something is being done. */
import css from "./spinner.module.css";

export function Spinner({ size = 14 }: { readonly size?: 14 | 20 }) {
  return <span aria-hidden="true" className={`${css.spinner} ${size === 20 ? css.large : ""}`} />;
}
