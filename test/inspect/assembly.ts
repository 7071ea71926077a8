// What the disassembly of a shader holds, and what of it stands in its hottest loop: the innermost one with the most
// multiply-adds.

export interface Counts {
  /** Multiply-adds of a lane. */
  readonly fma: number;
  /** Vector instructions; two that are issued as one (RDNA3's dual issue) count once. */
  readonly vector: number;
  readonly scalar: number;
  readonly integer: number;
  /** Multiply-adds that stand in dual instructions. */
  readonly dualFma: number;
  /** Bytes that a lane loads from memory and from workgroup memory. */
  readonly laneBytes: number;
  /** Bytes that are loaded once for all lanes. */
  readonly uniformBytes: number;
  /** Cycles that a wave takes of the busiest unit, by the costs that the compiler reckons with. */
  readonly cycles: number;
}

export interface Hot extends Counts {
  /** Loops around it and itself. */
  readonly depth: number;
}

export interface Assembly {
  readonly whole: Counts;
  /** Absent where there is no loop. */
  readonly hot?: Hot;
}

const FMA = /^v_(dual_)?(fma|fmac|fmaak|fmamk|mad|mac|madak|madmk)_(legacy_)?f(16|32)|^v_(fma|mad)_mix/;
const INTEGER = /^v_(dual_)?(add|sub|subrev|mul_lo|mul_hi|mad|lshl|lshr|ashr|lshlrev|lshrrev|ashrrev|and|or|xor|bfe|bfi|lshl_add|add_lshl|add3|lshl_or|or3|and_or|xad|mul)(_nc|_co|_ci)?_([ui](16|24|32)|[ui]32_[ui](16|24)|b32)/;
const QUARTER = /^v_(mul_lo_u32|mul_hi_[ui]32|mad_[ui]64|rcp|rsq|sqrt|exp|log|sin|cos)/;
/** What RDNA3 issues in one cycle for 64 lanes. */
const WHOLE_WAVE = /^v_(fma|fmac|fmaak|fmamk|mul|add|sub|subrev|max|min|mul_legacy)_f32|^v_(mov|cndmask)_b32|^v_(add|sub|subrev)_nc_u32|^v_(lshlrev|and)_b32/;

/** What one multiplies and adds, as `v_wmma_f32_16x16x16_f16` tells, and how long that takes: 128 a cycle. */
const MATRIX = /^v_wmma_\w+?_(\d+)x(\d+)x(\d+)/;
const MATRIX_CYCLES = 32;

/** `dualIssue`: whether the family has it. */
export function analyse(text: string, waveSize: number, dualIssue: boolean): Assembly {
  const lines: string[] = [];
  const starts = new Map<number, number>();
  for (const raw of text.split('\n')) {
    const line = raw.replace(/;.*$/, '').trim();
    const label = /^BB(\d+):?$/.exec(line);
    if (label) starts.set(Number(label[1]), lines.length);
    else if (/^[a-z]/.test(line)) lines.push(line);
  }
  const loops = loopsOf(lines, starts).map(({ first, last }) => ({ first, last, ...count(lines.slice(first, last + 1), waveSize, dualIssue) }));
  const useful = loops.some(({ fma }) => fma > 0) ? loops.filter(({ fma }) => fma > 0) : loops;
  const leaves = useful.filter((loop) => !useful.some((other) => within(other, loop)));
  const [leaf] = leaves.sort((a, b) => b.fma - a.fma || b.vector - a.vector);
  const whole = count(lines, waveSize, dualIssue);
  return leaf === undefined ? { whole } : { whole, hot: { ...leaf, depth: 1 + loops.filter((other) => within(leaf, other)).length } };
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const within = (inner: Range, outer: Range): boolean => inner !== outer && inner.first >= outer.first && inner.last <= outer.last;

/** From where a branch leads back to, to the last such branch. */
function loopsOf(lines: readonly string[], starts: ReadonlyMap<number, number>): readonly Range[] {
  const ends = new Map<number, number>();
  for (const [at, line] of lines.entries()) {
    const target = /^s_c?branch\w*\s.*?BB(\d+)/.exec(line)?.[1];
    const start = target === undefined ? undefined : starts.get(Number(target));
    if (start !== undefined && start <= at) ends.set(start, at);
  }
  return Array.from(ends, ([first, last]) => ({ first, last }));
}

function count(lines: readonly string[], waveSize: number, dualIssue: boolean): Counts {
  let [fma, vector, scalar, integer, dualFma, laneBytes, uniformBytes, vectorCycles, memory, workgroupMemory] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (const line of lines) {
    const halves = line.split(' :: ').map((half) => nameOf(half.trim()));
    const [name = ''] = halves;
    const [, m = 0, n = 0, k = 0] = MATRIX.exec(name)?.map(Number) ?? [];
    fma += (m * n * k) / waveSize;
    for (const half of halves) {
      const fmas = FMA.test(half) ? 1 : /^v_pk_(fma|fmac)_f16|^v_dot2/.test(half) ? 2 : 0;
      fma += fmas;
      if (halves.length === 2) dualFma += fmas;
      if (INTEGER.test(half)) integer++;
    }
    if (name.startsWith('v_')) {
      vector++;
      const halvesOfWave = waveSize === 64 && !(dualIssue && WHOLE_WAVE.test(name)) ? 2 : 1;
      vectorCycles += m > 0 ? MATRIX_CYCLES : halvesOfWave * (QUARTER.test(name) ? 4 : 1);
    } else if (/^s_(buffer_)?load/.test(name)) {
      uniformBytes += loadedBytes(name);
      scalar++;
    } else if (/^s_(?!wait|delay|nop|clause|barrier|inst_prefetch|set_inst)/.test(name)) scalar++;
    else if (/^(buffer|global|flat|scratch|tbuffer)_/.test(name)) {
      memory++;
      if (name.includes('_load')) laneBytes += loadedBytes(name);
    } else if (name.startsWith('ds_')) {
      workgroupMemory++;
      if (/^ds_(load|read)/.test(name)) laneBytes += loadedBytes(name);
    }
  }
  return { fma, vector, scalar, integer, dualFma, laneBytes, uniformBytes, cycles: Math.max(vectorCycles, scalar, memory, workgroupMemory) };
}

/** The instruction without what its encoding adds to its name. */
const nameOf = (text: string): string => (text.split(/\s/)[0] ?? '').replace(/_e(32|64)(_dpp)?$|_dpp$|_sdwa$/, '');

function loadedBytes(name: string): number {
  const twice = /_2addr(?:_stride64)?_b(\d+)|_read2(?:st64)?_b(\d+)/.exec(name);
  if (twice) return Number(twice[1] ?? twice[2]) / 4;
  const words = /_dword(?:x(\d+))?$/.exec(name);
  if (words) return 4 * Number(words[1] ?? 1);
  const bits = /_(?:b|u|i|d16_b|d16_hi_b)(\d+)$/.exec(name);
  return bits ? Number(bits[1]) / 8 : 4;
}
