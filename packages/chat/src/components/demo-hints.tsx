/** What the demo model understands, to be tried with one press. */
import css from "./demo-hints.module.css";

const HINTS: readonly { readonly text: string; readonly what: string }[] = [
  { text: "!bash uname -a", what: "run a command" },
  { text: "!write hello.txt Hello from Berth\n!bash cat hello.txt", what: "write a file and read it" },
  { text: "!stream 120 40", what: "stream an answer" },
  { text: "!ask Which colour? | Red | Blue", what: "ask you something" },
];

export function DemoHints({ onPick }: { readonly onPick: (prompt: string) => void }) {
  return (
    <section className={css.hints} aria-labelledby="demo-hints">
      <h2 id="demo-hints">The demo model obeys directives and thinks nothing. Try one:</h2>
      <ul>
        {HINTS.map(({ text, what }) => (
          <li key={what}>
            <button type="button" onClick={() => onPick(text)}>
              <code>{text.split("\n")[0]}</code>
              <span>{what}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
