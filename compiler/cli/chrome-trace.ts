// A profile as a trace that Perfetto and chrome://tracing open: the Trace Event Format, complete events (`X`) in microseconds
// on three named tracks.

import type { Profile, Round } from '../../runtime/profile.ts';
import type { Stage } from '../../runtime/program.ts';
import { stepProfiles } from './print-profile.ts';
import type { StepCost } from '../emit/step-costs.ts';

/** https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU */
export interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

const pid = 1;
const tracks = { runs: 1, cpu: 2, gpu: 3 } as const;
const titles = { [tracks.runs]: 'runs', [tracks.cpu]: 'CPU', [tracks.gpu]: 'GPU' };
const stages: readonly Stage[] = ['upload', 'encode', 'submit', 'prepare', 'wait', 'results'];

/**
 * All rounds on one time line. The two clocks have no common zero: a run's first step is drawn where it was submitted.
 * @param title what the process is called
 */
export function chromeTrace(profile: Profile, costs: readonly StepCost[], title: string): { readonly traceEvents: readonly TraceEvent[]; readonly displayTimeUnit: 'ms' } {
  const { plain, stamped } = profile.rounds;
  const named = (name: string, tid: number, text: string): TraceEvent => ({ name, ph: 'M', pid, tid, args: { name: text } });
  const details = stepProfiles(profile, costs).map(({ name, flops, bytes, share }) => ({ name, args: { flops, bytes, share_of_peak: share } }));
  const eventsOf = (round: Round, name: string): readonly TraceEvent[] => {
    const event = (tid: number, what: string, begin: number, milliseconds: number, args: TraceEvent['args'] = {}): TraceEvent =>
      ({ name: what, ph: 'X', cat: titles[tid as keyof typeof titles], pid, tid, ts: 1000 * (round.at + begin), dur: 1000 * milliseconds, args });
    let begin = 0;
    const spans = stages.map((stage): TraceEvent => {
      begin += round.stages[stage];
      return event(tracks.cpu, stage, begin - round.stages[stage], round.stages[stage]);
    });
    const submitted = round.stages.upload + round.stages.encode + round.stages.submit;
    const steps = round.steps.map((step, index) => {
      const { name: what = '', args } = details[index] ?? {};
      return event(tracks.gpu, what, submitted + step.begin, step.end - step.begin, args);
    });
    return [event(tracks.runs, name, 0, round.total), ...spans, ...steps];
  };
  return {
    displayTimeUnit: 'ms',
    traceEvents: [
      named('process_name', tracks.runs, title),
      ...Object.entries(titles).map(([tid, text]) => named('thread_name', Number(tid), text)),
      ...[...plain.map((round) => eventsOf(round, 'run')), ...stamped.map((round) => eventsOf(round, 'run, a pass for each step'))].flat(),
    ],
  };
}
