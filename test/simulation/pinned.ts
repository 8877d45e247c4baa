/** Seeds that found something once, with what it was. They are run always. */
export const PINNED: readonly { readonly seed: number; readonly was: string }[] = [
  { seed: 506, was: "a run's record lacked its message, which was archived while it waited" },
  { seed: 1847, was: "a run's record lacked its message, which was archived while it waited" },
];
