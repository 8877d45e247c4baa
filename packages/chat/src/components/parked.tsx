/** On a card whose agent was lost with its sandbox. */
import css from "./request-card.module.css";

export function Parked() {
  return <p className={css.words}>The sandbox was lost since. Your answer starts another one, and the agent goes on with it.</p>;
}
