/** How long who somebody is stands without asking again: one place, since caches and sockets add up. */

/** An answer of the identity store is given again for so long. */
export const BELIEVED_MS = 30_000;
/** While the store cannot be asked, counted from its last answer: nothing can be revoked in it meanwhile. */
export const UNREACHABLE_MS = 10 * 60_000;
