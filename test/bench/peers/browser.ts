// What libraries made for browsers look for: `navigator.gpu`, here Dawn's, and the constants beside it.

import { create, globals } from 'webgpu';

/** Storage that every adapter binds at once need not be more; lavapipe's is just this. */
export const BINDING_BYTES = 128 * 2 ** 20;

export function pretendBrowser(): void {
  Object.assign(globalThis, globals);
  // It must outlive everything: a process that lets go of it may crash when it ends.
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]), userAgent: 'Node' }, configurable: true });
}
