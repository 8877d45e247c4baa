/** The pages on which people sign in and make accounts: forms without scripts, and a refusal in words above its form. */
import { z } from "zod";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { ProblemError, refuseField } from "../src/app/http/problem-error.ts";
import type { SignedIn } from "../src/ports/identity/accounts.port.ts";
import { escapeHtml, htmlPage } from "./html.ts";

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "email" | "password" | "hidden";
  readonly value?: string;
  readonly autocomplete?: string;
  readonly hint?: string;
  readonly min?: number;
  readonly max?: number;
  readonly readonly?: boolean;
}

export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 128;

export const NEW_PASSWORD: Field = {
  name: "password",
  label: "Password",
  type: "password",
  autocomplete: "new-password",
  hint: `At least ${PASSWORD_MIN} characters.`,
  min: PASSWORD_MIN,
  max: PASSWORD_MAX,
};

export const emailField = (value = ""): Field => ({ name: "email", label: "E-mail address", type: "email", autocomplete: "username", max: 254, value });
export const nameField = (value = ""): Field => ({ name: "name", label: "Your name", autocomplete: "name", max: 100, value });

/** A password is never sent back. */
export function form(action: string, fields: readonly Field[], button: string): string {
  return `<form class="card" method="post" action="${escapeHtml(action)}">
${fields.map(fieldOf).join("\n")}
<button>${escapeHtml(button)}</button>
</form>`;
}

function fieldOf({ name, label, type = "text", value = "", autocomplete = "off", hint, min, max, readonly: fixed }: Field): string {
  if (type === "hidden") return `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`;
  const limits = `${min === undefined ? "" : ` minlength="${min}"`}${max === undefined ? "" : ` maxlength="${max}"`}`;
  const described = hint === undefined ? "" : ` aria-describedby="${escapeHtml(name)}-hint"`;
  const shownHint = hint === undefined ? "" : `\n<small id="${escapeHtml(name)}-hint">${escapeHtml(hint)}</small>`;
  return `<label for="${escapeHtml(name)}">${escapeHtml(label)}</label>
<input id="${escapeHtml(name)}" name="${escapeHtml(name)}" type="${type}" value="${escapeHtml(value)}" autocomplete="${escapeHtml(autocomplete)}" required${limits}${described}${fixed ? " readonly" : ""}>${shownHint}`;
}

/** The mark of the chat page. */
const MARK = `<a class="mark" href="/" aria-label="Berth"><svg aria-hidden="true" width="36" height="36" viewBox="0 0 32 32"><rect width="32" height="32" rx="8"/><path class="hull" d="M7 18.5h18l-2.6 5.2a2 2 0 0 1-1.8 1.1h-9.2a2 2 0 0 1-1.8-1.1L7 18.5Z"/><path class="sail" d="M15.2 6.5v9.5M15.2 8l6.6 8h-6.6"/></svg></a>`;

/** @param main HTML, escaped by the caller */
export function accountPage(title: string, main: string, refusal: ProblemError | null = null): Response {
  const heading = `${MARK}\n<h1>${escapeHtml(title)}</h1>`;
  if (refusal === null) return htmlPage(title, `${heading}\n${main}`);
  const { detail, fix, status } = refusal.problem;
  const alert = `<p class="alert" role="alert">${escapeHtml(fix === undefined ? detail : `${detail} ${fix}`)}</p>`;
  const page = htmlPage(title, `${heading}\n${alert}\n${main}`, { status });
  for (const [name, value] of Object.entries(refusal.headers)) page.headers.set(name, value);
  return page;
}

/** Runs it; a refusal becomes the page again, with its words and its status. What broke on our side goes on up. */
export async function orAgain(run: () => Promise<Response>, again: (refusal: ProblemError) => Promise<Response> | Response): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ProblemError) return again(error);
    throw error;
  }
}

/** A refusal of the identity port, where one of that code has words for it. */
export function inWords(words: Readonly<Record<string, () => never>>): (error: unknown) => never {
  return (error) => {
    if (isPortError(error)) words[error.code]?.();
    throw error;
  };
}

export function checkEmail(text: string): string {
  const parsed = z.email().max(254).safeParse(text.trim());
  return parsed.success ? parsed.data : refuseField("/email", "That is no e-mail address.", "Write it like ada@example.com.");
}

export function checkName(text: string, pointer: string, what: string): string {
  const name = text.trim();
  if (name === "" || name.length > 100) refuseField(pointer, `${what} needs 1 to 100 characters.`);
  return name;
}

export function checkNewPassword(password: string): string {
  if (password.length < PASSWORD_MIN || password.length > PASSWORD_MAX) {
    refuseField("/password", `A password needs ${PASSWORD_MIN} to ${PASSWORD_MAX} characters.`, "Take a longer one, for example four random words.");
  }
  return password;
}

/** On to another page of ours, with the cookies that sign in. */
export function onTo(location: string, setCookies: readonly string[] = []): Response {
  const response = new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
  for (const cookie of setCookies) response.headers.append("set-cookie", cookie);
  return response;
}

const OF_NOTHING = `<p>You are signed in, and belong to no organization of this Berth. Ask an admin of one for an invitation to your address, and open its link here.</p>`;

/** Pages that are about an organization of theirs. */
const NEEDS_ORGANIZATION = /^\/(sessions|settings)/;

/** Where somebody comes out who just signed in. */
export function landing({ orgId, setCookies }: SignedIn, next: string | null): Response {
  if (orgId !== null || (next !== null && !NEEDS_ORGANIZATION.test(next))) return onTo(next ?? "/", setCookies);
  const alone = accountPage("No organization yet", OF_NOTHING);
  for (const cookie of setCookies) alone.headers.append("set-cookie", cookie);
  return alone;
}

/** Where to go after signing in: a page of ours that takes somebody who is signed in, or nothing. */
export function nextPage(text: string | undefined): string | null {
  return text !== undefined && /^\/((invitation|device|password)(\?[\w=&%.~-]*)?|(sessions|shared)\/[\w-]+|settings(\/[a-z]+)?)$/.test(text) ? text : null;
}
