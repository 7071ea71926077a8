// Waiting for a software GPU without stealing its processor. While a map or a pipeline is pending, Dawn's Node binding polls
// by calling `setImmediate` again and again: the event loop spins, and on two cores that is half of a GPU made of threads.
// Those calls alone are delayed by a millisecond, and only while every open device is a software one: a fast GPU answers
// within microseconds and wants the spin.

type Turn = (...args: unknown[]) => void;

let softwareDevices = 0;
let hardwareDevices = 0;
let installed = false;

/** Waits in the way this kind of device wants, until the returned function is called. */
export function waitFor(kind: 'software' | 'hardware'): () => void {
  const count = (change: number) => {
    if (kind === 'software') softwareDevices += change;
    else hardwareDevices += change;
  };
  let open = true;
  count(1);
  return () => {
    if (open) count(-1);
    open = false;
  };
}

/** Must run before `webgpu` is imported; harmless a second time. */
export function installWait(): void {
  if (installed) return;
  installed = true;
  const { setImmediate: immediate } = globalThis;
  function patient(turn: Turn, ...args: unknown[]): NodeJS.Immediate | NodeJS.Timeout {
    const sleep = softwareDevices > 0 && hardwareDevices === 0 && args.length === 0 && isDawnTurn(turn);
    return sleep ? setTimeout(turn, 1) : immediate(turn, ...args);
  }
  // Among its properties is what `util.promisify` needs.
  Object.defineProperties(patient, Object.getOwnPropertyDescriptors(immediate));
  Object.defineProperty(globalThis, 'setImmediate', { value: patient, writable: true, configurable: true, enumerable: true });
}

/** Dawn's callback is a nameless native function that, unlike a bound one, has a prototype of its own. */
function isDawnTurn(turn: Turn): boolean {
  return turn.name === '' && turn.length === 0 && Object.hasOwn(turn, 'prototype') &&
    Function.prototype.toString.call(turn) === 'function () { [native code] }';
}
