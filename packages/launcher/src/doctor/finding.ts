/** What the doctor says: one line per finding, and for what is wrong the one command that puts it right. */

export type Finding =
  | { readonly status: "ok" | "info"; readonly name: string; readonly text: string }
  | { readonly status: "bad"; readonly name: string; readonly text: string; readonly fix: string };

export const ok = (name: string, text: string): Finding => ({ status: "ok", name, text });
export const info = (name: string, text: string): Finding => ({ status: "info", name, text });
export const bad = (name: string, text: string, fix: string): Finding => ({ status: "bad", name, text, fix });
