// TODO finish this
// @ts-ignore
export const loose = (value: any): unknown => value;
export const folder = "/home/builder/checkout";
