/** A key-value store that keeps nothing: tokens then live as long as their transport. */
export const NO_STORE = {
  get: (): Promise<undefined> => Promise.resolve(undefined),
  put: (): Promise<void> => Promise.resolve(),
  delete: (): Promise<void> => Promise.resolve(),
};
