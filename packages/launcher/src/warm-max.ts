/** How many sandboxes wait for a session beside `npm start`: one of each backend, as far as the machine has memory, unless somebody said. */
const USUAL = 1;

export function warmMax(env: NodeJS.ProcessEnv = process.env): number {
  const given = Number(env["SANDBOXES_WARM_MAX"] || USUAL);
  return Number.isInteger(given) && given >= 0 ? given : USUAL;
}
