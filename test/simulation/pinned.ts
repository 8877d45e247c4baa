/**
 * Seeds that found something once, with what it was. They are run always. Whoever changes what is drawn finds the same
 * again by undoing the fix, and pins the seed that shows it.
 */
export const PINNED: readonly { readonly seed: number; readonly was: string }[] = [
  { seed: 506, was: "a run's record lacked an event of its message that came after, or had been archived before" },
  { seed: 2558, was: "an alarm rang for ever where there was no session to set the next one" },
  { seed: 408, was: "a removed session whose backend never answers broke the alarm that gives it up" },
  { seed: 156, was: "nobody asked again for a removed session to be forgotten when its waking up was not stored" },
  { seed: 14669, was: "a list of backends that the store did not take on waking was not read again, and no resume could start" },
  { seed: 2332, was: "a sandbox ran on that was made for a session which was removed and forgotten meanwhile" },
];
