/** Stands in for the test databases while titles are collected: an address that nobody dials. */
const absent = async () => "postgres://berth@127.0.0.1:1/absent";
export const createTestDatabase = absent;
export const createEmptyTestDatabase = absent;
export const emptyTables = async () => undefined;
export const asApp = (url) => url;
export const asAuth = (url) => url;
