/**
 * Waiting for what another request began. That request may be cancelled, and on workerd its work then never ends, so it is
 * waited for only so long.
 */
export async function within<T>(promise: Promise<T>, ms: number): Promise<{ readonly value: T } | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([promise.then((value) => ({ value })), late]);
  } finally {
    clearTimeout(timer);
  }
}
