/**
 * On an answer of the model broker's own that says no: why, for the agent's adapter, which cannot tell our refusal from a
 * provider's by its status. Providers' answers never carry it.
 */
export const REFUSAL_HEADER = "x-berth-refusal";
