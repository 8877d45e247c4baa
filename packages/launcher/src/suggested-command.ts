/** `npm start` as it was called, but for some options: what the user is told to run instead keeps everything else they said. */

/** @param args as they were given @param changes option without its dashes → value, in the place of what was said of it */
export function startCommand(args: readonly string[], changes: Readonly<Record<string, string>>): string {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const [, name = "", inline] = /^--([^=]+)(=.*)?$/s.exec(arg) ?? [];
    if (!(name in changes)) kept.push(withoutPassword(arg));
    else if (inline === undefined) at++;
  }
  const changed = Object.entries(changes).flatMap(([name, value]) => [`--${name}`, value]);
  return ["npm start --", ...[...kept, ...changed].map(quoted)].join(" ");
}

/** What is printed may be kept in a log. */
function withoutPassword(arg: string): string {
  return arg.replace(/(\/\/[^:/@]*):.*@/s, "$1:…@");
}

function quoted(arg: string): string {
  return /^[\w@%+=:,./…-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
