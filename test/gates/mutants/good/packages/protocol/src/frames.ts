export const CLIENT_ACTIONS = { knock: 1 };
