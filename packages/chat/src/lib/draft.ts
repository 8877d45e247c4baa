/** What was typed and not sent, kept over a reload. */
import { useCallback, useState } from "react";

export function useDraft(name: string): readonly [string, (text: string) => void] {
  const key = `berth:draft:${name}`;
  const [state, setState] = useState(() => ({ key, text: read(key) }));
  // Another session's draft, without a render in between that would show this one's.
  const text = state.key === key ? state.text : read(key);
  const write = useCallback(
    (next: string) => {
      setState({ key, text: next });
      try {
        if (next === "") localStorage.removeItem(key);
        else localStorage.setItem(key, next);
      } catch {
        // No storage here: the draft lives as long as the page.
      }
    },
    [key],
  );
  return [text, write];
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}
